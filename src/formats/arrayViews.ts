import type { ArrayFile } from "./arrayFile.ts";
import type { NumericArray } from "./npy.ts";

/** How arrays are read that stand for another view of what is stored: all ways of reading one must agree. */
export interface ArrayView extends Pick<ArrayFile, "header" | "readImages" | "elements"> {
  readNumbers(key: string): NumericArray;
  /** Default: as those of the array of this name. */
  readonly attributes?: (key: string) => ReturnType<ArrayFile["attributes"]>;
  /** Default: nowhere. */
  readonly storedAt?: ArrayFile["storedAt"];
}

/**
 * A file in which some arrays, all of numbers, are read by a view; everything else is passed on as it is.
 * @param isViewed which arrays
 * @param added names that the file itself does not have, which must be viewed
 */
export function withViews(
  file: ArrayFile,
  isViewed: (key: string) => boolean,
  view: ArrayView,
  added: readonly string[] = [],
): ArrayFile {
  const { chunked } = file;
  return {
    ...file,
    keys: [...file.keys, ...added],
    has: (key) => added.includes(key) || file.has(key),
    header: (key) => (isViewed(key) ? view.header(key) : file.header(key)),
    attributes: (key) =>
      key !== undefined && isViewed(key) && view.attributes !== undefined ? view.attributes(key) : file.attributes(key),
    read: (key) => (isViewed(key) ? view.readNumbers(key) : file.read(key)),
    readNumbers: (key) => (isViewed(key) ? view.readNumbers(key) : file.readNumbers(key)),
    readImages: (key, first, count) => (isViewed(key) ? view : file).readImages(key, first, count),
    elements: (key) => (isViewed(key) ? view : file).elements(key),
    storedAt: (key) => (isViewed(key) ? view.storedAt?.(key) : file.storedAt(key)),
    ...(chunked === undefined ? {} : { chunked: (key: string) => (isViewed(key) ? undefined : chunked(key)) }),
  };
}
