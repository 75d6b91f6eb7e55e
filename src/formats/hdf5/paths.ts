import { PtychonautError } from "../../errors.ts";
import { type Hdf5Library, libraryDamage, quietly } from "./library.ts";

/** Groups in one another: the library finds a path anew with every question, in a time that grows as the square of its depth. */
const MOST_LEVELS = 32;
/** What may be looked at in all; some seconds. One at this depth takes twice as long as one at the top. */
const [MOST_PATHS, DOUBLED_AT] = [50_000, 5] as const;

/** How much of a file, and of those that it leads to, has been looked at. */
export interface PathCount {
  paths: number;
  /** Each as often as it takes longer than one at the top. */
  weight: number;
}

/**
 * Paths of all that lies in a group, also in the groups inside it.
 * @param group without slashes about it; empty for the file's root
 * @param count is told how many there are
 * @throws PtychonautError "data" for more, or deeper ones, than can be looked through in seconds
 */
export function pathsBelow(
  library: Hdf5Library,
  id: bigint,
  group: string,
  where: string,
  count: PathCount,
): readonly string[] {
  const listed = quietly(library, () => library.get_names(id, group || "/", true));
  // Thousands of groups in one another are more than its stack holds.
  if (listed === undefined && libraryDamage() !== undefined)
    throw tooMuch("groups lie in one another too deeply to be looked through", where, {
      expected: `at most ${MOST_LEVELS} levels`,
      got: "more than the library can follow",
    });
  const names = listed ?? [];
  const paths = group === "" ? names : names.map((name) => `${group}/${name}`);
  for (const path of paths) {
    const level = levelOf(path);
    if (level > MOST_LEVELS)
      throw tooMuch("groups lie in one another too deeply to be looked through", where, {
        expected: `at most ${MOST_LEVELS} levels`,
        got: `${paths.reduce((deepest, other) => Math.max(deepest, levelOf(other)), 0)}, as ${path.slice(0, 60)}…`,
      });
    count.paths++;
    count.weight += 1 + (level / DOUBLED_AT) ** 2;
    if (count.weight > MOST_PATHS)
      throw tooMuch("the file has too many groups and arrays to be looked through", where, {
        expected: `at most ${MOST_PATHS}, each counted 1 + (level / ${DOUBLED_AT})² times`,
        got: `more, of which ${count.paths} have been counted`,
      });
  }
  return paths;
}

const tooMuch = (
  what: string,
  where: string,
  { expected, got }: { readonly expected: string; readonly got: string },
): PtychonautError =>
  new PtychonautError("data", what, {
    where,
    expected,
    got,
    fix: "copy the groups of the scan into a file of their own, for instance with h5copy",
  });

function levelOf(path: string): number {
  let level = 1;
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) level++;
  return level;
}
