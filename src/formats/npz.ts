import { PtychonautError } from "../errors.ts";
import type { ByteSource } from "./byteSource.ts";
import {
  checkTextSize,
  NPY_HEADER_BYTES,
  type NpyArray,
  type NpyHeader,
  type NumericArray,
  readNpy,
  readNpyHeader,
  writeNpy,
} from "./npy.ts";
import { writeZip } from "./writeZip.ts";
import { openZip, type ZipLimits } from "./zip.ts";

/** A NumPy .npz archive, read one array at a time: nothing is decompressed before it is asked for. */
export interface Npz {
  /** Names without ".npy", in file order. */
  readonly keys: readonly string[];
  has(key: string): boolean;
  /** Shape and dtype, from the first bytes of the member. */
  header(key: string): NpyHeader;
  read(key: string): NpyArray;
  /** @throws PtychonautError "data" when the array holds text */
  readNumbers(key: string): NumericArray;
  /** The member's bytes, header included, piece by piece (`ZipArchive.chunks`). */
  chunks(key: string): Iterable<Uint8Array>;
  /** Where the array's first element lies in the file, when the member is stored uncompressed. */
  storedAt(key: string): number | undefined;
}

/**
 * @param where names the file in error messages
 * @throws PtychonautError "data": not an npz, truncated, duplicate keys, a member that would expand beyond the limits
 */
export function openNpz(input: Uint8Array | ByteSource, where = "npz", limits: ZipLimits = {}): Npz {
  const zip = openZip(input, where, limits);
  const members = new Map<string, { name: string; size: number }>();
  for (const member of zip.members) {
    const key = member.name.replace(/\.npy$/, "");
    if (members.has(key))
      throw new PtychonautError("data", `duplicate key "${key}"`, { where, fix: "save each array under one name" });
    members.set(key, member);
  }
  const keys = [...members.keys()];
  const place = (key: string): string => `${where}: ${key}`;
  const find = (key: string): { name: string; size: number } => {
    const member = members.get(key);
    if (member === undefined) throw missingKey(key, keys, where);
    return member;
  };
  const header = (key: string): NpyHeader => {
    const { name, size } = find(key);
    const parsed = readNpyHeader(zip.peek(name, NPY_HEADER_BYTES), place(key));
    if (parsed.dataBytes !== undefined && parsed.dataOffset + parsed.dataBytes !== size)
      throw new PtychonautError("data", "array and archive disagree about the size", {
        where: place(key),
        expected: `${parsed.dataOffset + parsed.dataBytes} bytes for shape (${parsed.shape.join(", ")})`,
        got: `${size} bytes`,
      });
    return parsed;
  };
  const read = (key: string): NpyArray => {
    const { name, size } = find(key);
    const parsed = header(key); // refuses a member whose size is a lie before it is inflated
    checkTextSize(parsed, size - parsed.dataOffset, place(key));
    return readNpy(zip.read(name), place(key));
  };
  return {
    keys,
    has: (key) => members.has(key),
    header,
    read,
    readNumbers: (key) => {
      const array = read(key);
      if (array.dtype === "string")
        throw new PtychonautError("data", "wrong dtype", { where: place(key), expected: "numbers", got: "text" });
      return array;
    },
    chunks: (key) => zip.chunks(find(key).name),
    storedAt: (key) => {
      const member = zip.storedAt(find(key).name);
      return member === undefined ? undefined : member + header(key).dataOffset;
    },
  };
}

/** @param compress deflate the members (default), or store them as they are */
export function writeNpz(
  arrays: Readonly<Record<string, NpyArray>>,
  { compress = true }: { readonly compress?: boolean } = {},
): Uint8Array<ArrayBuffer> {
  const members = Object.entries(arrays).map(([key, array]) => ({ name: `${key}.npy`, data: writeNpy(array) }));
  return writeZip(members, compress ? 6 : 0);
}

function missingKey(key: string, keys: readonly string[], where: string): PtychonautError {
  return new PtychonautError("data", `no array "${key}"`, { where, expected: `one of ${keys.join(", ")}` });
}
