import { type Hdf5Library, quietly } from "./library.ts";
import { GROUP, typeOf } from "./objects.ts";
import { linkedPath } from "./virtualPaths.ts";

/** What is known of the links of a file by listing its groups. */
export interface Links {
  /** Whether there is a link of this path, to whatever. */
  has(path: string): boolean;
  /** The same, and a soft link leads to one that is there. */
  leads(path: string): boolean;
  /**
   * The file that a path leads into: "" for this one, else its path from this one's folder. Undefined where it leads nowhere,
   * or through several files.
   */
  fileOf(path: string): string | undefined;
}

/** Soft links one after the other; more is a loop. */
const MOST_LINKS = 16;

/**
 * Looks for paths by listing groups. Asked for what is not there, the library reports by an exception out of its own depth,
 * which leaves a part of its state behind, and after some hundreds of these it comes to grief.
 */
export function linksOf(library: Hdf5Library, id: bigint): Links {
  const listed = new Map<string, ReadonlySet<string>>();
  const known = new Map<string, boolean>();
  const namesIn = (group: string): ReadonlySet<string> => {
    const found =
      listed.get(group) ?? new Set(quietly(library, () => library.get_names(id, group || "/", false)) ?? []);
    listed.set(group, found);
    return found;
  };
  const fileBehind = (path: string): string | undefined =>
    quietly(library, () => library.get_external_link(id, path))?.filename;
  /** @param left takes the names of other files on the way */
  const find = (parts: readonly string[], follow: boolean, links: number, left?: string[]): boolean => {
    let group = "";
    for (const [i, part] of parts.entries()) {
      if (!namesIn(group).has(part)) return false;
      const path = group === "" ? part : `${group}/${part}`;
      const isLast = i === parts.length - 1;
      if (isLast && !follow) return true;
      const target = quietly(library, () => library.get_symbolic_link(id, path)) ?? null;
      if (target !== null) {
        const from = target.startsWith("/") ? [] : partsOf(group);
        const on = [...from, ...partsOf(target), ...parts.slice(i + 1)];
        // In another file it counts from there.
        if (left !== undefined && left.length > 0) return false;
        return links < MOST_LINKS && find(on, follow, links + 1, left);
      }
      const file = left && fileBehind(path);
      if (file !== undefined) left?.push(file);
      if (!isLast && typeOf(library, id, path) !== GROUP) return false;
      group = path;
    }
    return true;
  };
  return {
    has: (path) => find(partsOf(path), false, 0),
    leads(path) {
      const answer = known.get(path) ?? find(partsOf(path), true, 0);
      known.set(path, answer);
      return answer;
    },
    fileOf(path) {
      const left: string[] = [];
      if (!find(partsOf(path), true, 0, left) || left.length > 1) return undefined;
      return left.length === 0 ? "" : linkedPath("", left[0]);
    },
  };
}

const partsOf = (path: string): string[] => path.split("/").filter((part) => part !== "" && part !== ".");
