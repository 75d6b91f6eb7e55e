import { type Hdf5Library, quietly } from "./library.ts";
import type { Links } from "./links.ts";
import { DATASET, GROUP, typeOf } from "./objects.ts";
import { type PathCount, pathsBelow } from "./paths.ts";
import { folderIn, linkedPath } from "./virtualPaths.ts";

/** Groups of other files behind one another; more is a loop, or none that a scan needs. */
const DEEPEST = 8;

/** A group whose paths are to be looked at, the file that it is in, and how many links to other files lead there. */
interface Visit {
  readonly group: string;
  readonly file: string;
  readonly depth: number;
}

/** Paths without a leading slash: of datasets, and of links to what is not there. */
export interface Walked {
  readonly datasets: readonly string[];
  readonly brokenLinks: readonly string[];
}

/**
 * Paths of all datasets, without a leading slash, also of those behind external links: each dataset once, by a path without
 * such links where there is one. What soft links lead to has a path of its own.
 * @param own the file's name, by which links in others may lead back to it
 * @throws PtychonautError "data" for more than can be looked through
 */
export function walk(library: Hdf5Library, id: bigint, own: string, links: Links, where: string): Walked {
  const datasets: string[] = [];
  const brokenLinks: string[] = [];
  const seen = new Set<string>();
  /** @param target the path in another file that a link gives; behind several links objects have no reference */
  const isNew = (path: string, file: string, target: string | undefined): boolean => {
    const reference = quietly(library, () => library.create_object_reference(id, path)) ?? new Uint8Array();
    const names = target === undefined ? [] : [`${file}:${target}`];
    if (reference.some((byte) => byte !== 0)) names.push(`${file}:${reference.join()}`);
    const known = names.some((name) => seen.has(name));
    for (const name of names) seen.add(name);
    return !known;
  };
  isNew("/", own, undefined);
  const count: PathCount = { paths: 0, weight: 0 };
  const visits: Visit[] = [{ group: "", file: own, depth: 0 }];
  for (const { group, file, depth } of visits) {
    const linked: (readonly [path: string, home: string, target: string | undefined])[] = [];
    for (const path of pathsBelow(library, id, group, where, count)) {
      if (quietly(library, () => library.get_symbolic_link(id, path)) !== null) {
        // Those in other files count from there.
        if (depth === 0 && !links.leads(path)) brokenLinks.push(path);
        continue;
      }
      const type = typeOf(library, id, path);
      if (type === undefined) brokenLinks.push(path);
      const { filename: link, obj_path: target } = quietly(library, () => library.get_external_link(id, path)) ?? {};
      const home = link === undefined ? file : (linkedPath(folderIn(file), link) ?? link);
      if (type === DATASET) {
        if (link !== undefined) linked.push([path, home, target]);
        else if (isNew(path, home, undefined)) datasets.push(path);
      } else if (type === GROUP && link !== undefined && depth < DEEPEST && isNew(path, home, target))
        visits.push({ group: path, file: home, depth: depth + 1 });
    }
    for (const [path, home, target] of linked) if (isNew(path, home, target)) datasets.push(path);
  }
  return { datasets, brokenLinks };
}
