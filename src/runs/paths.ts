/**
 * Paths in a `RunStore` are plain strings in the store's own notation. This program only ever appends "/" and a name to
 * one that it was given, which every store reads, and takes the last part off one.
 */

/** `folder/name/…`. */
export function joinPath(folder: string, ...names: readonly string[]): string {
  const start = folder.replace(/\/+$/, "");
  return folder === "" ? names.join("/") : [start, ...names].join("/");
}

/** What `joinPath` added to a folder. */
export function pathBelow(folder: string, path: string): string {
  const start = joinPath(folder, "");
  return path.startsWith(start) ? path.slice(start.length) : path;
}

/** The last part of a path. */
export function baseName(path: string): string {
  return /([^\\/]*)[\\/]*$/.exec(path)?.[1] ?? "";
}

/** What a path has before its last part; "." for a name alone. */
export function folderOf(path: string): string {
  const before = /^(.*?)[\\/]+[^\\/]*[\\/]*$/.exec(path)?.[1];
  if (before === undefined) return ".";
  return before === "" ? "/" : before;
}

/** A name's ending with its dot, or nothing. */
export function extensionOf(path: string): string {
  return /.(\.[^.]*)$/.exec(baseName(path))?.[1] ?? "";
}
