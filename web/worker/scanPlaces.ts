import type { GivenFile } from "./protocol.ts";

/** Where scans are, a folder for those that were opened together. */
export const SCANS = "/scans";

/** Where scans are that were simulated here. */
export const samplePath = (name: string): string => `${SCANS}/simulated here/${name}`;

/**
 * Where files are that were opened together: under the first one's name, and above it a mark of all of them, since other files
 * have the same names. The same files are in the same place, also after the page was loaded anew.
 */
export const scanFolder = (files: readonly GivenFile[]): string => `${SCANS}/${markOf(files)}/${files[0].name}`;

/** Where earlier versions of the page had files whose first one has a name. */
export const unmarkedFolder = (name: string): string => `${SCANS}/${name}`;

const MARK = /^[0-9a-f]{16}$/;

/** Changes with a file's name, length, time or address. Contents may be larger than what can be looked at at once. */
function markOf(files: readonly GivenFile[]): string {
  const said = files.map((file) =>
    file instanceof Blob
      ? [file.name, file.size, file.lastModified]
      : // Where the server says nothing by which a file is told from another one, no two are taken for the same.
        [file.name, file.size, file.address, file.stamp === "" ? Date.now() : file.stamp],
  );
  return fnv1a(new TextEncoder().encode(JSON.stringify(said)));
}

/** A hash of 64 bits, as 16 digits. Fowler, Noll, Vo and Eastlake, RFC 9923. */
function fnv1a(bytes: Uint8Array): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, "0");
}

/** A place as people know it: what is in the store's folder for scans has the names that the files had. */
export function shownPlace(path: string): string {
  if (!path.startsWith(`${SCANS}/`)) return path;
  const parts = path.slice(SCANS.length + 1).split("/");
  // What earlier versions kept has no mark.
  if (MARK.test(parts[0])) parts.shift();
  // The folder has a file's name too.
  return parts.slice(parts.length === 1 ? 0 : 1).join("/");
}
