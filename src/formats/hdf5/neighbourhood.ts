import { PtychonautError } from "../../errors.ts";
import type { Neighbours } from "../neighbours.ts";
import { checkFilters } from "./filters.ts";
import { type Hdf5Library, quietly } from "./library.ts";
import { mount, type Sources } from "./mount.ts";
import { DATASET, typeOf } from "./objects.ts";
import { pathsBelow } from "./paths.ts";
import { folderIn, linkedPath } from "./virtualPaths.ts";

/** Files that one may lead to; the library can have 4096 open. */
const MOST_FILES = 2000;

/** A file of the library's file system: its folder, its name there, and by what number it is open. */
interface MainFile {
  readonly folder: string;
  readonly own: string;
  readonly id: bigint;
  readonly where: string;
  readonly sources: Sources;
}

/**
 * Opens the files that links and virtual datasets of a file lead to, and what those lead to, and shows them to the library
 * beside it. What is not there is no error yet: perhaps nobody asks for it.
 * @returns numbers of the filters in all of them
 * @throws PtychonautError "data" when it leads to more files than can be open, or one has more in it than can be looked through
 */
export async function openNeighbourhood(
  library: Hdf5Library,
  { folder, own, id: main, where, sources }: MainFile,
  neighbours: Neighbours,
): Promise<ReadonlySet<number>> {
  let files = 0;
  const filters = new Set<number>();
  const seen = new Set([own]);

  const open = async (path: string | undefined): Promise<boolean> => {
    if (path === undefined || seen.has(path)) return path !== undefined;
    if (files === MOST_FILES)
      throw new PtychonautError("data", "the file has links to too many others", {
        where,
        expected: `at most ${MOST_FILES}`,
      });
    const file = await neighbours.open(path);
    if (file === undefined) return false;
    seen.add(path);
    files++;
    library.FS.mkdirTree(`${folder}/${folderIn(path)}`);
    const { path: mounted } = mount(library, `${folder}/${path}`, file, sources);
    const id = quietly(library, () => library.open(mounted, 0, false, -1, -1));
    if (id === undefined) return true;
    let content: FileLinks;
    try {
      content = linksIn(library, id, `${where}: ${path}`);
    } finally {
      quietly(library, () => library.close_file(id));
    }
    await follow(content, folderIn(path));
    return true;
  };

  const follow = async (content: FileLinks, from: string): Promise<void> => {
    for (const filter of content.filters) filters.add(filter);
    for (const name of content.files) {
      if (!name.includes(BLOCK)) await open(linkedPath(from, name));
      // A virtual dataset's files by number, as far as there are some.
      else
        for (
          let block = 0;
          block < MOST_FILES && (await open(linkedPath(from, name.replaceAll(BLOCK, String(block)))));
          block++
        );
    }
  };

  await follow(linksIn(library, main, where), "");
  return filters;
}

/** Stands for a number in the name of a virtual dataset's sources. */
export const BLOCK = "%b";

interface FileLinks {
  /** Names of files that external links and virtual datasets have. */
  readonly files: ReadonlySet<string>;
  readonly filters: ReadonlySet<number>;
}

function linksIn(library: Hdf5Library, id: bigint, where: string): FileLinks {
  const files = new Set<string>();
  const filters = new Set<number>();
  for (const path of pathsBelow(library, id, "", where, { paths: 0, weight: 0 })) {
    const link = quietly(library, () => library.get_external_link(id, path))?.filename;
    if (link !== undefined) files.add(link);
    else if (typeOf(library, id, path) === DATASET) {
      for (const filter of quietly(library, () => library.get_dataset_filters(id, path)) ?? []) filters.add(filter.id);
      for (const { file_name: file } of virtualSources(library, id, path)) if (file !== SAME_FILE) files.add(file);
    }
  }
  return { files, filters };
}

/** The name of a file that has the source of its own virtual dataset. */
const SAME_FILE = ".";

const virtualSources = (library: Hdf5Library, id: bigint, path: string) =>
  quietly(library, () => library.get_dataset_metadata(id, path))?.virtual_sources ?? [];

/** A dataset of a file that is open, which lies in a folder of the library's file system. */
interface DatasetOf {
  readonly id: bigint;
  readonly path: string;
  readonly folder: string;
}

/**
 * A virtual dataset reads as fill values where its sources are missing: whether all are there.
 * @throws PtychonautError "data" that names a source which is not there, or whose filter is not known
 */
export function checkSources(library: Hdf5Library, { id, path, folder }: DatasetOf, where: string): void {
  const checked = new Set<string>();
  const check = (file: bigint, dataset: string, base: string): void => {
    for (const { file_name: name, dset_name: source } of virtualSources(library, file, dataset)) {
      const known = `${base} ${name} ${source}`;
      if (checked.has(known)) continue;
      checked.add(known);
      const missing = (what: string): PtychonautError =>
        new PtychonautError("data", `the array is put together from others, of which ${what} is not there`, {
          where,
          got: `a virtual dataset with a source ${source} in ${name === SAME_FILE ? "the same file" : name}`,
          fix: "put that file where it was, from the folder of this one",
        });
      if (name === SAME_FILE) {
        look(file, source, base, missing);
        continue;
      }
      const relative = linkedPath("", name.replaceAll(BLOCK, "0"));
      const other = quietly(library, () => library.open(`${base}/${relative}`, 0, false, -1, -1));
      if (other === undefined) throw missing("one file");
      try {
        look(other, source, `${base}/${folderIn(relative ?? "")}`, missing);
      } finally {
        quietly(library, () => library.close_file(other));
      }
    }
  };
  const look = (file: bigint, source: string, base: string, missing: (what: string) => PtychonautError): void => {
    if (source.includes(BLOCK)) return;
    if (typeOf(library, file, source) !== DATASET) throw missing("one");
    checkFilters(quietly(library, () => library.get_dataset_filters(file, source)) ?? [], where);
    check(file, source, base);
  };
  check(id, path, folder);
}
