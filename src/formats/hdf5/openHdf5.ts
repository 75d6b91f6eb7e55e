import { sizeOf } from "../../arrays.ts";
import { PtychonautError } from "../../errors.ts";
import type { ArrayFile, ArrayHeader } from "../arrayFile.ts";
import type { ByteSource } from "../byteSource.ts";
import type { Neighbours } from "../neighbours.ts";
import { decodeElements, type NpyArray, type NumericArray, type NumericData } from "../npy.ts";
import { directReading } from "./direct/directReading.ts";
import { openHere } from "./openHere.ts";
import type { Box, Hdf5Header } from "./reader.ts";

/** Whether a file is HDF5: its first bytes, behind a block of the user's where there is one. */
export const isHdf5 = (head: Uint8Array): boolean =>
  [0, 512, 1024, 2048].some((offset) => SIGNATURE.every((byte, i) => head[offset + i] === byte));

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Bytes read at a time where an array is taken in pieces; chunks that are larger are taken whole … */
const PIECE = 2 ** 23;
/** … up to so many. The library has no more than 2 GiB. */
const MOST_AT_ONCE = 2 ** 27;

/**
 * Opens an HDF5 file (also CXI, NeXus, ptyd, EMD, MATLAB 7.3). Names are the paths of datasets without a leading slash; any
 * path that leads to one by links, and one with a leading slash, can be read too. Compounds of two numbers that are named
 * like the parts of a complex number are complex. Of other kinds (references, compounds) the header says what they are.
 * @throws PtychonautError "data" when it is damaged
 */
export async function openHdf5(source: ByteSource, where: string, neighbours: Neighbours): Promise<ArrayFile> {
  const sources = new Map<string, ByteSource>([["", source]]);
  const named: Neighbours = {
    ...neighbours,
    async open(name) {
      const file = await neighbours.open(name);
      if (file !== undefined) sources.set(name, file);
      return file;
    },
  };
  const reader = await (neighbours.openHdf5 ?? openHere)(source, where, named);
  const normal = (path: string): string => path.replace(/\/+/g, "/").replace(/^\/|\/$/g, "");
  const place = (key: string): string => `${where}: ${normal(key)}`;
  // Formats ask for the same again and again, and the reader may be in another thread.
  const headerOf = remembered((path) => reader.header(path));
  const isThere = remembered((path) => reader.has(path));

  const numeric = (key: string): Hdf5Header & { readonly dtype: NumericArray["dtype"] } => {
    const header = headerOf(normal(key));
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
    return { shape, dtype, data: decode(key, together(elements(key), sizeOf(shape) * itemSize)) };
  };
  const direct = await directReading(reader, sources, where);
  const bytes = (key: string, box: Box): Uint8Array =>
    direct(normal(key))?.bytes(box) ?? reader.bytes(normal(key), box);
  function* boxes(key: string, all: Iterable<Box>): Generator<Uint8Array, void, void> {
    for (const box of all) yield bytes(key, box);
  }
  const elements = (key: string): Iterable<Uint8Array> => boxes(key, pieces(numeric(key)));

  return {
    container: "HDF5",
    keys: reader.keys,
    brokenLinks: reader.brokenLinks,
    has: (key) => isThere(normal(key)),
    header: (key) => arrayHeader(headerOf(normal(key))),
    attributes: (key = "") => reader.attributes(normal(key)),
    read(key): NpyArray {
      const { dtype, shape } = headerOf(normal(key));
      return dtype === "string" ? { shape, dtype, data: reader.texts(normal(key)) } : readNumbers(key);
    },
    readNumbers,
    readImages(key, first, count) {
      const { shape, itemSize } = numeric(key);
      const image = sizeOf(shape.slice(-2)) * itemSize;
      return decode(
        key,
        together(boxes(key, imageBoxes(shape, first, count, Math.ceil(MOST_AT_ONCE / image))), count * image),
      );
    },
    elements,
    storedAt(key) {
      const offset = reader.offset(normal(key));
      return offset === undefined ? undefined : { source, offset };
    },
    chunked(key) {
      const { shape: extents, chunks = extents.map(() => 1) } = numeric(key);
      if (reader.offset(normal(key)) !== undefined) return undefined;
      const floats = direct(normal(key))?.floats;
      return {
        ...{ source, key: normal(key), extents, chunks },
        read: (start, count) => bytes(key, { start, count }),
        ...(floats === undefined ? {} : { readFloats: (start, count, out) => floats({ start, count }, out) }),
      };
    },
    close: () => reader.close(),
  };
}

/** Answers that stay the same as long as the file is open. */
function remembered<T>(ask: (path: string) => T): (path: string) => T {
  const known = new Map<string, T>();
  return (path) => {
    const answer = known.has(path) ? (known.get(path) as T) : ask(path);
    known.set(path, answer);
    return answer;
  };
}

/** Pieces in one. The first one is read before there is memory for all: an array that is none has been refused then. */
function together(pieces: Iterable<Uint8Array>, size: number): Uint8Array {
  let bytes: Uint8Array | undefined;
  let filled = 0;
  for (const piece of pieces) {
    bytes ??= new Uint8Array(size);
    bytes.set(piece, filled);
    filled += piece.length;
  }
  return bytes ?? new Uint8Array(size);
}

function arrayHeader({ shape, dtype, kind, itemSize }: Hdf5Header): ArrayHeader {
  return {
    ...{ shape, dtype, itemSize, fortranOrder: false, littleEndian: true },
    dataBytes: dtype === "object" ? undefined : sizeOf(shape) * itemSize,
    ...(kind === undefined ? {} : { kind }),
  };
}

/** An array's elements in order, in boxes of whole chunks where it has some, as far as they are not too large. */
function* pieces(array: Hdf5Header, before: readonly number[] = []): Generator<Box, void, void> {
  const { shape, itemSize, chunks = [] } = array;
  if (sizeOf(shape) === 0) return;
  const own = shape.slice(before.length);
  const ones = before.map(() => 1);
  if (own.length === 0) {
    yield { start: before, count: ones };
    return;
  }
  const inner = own.slice(1);
  const row = sizeOf(inner) * itemSize;
  if (row > MOST_AT_ONCE && inner.length > 0) {
    for (let at = 0; at < own[0]; at++) yield* pieces(array, [...before, at]);
    return;
  }
  const together = chunks[before.length] ?? 1;
  const whole = together * Math.max(1, Math.floor(PIECE / (row * together)));
  const rows = Math.min(whole, Math.max(1, Math.floor(MOST_AT_ONCE / row)));
  for (let first = 0; first < own[0]; first += rows) {
    const count = Math.min(rows, own[0] - first);
    yield { start: [...before, first, ...inner.map(() => 0)], count: [...ones, count, ...inner] };
  }
}

/**
 * Boxes that hold images `first … first + count` in order: the last two axes, counted through over all axes before them.
 * @param most images of a box
 */
function* imageBoxes(shape: readonly number[], first: number, count: number, most: number): Generator<Box, void, void> {
  const outer = shape.slice(0, -2);
  const image = { start: shape.slice(-2).map(() => 0), count: shape.slice(-2) };
  const along = outer.at(-1) ?? 1;
  for (let at = first; at < first + count; ) {
    const inner = at % along;
    const run = Math.min(along - inner, first + count - at, most);
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
