import { beforeAll, describe, expect, it } from "vitest";
import type { ArrayFile } from "../../../src/formats/arrayFile.ts";
import { memorySource } from "../../../src/formats/byteSource.ts";
import { bitshuffleDecoder } from "../../../src/formats/hdf5/direct/bitshuffle.ts";
import { chunkPlaces } from "../../../src/formats/hdf5/direct/chunkPlaces.ts";
import { installPlugins } from "../../../src/formats/hdf5/filters.ts";
import { hdf5Library } from "../../../src/formats/hdf5/library.ts";
import { openHdf5 } from "../../../src/formats/hdf5/openHdf5.ts";
import { openHere } from "../../../src/formats/hdf5/openHere.ts";
import type { Box, Hdf5Reader } from "../../../src/formats/hdf5/reader.ts";
import { noNeighbours } from "../../../src/formats/neighbours.ts";
import { Random } from "../../../src/random.ts";
import { type WrittenFile, writtenHdf5 } from "./written.ts";

const BITSHUFFLE = 32008;
const [NOTHING, LZ4, ZSTD] = [0, 2, 3];

const KINDS = {
  uint8: { type: "<B", array: Uint8Array, floats: true },
  int8: { type: "<b", array: Int8Array, floats: false },
  uint16: { type: "<H", array: Uint16Array, floats: true },
  int16: { type: "<h", array: Int16Array, floats: true },
  uint32: { type: "<I", array: Uint32Array, floats: true },
  int32: { type: "<i", array: Int32Array, floats: true },
  float32: { type: "<f", array: Float32Array, floats: true },
  float64: { type: "<d", array: Float64Array, floats: false },
  uint64: { type: "<Q", array: BigUint64Array, floats: false },
} as const;
type Kind = keyof typeof KINDS;

/** Numbers of every size that fits, some noisy, some alike, some zero. */
function numbers(kind: Kind, count: number): InstanceType<(typeof KINDS)[Kind]["array"]> {
  const most = { uint64: 2 ** 52, float64: 1e300, float32: 2 ** 24 } as Partial<Record<Kind, number>>;
  const { array } = KINDS[kind];
  const top = most[kind] ?? 2 ** (8 * array.BYTES_PER_ELEMENT);
  const value = (i: number): number => {
    if (i % 1000 < 300) return 0;
    if (i % 1000 < 600) return (i >> 5) % 90;
    return Math.floor((((i * 2654435761) % 2 ** 32) / 2 ** 32) * top);
  };
  const plain = Array.from({ length: count }, (_, i) => value(i));
  if (array === BigUint64Array) return BigUint64Array.from(plain, BigInt);
  return (array as Uint16ArrayConstructor).from(plain);
}

interface Dataset {
  readonly kind?: Kind;
  readonly shape: readonly number[];
  readonly chunks: readonly number[];
  readonly maxshape?: readonly (number | null)[];
  readonly block?: number;
  readonly compression?: number;
}

function put(file: WrittenFile, name: string, { kind = "uint16", shape, chunks, maxshape, ...how }: Dataset): void {
  const count = shape.reduce((product, extent) => product * extent, 1);
  file.create_dataset({
    ...{ name, data: numbers(kind, count), shape: [...shape], chunks: [...chunks], dtype: KINDS[kind].type },
    ...(maxshape === undefined ? {} : { maxshape: [...maxshape] }),
    ...{ compression: BITSHUFFLE, compression_opts: [how.block ?? 0, how.compression ?? LZ4] },
  });
}

/** A file, in which it shows when the library decodes a chunk. */
async function opened(
  bytes: Uint8Array,
  beside: Readonly<Record<string, Uint8Array>> = {},
): Promise<{ file: ArrayFile; reader: Hdf5Reader; byLibrary: () => number }> {
  let calls = 0;
  let reader!: Hdf5Reader;
  const file = await openHdf5(memorySource(bytes), "file.h5", {
    open: async (name) => (beside[name] === undefined ? undefined : { ...memorySource(beside[name]), close() {} }),
    async openHdf5(...args) {
      reader = await openHere(...args);
      const count = (path: string, box: Box): Uint8Array<ArrayBuffer> => {
        calls++;
        return reader.bytes(path, box);
      };
      return { ...reader, bytes: count };
    },
  });
  return { file, reader, byLibrary: () => calls };
}

const whole = (shape: readonly number[]) => ({ start: shape.map(() => 0), count: shape });

/** A file with one dataset, and where the chunk at `[1, 0, 0]` lies in it. */
async function withChunk(): Promise<{ bytes: Uint8Array; offset: number; size: number }> {
  const dataset = { shape: [3, 64, 80], chunks: [1, 64, 80], itemSize: 2 };
  const bytes = await writtenHdf5((file) => put(file, "data", dataset));
  const { file, reader } = await opened(bytes);
  const places = chunkPlaces(memorySource(bytes), reader.bitshuffled("data")!.address, dataset)!;
  file.close();
  return { bytes, offset: places.offsets[1], size: places.sizes[1] };
}

beforeAll(async () => installPlugins(await hdf5Library(), [BITSHUFFLE]));

describe.each(["earliest", "latest"] as const)("a bitshuffled dataset in the %s version of the format", (version) => {
  const written = (fill: (file: WrittenFile) => void) => writtenHdf5(fill, { libver: [version, "latest"] });

  it.each(Object.keys(KINDS) as Kind[])("of %s is read here as the library reads it", async (kind) => {
    // 1,219 elements: blocks of both ways of decoding, and elements beyond a multiple of 8.
    const shape = [3, 53, 69];
    const bytes = await written((file) => {
      put(file, "packed", { kind, shape, chunks: [1, 23, 53] });
      put(file, "packed in small blocks", { kind, shape, chunks: [1, 53, 69], block: 136 });
      put(file, "not packed", { kind, shape, chunks: [2, 23, 53], compression: NOTHING });
      put(file, "not packed in small blocks", { kind, shape, chunks: [1, 53, 69], block: 24, compression: NOTHING });
    });
    const { file, reader, byLibrary } = await opened(bytes);
    for (const key of file.keys) {
      const truth = reader.bytes(key, whole(shape));
      expect(Buffer.concat([...file.elements(key)]).equals(truth), key).toBe(true);
      const chunked = file.chunked!(key)!;
      const box = [
        [1, 7, 11],
        [2, 40, 50],
      ] as const;
      expect(Buffer.from(chunked.read(...box)).equals(reader.bytes(key, { start: box[0], count: box[1] }))).toBe(true);
      expect(chunked.readFloats !== undefined).toBe(KINDS[kind].floats);
      const out = new Float32Array(2 * 40 * 50);
      chunked.readFloats?.(...box, out);
      const own = file.readImages(key, 1, 2);
      const rows = [...Array(2 * 40).keys()].flatMap((row) => {
        const at = (Math.floor(row / 40) * 53 + 7 + (row % 40)) * 69 + 11;
        return [...own.subarray(at, at + 50)];
      });
      if (KINDS[kind].floats) expect(out).toEqual(Float32Array.from(rows));
    }
    expect(byLibrary()).toBe(0);
    file.close();
  });

  it.each<[string, Dataset & { readonly kind: Kind }]>([
    ["one chunk", { kind: "uint16", shape: [12, 20], chunks: [12, 20] }],
    ["thousands", { kind: "uint8", shape: [2500, 20], chunks: [1, 10] }],
    ["few of many that there may be", { kind: "uint8", shape: [50, 20], chunks: [1, 10], maxshape: [9000, 30] }],
    ["one axis without end", { kind: "uint8", shape: [2500, 20], chunks: [1, 10], maxshape: [null, 30] }],
    ["a later axis without end", { kind: "uint8", shape: [15, 2, 999], chunks: [1, 2, 9], maxshape: [20, 2, null] }],
    ["two axes without end", { kind: "uint8", shape: [2500, 20], chunks: [1, 10], maxshape: [null, null] }],
  ])("is found whatever keeps the places of its chunks: %s", async (_, dataset) => {
    const bytes = await written((file) => put(file, "data", dataset));
    const { file, reader, byLibrary } = await opened(bytes);
    const truth = reader.bytes("data", whole(dataset.shape));
    expect(Buffer.concat([...file.elements("data")]).equals(truth)).toBe(true);
    expect(byLibrary()).toBe(0);
    file.close();
  });

  it("is found in the file that a link leads to, but not behind two links", async () => {
    const dataset = { shape: [3, 20, 30], chunks: [1, 20, 30] };
    const other = await written((file) => {
      file.create_group("entry");
      put(file, "entry/data", dataset);
    });
    const between = await written((file) => file.create_external_link("sub/other.h5", "/entry/data", "link"));
    const bytes = await written((file) => {
      file.create_external_link("sub/other.h5", "/entry/data", "one");
      file.create_external_link("sub/other.h5", "/entry", "group");
      file.create_external_link("between.h5", "/link", "two");
      file.create_soft_link("/group/data", "soft");
    });
    const { file, byLibrary } = await opened(bytes, { "sub/other.h5": other, "between.h5": between });
    const expected = numbers("uint16", 1800);
    // Once to compare with what the library reads, and where nothing is sure, always.
    for (const [key, calls] of [
      ["one", 1],
      ["group/data", 1],
      ["soft", 1],
      ["two", 2],
    ] as const) {
      const before = byLibrary();
      expect(file.readNumbers(key).data, key).toEqual(expected);
      expect(file.readImages(key, 1, 1), key).toEqual(expected.slice(600, 1200));
      expect(byLibrary() - before, key).toBe(calls);
    }
    file.close();
  });

  it("is left to the library where another filter or compression takes part, or chunks are not there", async () => {
    const shape = [2, 30, 40];
    const data = numbers("uint16", 2400) as Uint16Array;
    const bytes = await written((file) => {
      put(file, "zstd", { shape, chunks: [1, 30, 40], compression: ZSTD });
      const other = { data, shape, chunks: [1, 30, 40] };
      file.create_dataset({ name: "gzip", ...other, compression: "gzip", compression_opts: 4 });
      put(file, "grows", { shape, chunks: [1, 30, 40], maxshape: [null, 30, 40] });
      (file.get("grows") as unknown as { resize(shape: number[]): void }).resize([4, 30, 40]);
    });
    const { file, byLibrary } = await opened(bytes);
    for (const key of ["zstd", "gzip"]) {
      const before = byLibrary();
      expect(file.readNumbers(key).data).toEqual(data);
      expect(byLibrary()).toBeGreaterThan(before);
    }
    const before = byLibrary();
    expect(file.readNumbers("grows").data).toEqual(Uint16Array.of(...data, ...new Uint16Array(2400)));
    expect(byLibrary()).toBe(before + 1);
    const floats = new Float32Array(2400);
    file.chunked!("grows")!.readFloats!([1, 0, 0], [2, 30, 40], floats);
    expect(floats).toEqual(Float32Array.of(...data.subarray(1200), ...new Float32Array(1200)));
    file.close();
  });
});

describe("a broken chunk", () => {
  /** Behind the header of 12 bytes comes the first block: its length, and LZ4. */
  it.each([
    ["says another length", [0, 0, 0, 0, 0, 0, 9, 0], 0, "another number of bytes"],
    ["has blocks of a strange length", [0, 0, 0, 30], 8, "no multiple of 8"],
    ["has a block that goes on behind its end", [0x7f, 0xff, 0xff, 0xff], 12, "longer than what is left"],
    ["has literals that go on behind their end", [0xf0, 0xff, 0xff, 0xff], 16, "not compressed as it should"],
    ["repeats what is not there", [0x1f, 7, 9, 0], 16, "not compressed as it should"],
    ["has a block that is too short", [0, 0, 0, 2, 0x10, 7], 12, "not compressed as it should"],
  ] as const)("that %s is an error that names it", async (_, change, at, says) => {
    const { bytes, offset } = await withChunk();
    bytes.set(change, offset + at);
    const { file } = await opened(bytes);
    const { read, readFloats } = file.chunked!("data")!;
    const frame = (k: number) =>
      [
        [k, 0, 0],
        [1, 64, 80],
      ] as const;
    expect(() => readFloats!(...frame(1), new Float32Array(64 * 80))).toThrow(says);
    expect(() => read(...frame(1))).toThrow("file.h5: data, the chunk from (1, 0, 0) on");
    expect(read(...frame(2))).toEqual(new Uint8Array(numbers("uint16", 3 * 64 * 80).slice(2 * 64 * 80).buffer));
    file.close();
  });

  it("that is cut off by the file's end is an error that names it", async () => {
    const { bytes, offset } = await withChunk();
    const source = memorySource(bytes);
    const reader = await openHere(source, "file.h5", noNeighbours);
    const cut = { ...source, size: offset + 50 };
    const file = await openHdf5(cut, "file.h5", { ...noNeighbours, openHdf5: async () => reader });
    expect(() => file.readImages("data", 1, 1)).toThrow("the chunk from (1, 0, 0) on");
    file.close();
  });

  it("is either decoded or said to be broken, whatever is in it", async () => {
    const { bytes, offset, size } = await withChunk();
    const decoder = await bitshuffleDecoder();
    const stored = { itemSize: 2, packed: true, block: 0 };
    const random = new Random(4);
    const answers = { broken: 0, decoded: 0 };
    for (let k = 0; k < 3000; k++) {
      const chunk = bytes.slice(offset, offset + size);
      for (let change = random.integer(4); change >= 0; change--) chunk[random.integer(size)] = random.integer(256);
      const length = random.integer(3) === 0 ? random.integer(size) : size;
      decoder.input(size).set(chunk);
      const answer = decoder.decode(0, length, 64 * 80, stored, "uint16");
      answers[typeof answer === "string" ? "broken" : "decoded"]++;
    }
    expect(answers.broken).toBeGreaterThan(500);
    expect(answers.decoded).toBeGreaterThan(500);
  });
});
