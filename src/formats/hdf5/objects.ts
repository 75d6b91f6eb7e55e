import { type Hdf5Library, quietly } from "./library.ts";

/** H5G_obj_t, as far as paths lead to it. */
export const GROUP = 0;
export const DATASET = 1;

/** What a path leads to: a group, a dataset, something else, or undefined where it leads nowhere. */
export function typeOf(library: Hdf5Library, id: bigint, path: string): number | undefined {
  // The question for the type follows a wild pointer where a link in another file is broken.
  if (quietly(library, () => library.get_attribute_names(id, path)) === undefined) return undefined;
  return quietly(library, () => library.get_type(id, path));
}
