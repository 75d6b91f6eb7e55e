import type { ArrayFile } from "./arrayFile.ts";

/**
 * Two files as one: the arrays and attributes of both, the first's where both have one of a name. Closing it closes the
 * first; the second is whose it was.
 * @param name of the second, for messages
 */
export function joinedFiles(first: ArrayFile, second: ArrayFile, name: string): ArrayFile {
  const fileOf = (key: string): ArrayFile => (first.has(key) || !second.has(key) ? first : second);
  return {
    container: first.container,
    alsoFrom: name,
    keys: [...first.keys, ...second.keys.filter((key) => !first.has(key))],
    has: (key) => first.has(key) || second.has(key),
    header: (key) => fileOf(key).header(key),
    attributes: (key) =>
      key !== undefined && key !== "" && (first.has(key) || second.has(key))
        ? fileOf(key).attributes(key)
        : { ...second.attributes(key), ...first.attributes(key) },
    read: (key) => fileOf(key).read(key),
    readNumbers: (key) => fileOf(key).readNumbers(key),
    readImages: (key, from, count) => fileOf(key).readImages(key, from, count),
    elements: (key) => fileOf(key).elements(key),
    storedAt: (key) => fileOf(key).storedAt(key),
    chunked: (key) => fileOf(key).chunked?.(key),
    close: () => first.close(),
  };
}
