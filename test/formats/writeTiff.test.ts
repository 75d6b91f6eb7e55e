import { expect, it } from "vitest";
import { memorySink } from "../../src/formats/memorySink.ts";
import { writeTiff } from "../../src/formats/writeTiff.ts";

const [count, height, width] = [5, 3, 7] as const;
const numbers = Float32Array.from({ length: count * height * width }, (_, i) => i / 8 - 3);
const page = height * width;

async function written(classicBytes?: number): Promise<DataView> {
  const memory = memorySink();
  const pages = [numbers.subarray(0, 2 * page), numbers.subarray(2 * page)];
  const description = "where it came from: café";
  await writeTiff(memory.sink, { shape: [count, height, width], pages, description }, classicBytes);
  const bytes = memory.bytes();
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A reader by the specifications of TIFF 6.0 and BigTIFF, apart from what is tested. */
function read(view: DataView): { big: boolean; text: string; shapes: string[]; numbers: number[] } {
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
    expect([258, 259, 262, 277, 339].map((tag) => tags.get(tag))).toEqual([32, 1, 1, 1, 3]);
    out.shapes.push(`${tags.get(257)}x${tags.get(256)}`);
    expect([tags.get(278), tags.get(279)]).toEqual([height, 4 * page]);
    for (let i = 0; i < page; i++) out.numbers.push(view.getFloat32(tags.get(273)! + 4 * i, true));
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
    expect(found.numbers).toEqual(Array.from(numbers));
    expect(found.text).toMatch(/^where it came from: caf\?\0+$/);
  }
});
