import { describe, expect, it } from "vitest";
import { openArrayFile } from "../../src/formats/containers.ts";
import { beside, bigEndian, type MibFrames, writeMib } from "./framesWritten.ts";

const [W, H] = [6, 4];
const frame = (k: number): number[] => Array.from({ length: W * H }, (_, i) => 10 * k + i);
const written = (more: Partial<MibFrames> = {}): MibFrames => ({
  ...{ width: W, height: H, type: "U16", bits: 12 },
  frames: [0, 1, 2, 3].map((k) => bigEndian(frame(k), 2)),
  ...more,
});
const hdr = (fields: Readonly<Record<string, number | string>>): string =>
  `HDR,\n${Object.entries(fields)
    .map(([key, value]) => `${key}:\t${value}\n`)
    .join("")}End\t   `;

describe("Merlin's frames", () => {
  it.each([
    ["U08", 1, "uint8"],
    ["U16", 2, "uint16"],
    ["U32", 4, "uint32"],
  ] as const)("of type %s", async (type, width, dtype) => {
    const file = await openArrayFile(
      writeMib(written({ type, frames: [0, 1, 2, 3].map((k) => bigEndian(frame(k), width)) })),
      "scan.mib",
    );
    expect([file.container, file.keys]).toEqual(["Merlin MIB", ["frames"]]);
    expect(file.header("frames")).toMatchObject({ shape: [4, H, W], dtype });
    expect(Array.from(file.readImages("frames", 1, 2))).toEqual([...frame(1), ...frame(2)]);
    expect(["exposure_s", "chips"].map((key) => file.attributes()[key].data[0])).toEqual([0.000555, 1]);
  });

  it.each([
    ["its lines", { "Frames in Acquisition (Number)": 4, "Frames per Trigger (Number)": 2 }, [2, 2]],
    ["what it says", { ScanX: 4, ScanY: 1, "Frames per Trigger (Number)": 2 }, [1, 4]],
    ["no lines", { "Frames in Acquisition (Number)": 4, "Frames per Trigger (Number)": 1 }, undefined],
  ])("with the scan's shape by the text beside them: %s", async (_, fields, shape) => {
    const bytes = writeMib(written());
    const text = hdr(fields);
    for (const file of [
      await openArrayFile(bytes, "a/scan.mib", beside({ "scan.hdr": text })),
      await openArrayFile(new TextEncoder().encode(text), "a/scan.hdr", beside({ "scan.mib": bytes })),
    ])
      expect(file.attributes()["scan_shape"]?.data).toEqual(shape === undefined ? undefined : Float64Array.from(shape));
  });

  it("say when the last is cut off, when some were lost, and when another thing is among them", async () => {
    const bytes = writeMib(written());
    const cut = await openArrayFile(bytes.subarray(0, bytes.length - 5), "scan.mib");
    expect(cut.header("frames").shape).toEqual([3, H, W]);
    expect(cut.attributes()["warnings"].data).toEqual(["the last frame is cut off: 427 of 432 bytes; it is left out"]);
    const lost = bytes.slice();
    lost.set(Buffer.from("000009"), 3 * 432 + 4);
    expect((await openArrayFile(lost, "scan.mib")).attributes()["warnings"].data).toEqual([
      "4 frames are numbered 1 to 9: some were lost",
    ]);
    const broken = bytes.slice();
    broken[2 * 432] = 0;
    const file = await openArrayFile(broken, "scan.mib");
    expect(Array.from(file.readImages("frames", 1, 1))).toEqual(frame(1));
    expect(() => file.readImages("frames", 1, 2)).toThrow(/the header of a frame is broken.*frame 2/);
  });
});

/** Pixel (y, x) of frame k as the picture should have it. */
const value = (k: number, y: number, x: number, bits: number): number =>
  (7 * k + 3 * y + 5 * x + ((x * y) >> 3)) % 2 ** bits;
const SIDE = 64;

/** A row of a chip as it reads itself out: every 64-bit word backward. */
function packedRow(values: readonly number[], bits: number): number[] {
  const out: number[] = [];
  const perWord = { 1: 64, 6: 8, 12: 4 }[bits]!;
  for (let start = 0; start < values.length; start += perWord) {
    const word = values.slice(start, start + perWord).reverse();
    if (bits === 6) out.push(...word);
    else if (bits === 12) out.push(...word.flatMap((each) => [each >> 8, each & 255]));
    else
      for (let byte = 0; byte < 8; byte++)
        out.push(word.slice(8 * byte, 8 * byte + 8).reduce((sum, bit) => 2 * sum + bit, 0));
  }
  return out;
}

const rowOf = (k: number, y: number, bits: number, map = (x: number): number => x): number[] =>
  Array.from({ length: SIDE }, (_, x) => value(k, y, map(x), bits));

describe("Merlin's raw frames are put in order", () => {
  it.each([1, 6, 12])("one chip of %i bits", async (bits) => {
    const frames = [0, 1].map((k) =>
      Uint8Array.from(Array.from({ length: SIDE }, (_, y) => packedRow(rowOf(k, y, bits), bits)).flat()),
    );
    const file = await openArrayFile(writeMib({ width: SIDE, height: SIDE, type: "R64", bits, frames }), "raw.mib");
    expect(file.header("frames")).toMatchObject({ shape: [2, SIDE, SIDE], dtype: bits === 12 ? "uint16" : "uint8" });
    expect(Array.from(file.readImages("frames", 1, 1))).toEqual(
      Array.from({ length: SIDE }, (_, y) => rowOf(1, y, bits)).flat(),
    );
  });

  it("one chip of 24 bits, the upper twelve first", async () => {
    const rows = Array.from({ length: SIDE }, (_, y) => Array.from({ length: SIDE }, (_, x) => 4099 * (SIDE * y + x)));
    const half = (part: (each: number) => number): number[] => rows.flatMap((row) => packedRow(row.map(part), 12));
    const frames = [Uint8Array.from([...half((each) => each >> 12), ...half((each) => each & 4095)])];
    const file = await openArrayFile(
      writeMib({ width: 2 * SIDE, height: SIDE, type: "R64", bits: 24, frames }),
      "raw.mib",
    );
    expect(file.header("frames")).toMatchObject({ shape: [1, SIDE, SIDE], dtype: "uint32" });
    expect(Array.from(file.readImages("frames", 0, 1))).toEqual(rows.flat());
  });

  it.each([1, 6, 12])("four chips of %i bits: the lower ones stand on their heads", async (bits) => {
    const size = 2 * SIDE;
    const rows = Array.from({ length: SIDE }, (_, k) => {
      const below = (start: number): number[] => rowOf(0, size - 1 - k, bits, (x) => start + SIDE - 1 - x);
      const above = (start: number): number[] => rowOf(0, k, bits, (x) => start + x);
      return [below(SIDE), below(0), above(SIDE), above(0)].flatMap((row) => packedRow(row, bits));
    });
    const file = await openArrayFile(
      writeMib({
        ...{ width: 4 * SIDE, height: SIDE, type: "R64", bits, chips: 4, layout: "2x2" },
        frames: [Uint8Array.from(rows.flat())],
      }),
      "raw.mib",
    );
    const expected = Array.from({ length: size * size }, (_, i) => value(0, Math.floor(i / size), i % size, bits));
    expect(Array.from(file.readImages("frames", 0, 1))).toEqual(expected);
  });

  it("or refused, where their order is not known", async () => {
    const frames = [new Uint8Array(2 * SIDE * SIDE)];
    const bytes = writeMib({ width: SIDE, height: SIDE, type: "R64", bits: 12, chips: 2, layout: "Nx1", frames });
    await expect(openArrayFile(bytes, "raw.mib")).rejects.toThrow(/2 chips \(Nx1\).*U08, U16 or U32/);
  });
});
