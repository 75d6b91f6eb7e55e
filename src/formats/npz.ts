import { sizeOf } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import type { ArrayFile, StoredElements } from "./arrayFile.ts";
import { asSource, type ByteSource } from "./byteSource.ts";
import {
  checkTextSize,
  decodeElements,
  NPY_HEADER_BYTES,
  type NpyArray,
  type NpyHeader,
  type NumericArray,
  readNpy,
  readNpyHeader,
  writeNpy,
} from "./npy.ts";
import { stretchOf } from "./pieces.ts";
import { notReadable, SIGNATURE_BYTES } from "./signatures.ts";
import { writeZip } from "./writeZip.ts";
import { isZip, openZip, type ZipLimits } from "./zip.ts";

/**
 * Opens a NumPy .npz archive, of which arrays are read one at a time: nothing is decompressed before it is asked for.
 * Names are without ".npy".
 * @param where names the file in error messages
 * @throws PtychonautError "data": not an npz, truncated, duplicate keys, a member that would expand beyond the limits
 */
export function openNpz(input: Uint8Array | ByteSource, where = "npz", limits: ZipLimits = {}): ArrayFile {
  const source = asSource(input);
  const head = source.read(0, Math.min(source.size, SIGNATURE_BYTES));
  if (!isZip(head)) throw notReadable(head, where, "NPZ");
  const zip = openZip(source, where, limits);
  if (!zip.members.some(({ name }) => name.endsWith(".npy")))
    throw new PtychonautError("data", "this is a zip archive without NumPy arrays", {
      where,
      expected: "an NPZ, whose members are .npy files",
      got:
        zip.members.length === 0
          ? "an empty archive"
          : zip.members
              .map(({ name }) => name)
              .slice(0, 5)
              .join(", "),
      fix: "check that it is the right file",
    });
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
  const elements = (key: string): Iterable<Uint8Array> => body(zip.chunks(find(key).name), header(key).dataOffset);
  const readNumbers = (key: string): NumericArray => {
    const array = read(key);
    if (array.dtype === "string")
      throw new PtychonautError("data", "wrong dtype", { where: place(key), expected: "numbers", got: "text" });
    return array;
  };
  const storedAt = (key: string): StoredElements | undefined => {
    const member = zip.storedAt(find(key).name);
    return member === undefined ? undefined : { source, offset: member + header(key).dataOffset };
  };
  return {
    container: "NPZ",
    keys,
    has: (key) => members.has(key),
    header,
    attributes: () => ({}),
    read,
    readNumbers,
    readImages(key, first, count) {
      const { shape, itemSize, fortranOrder } = header(key);
      const size = sizeOf(shape.slice(-2));
      if (fortranOrder) return readNumbers(key).data.subarray(first * size, (first + count) * size);
      const [from, length] = [first * size * itemSize, count * size * itemSize];
      const stored = storedAt(key);
      const bytes =
        stored === undefined
          ? stretchOf(elements(key), from, length)
          : stored.source.read(stored.offset + from, length);
      return decodeElements(header(key), bytes, place(key));
    },
    elements,
    storedAt,
    close: () => {},
  };
}

/** The chunks without their first bytes. */
function* body(chunks: Iterable<Uint8Array>, skip: number): Generator<Uint8Array, void, void> {
  let left = skip;
  for (const chunk of chunks) {
    if (left < chunk.length) yield chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
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
