import { zlibSync } from "fflate";
import { describe, expect, it } from "vitest";
import type { ArrayFile } from "../../src/formats/arrayFile.ts";
import { openArrayFile } from "../../src/formats/containers.ts";
import { lzwDecoded } from "../../src/formats/lzw.ts";
import { memorySink } from "../../src/formats/memorySink.ts";
import { writeTiff } from "../../src/formats/writeTiff.ts";
import { type TiffOptions, type WrittenPage, writeTiffPages } from "./tiffWritten.ts";

const [COUNT, H, W] = [3, 5, 7];

interface Kind {
  readonly bits: number;
  readonly format: number;
  readonly dtype: string;
  readonly make: (
    length: number,
  ) => Uint8Array | Uint16Array | Uint32Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
}

const kinds: readonly Kind[] = [
  { bits: 8, format: 1, dtype: "uint8", make: (n) => new Uint8Array(n) },
  { bits: 16, format: 1, dtype: "uint16", make: (n) => new Uint16Array(n) },
  { bits: 32, format: 1, dtype: "uint32", make: (n) => new Uint32Array(n) },
  { bits: 8, format: 2, dtype: "int8", make: (n) => new Int8Array(n) },
  { bits: 16, format: 2, dtype: "int16", make: (n) => new Int16Array(n) },
  { bits: 32, format: 2, dtype: "int32", make: (n) => new Int32Array(n) },
  { bits: 32, format: 3, dtype: "float32", make: (n) => new Float32Array(n) },
  { bits: 64, format: 3, dtype: "float64", make: (n) => new Float64Array(n) },
];

/** Closed-form pixels of a page: large and small numbers, negative ones where there are such. */
function page({ format, bits, make }: Kind, k: number): ReturnType<Kind["make"]> {
  const out = make(H * W);
  for (let i = 0; i < out.length; i++)
    out[i] = format === 3 ? k - 0.37 * i : (format === 2 && i % 2 ? -1 : 1) * ((97 * i + k) % 2 ** (bits - 1));
  return out;
}

function bytesOf(values: ReturnType<Kind["make"]>, littleEndian: boolean): Uint8Array {
  const bytes = Buffer.from(values.slice().buffer);
  const width = values.BYTES_PER_ELEMENT;
  if (!littleEndian && width > 1)
    for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
  return new Uint8Array(bytes);
}

const u16 = kinds[1];
const plain = (k: number, kind = u16, littleEndian = true): WrittenPage => ({
  ...{ height: H, width: W, bits: kind.bits, format: kind.format },
  pieces: [bytesOf(page(kind, k), littleEndian)],
});
const packed = (k: number, compression: number, pack: (bytes: Uint8Array) => Uint8Array): WrittenPage => ({
  ...plain(k),
  compression,
  pieces: plain(k).pieces.map(pack),
});
const open = (pages: readonly WrittenPage[], options?: TiffOptions): Promise<ArrayFile> =>
  openArrayFile(writeTiffPages(pages, options), "stack.tif");
const all = (kind = u16): number[] => [0, 1, 2].flatMap((k) => Array.from(page(kind, k)));

async function expectStack(pages: readonly WrittenPage[], options?: TiffOptions, kind = u16): Promise<ArrayFile> {
  const file = await open(pages, options);
  expect([file.container, file.keys]).toEqual(["TIFF", ["images"]]);
  expect(file.header("images")).toMatchObject({ shape: [COUNT, H, W], dtype: kind.dtype });
  expect(Array.from(file.readNumbers("images").data)).toEqual(all(kind));
  expect(Array.from(file.readImages("images", 1, 1))).toEqual(Array.from(page(kind, 1)));
  return file;
}

describe.each([
  ["classic", false],
  ["BigTIFF", true],
])("a stack of pages, %s", (_, big) => {
  it.each(kinds)("of $dtype, in both byte orders", async (kind) => {
    for (const littleEndian of [true, false]) {
      const pages = [0, 1, 2].map((k) => plain(k, kind, littleEndian));
      const file = await expectStack(pages, { littleEndian, big }, kind);
      expect(file.storedAt("images")?.offset).toBe(big ? 16 : 8);
    }
  });
});

describe("pages that are stored in another way", () => {
  it("with something between them", async () => {
    // A page's second strip lies before its first.
    const apart = [0, 1, 2].map((k): WrittenPage => {
      const bytes = plain(k).pieces[0];
      return { ...plain(k), rowsPerStrip: 2, pieces: [0, 1, 2].map((s) => bytes.slice(s * 4 * W, (s + 1) * 4 * W)) };
    });
    await expectStack(apart);
    const mixed = [plain(0), { ...plain(1), pieces: [new Uint8Array([...plain(1).pieces[0], 1, 2])] }, plain(2)];
    expect((await expectStack(mixed)).storedAt("images")).toBeUndefined();
  });

  it("in tiles, which are whole at the edges", async () => {
    const tiled = [0, 1, 2].map((k): WrittenPage => {
      const values = page(u16, k);
      const pieces = [0, 4].flatMap((top) =>
        [0, 4].map((left) => {
          const tile = Uint16Array.from({ length: 16 }, (_, i) => {
            const [y, x] = [top + (i >> 2), left + (i & 3)];
            return y < H && x < W ? values[y * W + x] : 0xffff;
          });
          return bytesOf(tile, true);
        }),
      );
      return { ...plain(k), tile: [4, 4], pieces };
    });
    await expectStack(tiled);
  });

  it("with deflate, old number and new", async () => {
    for (const number of [8, 32946])
      await expectStack([0, 1, 2].map((k) => packed(k, number, (bytes) => zlibSync(bytes))));
  });

  it("with PackBits", async () => {
    const literal = (bytes: Uint8Array): Uint8Array => Uint8Array.of(bytes.length - 1, ...bytes);
    await expectStack([0, 1, 2].map((k) => packed(k, 32773, literal)));
    // The specification's example.
    const example = Buffer.from("fe aa 02 80 00 2a fd aa 03 80 00 2a 22 f7 aa".replaceAll(" ", ""), "hex");
    const file = await open([{ height: 1, width: 24, bits: 8, format: 1, compression: 32773, pieces: [example] }]);
    expect(Buffer.from(file.readNumbers("images").data as Uint8Array).toString("hex")).toBe(
      "aaaaaa80002aaaaaaaaa80002a22aaaaaaaaaaaaaaaaaaaa",
    );
  });

  it("with Zstandard", async () => {
    // A frame (RFC 8878) of one segment, with its size in a byte, and of one raw block, the last.
    const frame = (bytes: Uint8Array): Uint8Array =>
      Uint8Array.of(
        ...[0x28, 0xb5, 0x2f, 0xfd, 0x20, bytes.length],
        ...[1 | ((bytes.length & 31) << 3), bytes.length >> 5, 0],
        ...bytes,
      );
    await expectStack([0, 1, 2].map((k) => packed(k, 50000, frame)));
  });

  it("with LZW", async () => {
    const literal = (bytes: Uint8Array): Uint8Array => lzw([256, ...bytes, 257]);
    await expectStack([0, 1, 2].map((k) => packed(k, 5, literal)));
  });

  it("as differences along rows", async () => {
    const differences = (k: number): Uint8Array => {
      const values = page(u16, k) as Uint16Array;
      return bytesOf(
        values.map((value, i) => (i % W === 0 ? value : value - values[i - 1])),
        true,
      );
    };
    await expectStack([0, 1, 2].map((k) => ({ ...packed(k, 8, () => zlibSync(differences(k))), predictor: 2 })));
  });

  it("as differences of the bytes of floats, the most significant ones first", async () => {
    const kind = kinds[6];
    const planes = (k: number): Uint8Array => {
      const bytes = bytesOf(page(kind, k), false);
      const out = new Uint8Array(bytes.length);
      for (let y = 0; y < H; y++)
        for (let i = 0; i < 4 * W; i++) out[y * 4 * W + i] = bytes[y * 4 * W + 4 * (i % W) + Math.floor(i / W)];
      return out.map((value, i) => (i % (4 * W) === 0 ? value : value - out[i - 1]));
    };
    const pages = [0, 1, 2].map((k) => ({
      ...plain(k, kind),
      compression: 8,
      predictor: 3,
      pieces: [zlibSync(planes(k))],
    }));
    await expectStack(pages, {}, kind);
  });
});

/** Codes of 9 bits and more, most significant bit first, as their count grows. */
function lzw(codes: readonly number[]): Uint8Array {
  const bits: number[] = [];
  let made = 258;
  let first = true;
  for (const code of codes) {
    const width = made < 511 ? 9 : made < 1023 ? 10 : made < 2047 ? 11 : 12;
    for (let bit = width - 1; bit >= 0; bit--) bits.push((code >> bit) & 1);
    if (code === 256) [made, first] = [258, true];
    else if (first) first = false;
    else made++;
  }
  while (bits.length % 8 > 0) bits.push(0);
  return Uint8Array.from({ length: bits.length / 8 }, (_, i) =>
    bits.slice(8 * i, 8 * i + 8).reduce((sum, bit) => 2 * sum + bit, 0),
  );
}

describe("LZW", () => {
  it("decodes the specification's example", () => {
    expect([...lzwDecoded(lzw([256, 7, 258, 8, 8, 258, 6, 6, 257]), 100)]).toEqual([7, 7, 7, 8, 8, 7, 7, 6, 6]);
  });

  it("decodes codes of all lengths, and goes on without a new one when there is no room", () => {
    const literal = Array.from({ length: 5000 }, (_, i) => (31 * i) % 251);
    const decoded = lzwDecoded(lzw([256, ...literal, 257]), 6000);
    expect([...decoded]).toEqual(literal);
  });

  it("refuses a code that cannot be", () => {
    expect(() => lzwDecoded(lzw([256, 7, 300, 257]), 10)).toThrow(/a code of 300/);
  });
});

describe("what a description says", () => {
  it("ImageJ's pages follow the first one's pixels without directories", async () => {
    const pixels = Uint8Array.from([0, 1, 2].flatMap((k) => [...plain(k, u16, false).pieces[0]]));
    const description = "ImageJ=1.54f\nimages=3\nslices=3\nloop=false\n";
    const first = { ...plain(0, u16, false), pieces: [pixels], description };
    await expectStack([first], { littleEndian: false });
    await expect(open([{ ...first, description: description.replace("images=3", "images=90") }])).rejects.toThrow(
      /cut off.*90 pages/,
    );
  });

  it("tifffile's shape of an array with four axes is the scan's", async () => {
    const pages = [0, 1, 2, 3].map((k) => plain(k));
    const file = await open([{ ...pages[0], description: `{"shape": [2, 2, ${H}, ${W}]}` }, ...pages.slice(1)]);
    expect([...file.attributes()["scan_shape"].data]).toEqual([2, 2]);
  });

  it("pages of reduced resolution are left out, and it is said", async () => {
    const small: WrittenPage = { height: 1, width: 2, bits: 16, format: 1, pieces: [new Uint8Array(4)], subfile: 1 };
    const file = await expectStack([plain(0), small, plain(1), plain(2)]);
    expect(file.attributes()["warnings"].data).toEqual(["1 pages of reduced resolution are left out"]);
  });
});

it.each([
  ["classic", undefined],
  ["BigTIFF", 100],
])("what we write ourselves is read, %s", async (_, classicBytes) => {
  const data = Float32Array.from({ length: COUNT * H * W }, (_, i) => i / 7 - 5);
  const memory = memorySink();
  await writeTiff(memory.sink, { shape: [COUNT, H, W], pages: [data], description: "scan 12" }, classicBytes);
  const file = await openArrayFile(memory.bytes(), "own.tif");
  expect(file.read("images")).toEqual({ shape: [COUNT, H, W], dtype: "float32", data });
  expect(file.attributes()["description"].data).toEqual(["scan 12"]);
});

describe("a TIFF that is not read", () => {
  it("has pages of different shapes or dtypes, which are named", async () => {
    const short = { ...plain(1), height: 4, pieces: [new Uint8Array(4 * W * 2)] };
    await expect(open([plain(0), short])).rejects.toThrow(
      /different shapes or dtypes; in stack\.tif: page 1; expected \(5, 7\) of uint16, as the first; got \(4, 7\)/,
    );
    await expect(open([plain(0), plain(1), plain(2, kinds[4])])).rejects.toThrow(/page 2.*of uint16.*of int16/);
  });

  it("has colours, odd bits, or a compression of its own", async () => {
    await expect(open([{ ...plain(0), samples: 3 }])).rejects.toThrow(/3 numbers a pixel/);
    await expect(open([{ ...plain(0), bits: 12 }])).rejects.toThrow(/12 bits of sample format 1/);
    const file = await open([{ ...plain(0), compression: 7 }]);
    expect(() => file.read("images")).toThrow(/compression 7 are not read.*LZW/);
  });

  it("is damaged", async () => {
    const bytes = writeTiffPages([plain(0), plain(1)]);
    await expect(openArrayFile(bytes.subarray(0, 100), "cut.tif")).rejects.toThrow(/directory is beyond its end/);
    const circle = writeTiffPages([plain(0)]);
    circle.set(circle.subarray(4, 8), circle.length - 4);
    await expect(openArrayFile(circle, "circle.tif")).rejects.toThrow(/go round in a circle/);
    const broken = await open([packed(0, 8, () => Uint8Array.of(0x78, 0x9c, 1, 2, 3))]);
    expect(() => broken.read("images")).toThrow(/cannot be decompressed.*page 0/);
    const short = await open([packed(0, 8, (all) => zlibSync(all.subarray(2)))]);
    expect(() => short.read("images")).toThrow(/fewer pixels than its extent/);
  });

  it("claims more pixels than can be in it", async () => {
    const huge = { ...plain(0), height: 30_000, width: 8000, rowsPerStrip: 30_000, compression: 8 };
    await expect(open([huge])).rejects.toThrow(/more pixels than can be in it/);
  });
});
