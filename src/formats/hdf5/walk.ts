import { type Hdf5Library, quietly } from "./library.ts";

/** H5G_obj_t, as far as paths lead to it. */
export const GROUP = 0;
export const DATASET = 1;
/** A soft link to nothing. */
export const BROKEN_LINK = 3;
/** An external link to nothing. */
export const BROKEN_EXTERNAL = 4;

/** What a file holds. */
export interface Hdf5Tree {
  /** Paths of datasets, without a leading slash, each dataset once. */
  readonly datasets: readonly string[];
  /** Names of the files that external links lead to. */
  readonly linkedFiles: ReadonlySet<string>;
}

/** Groups of other files inside one another, and paths in all; more is a loop, or none that a scan needs. */
const DEEPEST = 8;
const MOST_PATHS = 200_000;

/** Looks at all paths of a file, and behind its external links. */
export function walkTree(library: Hdf5Library, file: bigint): Hdf5Tree {
  const datasets: string[] = [];
  const linkedFiles = new Set<string>();
  const seen = new Set<string>();
  let paths = 0;

  const visit = (group: string, inFile: string, depth: number): void => {
    const names = quietly(library, () => library.get_names(file, group === "" ? "/" : group, true)) ?? [];
    for (const name of names) {
      if (++paths > MOST_PATHS) return;
      look(group === "" ? name : `${group}/${name}`, inFile, depth);
    }
  };

  const look = (path: string, inFile: string, depth: number): void => {
    // What a soft link leads to has a path of its own.
    if (quietly(library, () => library.get_symbolic_link(file, path)) !== null) return;
    const type = quietly(library, () => library.get_type(file, path));
    const link = quietly(library, () => library.get_external_link(file, path));
    if (link?.filename !== undefined) linkedFiles.add(link.filename);
    const home = link?.filename ?? inFile;
    if (type === DATASET) {
      if (isNew(path, home)) datasets.push(path);
    } else if (type === GROUP && link?.filename !== undefined && depth < DEEPEST && isNew(path, home))
      visit(path, home, depth + 1);
  };

  /** Whether the object has not been met under another path. */
  const isNew = (path: string, home: string): boolean => {
    const reference = quietly(library, () => library.create_object_reference(file, path));
    if (reference === undefined) return true;
    const identity = `${home}:${reference.join()}`;
    if (seen.has(identity)) return false;
    seen.add(identity);
    return true;
  };

  visit("", "", 0);
  return { datasets, linkedFiles };
}
