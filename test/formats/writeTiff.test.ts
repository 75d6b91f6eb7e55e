import { expect, it } from "vitest";
import { memorySink } from "../../src/formats/memorySink.ts";
import { type PageType, writeTiff } from "../../src/formats/writeTiff.ts";

const [count, height, width] = [5, 3, 7] as const;
const all = Float32Array.from({ length: count * height * width }, (_, i) => i / 8 - 3);
const page = height * width;

const bits = { float32: 32, uint8: 8, uint16: 16, uint32: 32 } as const;

async function written(classicBytes?: number, dtype: PageType = "float32", numbers = all): Promise<DataView> {
  const memory = memorySink();
  const pages = [numbers.subarray(0, 2 * page), numbers.subarray(2 * page)];
  const description = "where it came from: café";
  await writeTiff(memory.sink, { shape: [count, height, width], dtype, pages, description }, classicBytes);
  const bytes = memory.bytes();
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A reader by the specifications of TIFF 6.0 and BigTIFF, apart from what is tested. */
function read(
  view: DataView,
  dtype: PageType = "float32",
): { big: boolean; text: string; shapes: string[]; numbers: number[] } {
  expect(view.getUint16(0, true)).toBe(0x4949);
  const big = view.getUint16(2, true) === 43;
  if (!big) expect(view.getUint16(2, true)).toBe(42);
  const wide = (at: number): number => (big ? Number(view.getBigUint64(at, true)) : view.getUint32(at, true));
  const out = { big, text: "", shapes: [] as string[], numbers: [] as number[] };
  for (let at = wide(big ? 8 : 4); at !== 0; ) {
    expect(at % 2).toBe(0);
    const tags = new Map<number, number>();
    const entries = big ? wide(at) : view.getUint16(at, true);
    let previous = 0;
    for (let i = 0; i < entries; i++) {
      const entry = at + (big ? 8 : 2) + i * (big ? 20 : 12);
      const [tag, type, length] = [view.getUint16(entry, true), view.getUint16(entry + 2, true), wide(entry + 4)];
      expect(tag).toBeGreaterThan(previous);
      previous = tag;
      const value = entry + (big ? 12 : 8);
      tags.set(tag, type === 3 ? view.getUint16(value, true) : type === 4 ? view.getUint32(value, true) : wide(value));
      if (tag === 270)
        out.text = String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + wide(value), length));
    }
    expect([258, 259, 262, 277, 339].map((tag) => tags.get(tag))).toEqual([
      bits[dtype],
      ...[1, 1, 1, dtype === "float32" ? 3 : 1],
    ]);
    out.shapes.push(`${tags.get(257)}x${tags.get(256)}`);
    const size = bits[dtype] / 8;
    expect([tags.get(278), tags.get(279)]).toEqual([height, size * page]);
    for (let i = 0; i < page; i++) {
      const offset = tags.get(273)! + size * i;
      if (dtype === "float32") out.numbers.push(view.getFloat32(offset, true));
      else if (dtype === "uint8") out.numbers.push(view.getUint8(offset));
      else out.numbers.push(dtype === "uint16" ? view.getUint16(offset, true) : view.getUint32(offset, true));
    }
    at = wide(at + (big ? 8 : 2) + entries * (big ? 20 : 12));
  }
  return out;
}

it("pages are written as they are, with 64-bit offsets where 32 bits do not reach", async () => {
  for (const [limit, big] of [
    [undefined, false],
    [200, true],
  ] as const) {
    const found = read(await written(limit));
    expect(found.big).toBe(big);
    expect(found.shapes).toEqual(Array(5).fill("3x7"));
    expect(found.numbers).toEqual(Array.from(all));
    expect(found.text).toMatch(/^where it came from: caf\?\0+$/);
  }
});

it("whole numbers are written as integers, on pages of an odd number of bytes too", async () => {
  for (const [dtype, scale] of [
    ["uint8", 1],
    ["uint16", 300],
    ["uint32", 70000],
  ] as const)
    for (const limit of [undefined, 200]) {
      const counts = Float32Array.from({ length: count * page }, (_, i) => (i % 200) * scale);
      expect(read(await written(limit, dtype, counts), dtype).numbers).toEqual(Array.from(counts));
    }
});
