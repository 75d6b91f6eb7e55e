import { sizeOf } from "../../arrays.ts";
import { PtychonautError } from "../../errors.ts";
import type { ArrayFile, ArrayHeader } from "../arrayFile.ts";
import type { ByteSource } from "../byteSource.ts";
import type { Neighbours } from "../neighbours.ts";
import { decodeElements, type NpyArray, type NumericArray, type NumericData } from "../npy.ts";
import { openHere } from "./openHere.ts";
import type { Box, Hdf5Header } from "./reader.ts";

/** Whether a file is HDF5: its first bytes, behind a block of the user's where there is one. */
export const isHdf5 = (head: Uint8Array): boolean =>
  [0, 512, 1024, 2048].some((offset) => SIGNATURE.every((byte, i) => head[offset + i] === byte));

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Bytes read at a time where an array is taken in pieces; chunks that are larger are taken whole. */
const PIECE = 2 ** 23;

/**
 * Opens an HDF5 file (also CXI, NeXus, ptyd, EMD, MATLAB 7.3). Names are the paths of datasets without a leading slash; any
 * path that leads to one by links, and one with a leading slash, can be read too. Compounds of two numbers that are named
 * like the parts of a complex number are complex. Of other kinds (references, compounds) the header says what they are.
 * @throws PtychonautError "data" when it is damaged
 */
export async function openHdf5(source: ByteSource, where: string, neighbours: Neighbours): Promise<ArrayFile> {
  const reader = await (neighbours.openHdf5 ?? openHere)(source, where, neighbours);
  const normal = (path: string): string => path.replace(/\/+/g, "/").replace(/^\/|\/$/g, "");
  const place = (key: string): string => `${where}: ${normal(key)}`;
  const headerOf = (key: string): Hdf5Header => reader.header(normal(key));

  const numeric = (key: string): Hdf5Header & { readonly dtype: NumericArray["dtype"] } => {
    const header = headerOf(key);
    const { dtype, kind } = header;
    if (dtype === "string" || dtype === "bytes" || dtype === "object")
      throw new PtychonautError("data", "wrong dtype", {
        where: place(key),
        expected: "numbers",
        got: kind ?? "text",
      });
    return { ...header, dtype };
  };
  const decode = (key: string, bytes: Uint8Array): NumericData =>
    decodeElements({ ...numeric(key), littleEndian: true }, bytes, place(key));
  const readNumbers = (key: string): NumericArray => {
    const { shape, dtype, itemSize } = numeric(key);
    const bytes = new Uint8Array(sizeOf(shape) * itemSize);
    let filled = 0;
    for (const piece of elements(key)) {
      bytes.set(piece, filled);
      filled += piece.length;
    }
    return { shape, dtype, data: decode(key, bytes) };
  };
  function* elements(key: string): Generator<Uint8Array, void, void> {
    for (const box of pieces(numeric(key))) yield reader.bytes(normal(key), box);
  }

  return {
    container: "HDF5",
    keys: reader.keys,
    has: (key) => reader.has(normal(key)),
    header: (key) => arrayHeader(headerOf(key)),
    attributes: (key = "") => reader.attributes(normal(key)),
    read(key): NpyArray {
      const { dtype, shape } = headerOf(key);
      return dtype === "string" ? { shape, dtype, data: reader.texts(normal(key)) } : readNumbers(key);
    },
    readNumbers,
    readImages(key, first, count) {
      const { shape, itemSize } = numeric(key);
      const image = sizeOf(shape.slice(-2)) * itemSize;
      const bytes = new Uint8Array(count * image);
      let filled = 0;
      for (const box of imageBoxes(shape, first, count)) {
        const part = reader.bytes(normal(key), box);
        bytes.set(part, filled);
        filled += part.length;
      }
      return decode(key, bytes);
    },
    elements,
    storedAt(key) {
      const offset = reader.offset(normal(key));
      return offset === undefined ? undefined : { source, offset };
    },
    chunked(key) {
      const { shape: extents, chunks = extents.map(() => 1) } = numeric(key);
      if (reader.offset(normal(key)) !== undefined) return undefined;
      return {
        source,
        key: normal(key),
        extents,
        chunks,
        read: (start, count) => reader.bytes(normal(key), { start, count }),
      };
    },
    close: () => reader.close(),
  };
}

function arrayHeader({ shape, dtype, kind, itemSize }: Hdf5Header): ArrayHeader {
  return {
    ...{ shape, dtype, itemSize, fortranOrder: false, littleEndian: true },
    dataBytes: dtype === "object" ? undefined : sizeOf(shape) * itemSize,
    ...(kind === undefined ? {} : { kind }),
  };
}

/** An array's elements in order, in boxes of whole chunks where it has some. */
function* pieces({ shape, itemSize, chunks }: Hdf5Header): Generator<Box, void, void> {
  if (sizeOf(shape) === 0) return;
  if (shape.length === 0) {
    yield { start: [], count: [] };
    return;
  }
  const row = sizeOf(shape.slice(1)) * itemSize;
  const together = chunks?.[0] ?? 1;
  const rows = together * Math.max(1, Math.floor(PIECE / (row * together)));
  for (let first = 0; first < shape[0]; first += rows) {
    const count = Math.min(rows, shape[0] - first);
    yield { start: [first, ...shape.slice(1).map(() => 0)], count: [count, ...shape.slice(1)] };
  }
}

/** Boxes that hold images `first … first + count` in order: the last two axes, counted through over all axes before them. */
function* imageBoxes(shape: readonly number[], first: number, count: number): Generator<Box, void, void> {
  const outer = shape.slice(0, -2);
  const image = { start: shape.slice(-2).map(() => 0), count: shape.slice(-2) };
  const along = outer.at(-1) ?? 1;
  for (let at = first; at < first + count; ) {
    const inner = at % along;
    const run = Math.min(along - inner, first + count - at);
    const lead: number[] = [];
    let rest = Math.floor(at / along);
    for (const extent of outer.slice(0, -1).reverse()) {
      lead.unshift(rest % extent);
      rest = Math.floor(rest / extent);
    }
    yield outer.length === 0
      ? image
      : { start: [...lead, inner, ...image.start], count: [...lead.map(() => 1), run, ...image.count] };
    at += run;
  }
}
