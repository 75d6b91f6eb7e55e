import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { memorySource } from "../../src/formats/byteSource.ts";
import { openArrayFile } from "../../src/formats/containers.ts";
import { dataFile } from "../fixtures.ts";
import { type MatValue, writeMat5 } from "./writeMat5.ts";

const [H, W, N] = [3, 4, 5];
/** As MATLAB stores (y, x, n): y fastest. */
const stack = Array.from({ length: H * W * N }, (_, i) => i);
const at = (y: number, x: number, n: number): number => y + H * (x + W * n);

const numbers = (shape: readonly number[], re: readonly number[], more: object = {}): MatValue => ({
  ...{ kind: "numbers", shape, type: "double", re },
  ...more,
});

const variables: Readonly<Record<string, MatValue>> = {
  dp: numbers([H, W, N], stack, { type: "uint16" }),
  small: numbers([2, 2], [1, 2, 3, 4], { stored: "uint8" }),
  mask: numbers([1, 3], [1, 0, 1], { type: "uint8", logical: true }),
  wave: numbers([2, 2], [1, 2, 3, 4], { im: [-1, -2, -3, -4], type: "single" }),
  whole: numbers([1, 2], [1, 2], { im: [3, 4], stored: "int8" }),
  title: { kind: "char", rows: ["gold balls"] },
  umlaut: { kind: "char", rows: ["Größe"], utf8: true },
  lines: { kind: "char", rows: ["ab", "cde"] },
  outputs: {
    kind: "struct",
    shape: [1, 1],
    fields: {
      p: [
        {
          kind: "struct",
          shape: [1, 1],
          fields: {
            probe: [numbers([1, 2], [1, 2], { im: [3, 4] })],
            parts: [{ kind: "cell", shape: [1, 2], values: [numbers([1, 1], [7]), { kind: "char", rows: ["x"] }] }],
          },
        },
      ],
    },
  },
  many: { kind: "struct", shape: [1, 2], fields: { n: [numbers([1, 1], [1]), numbers([1, 1], [2])] } },
  empty: numbers([0, 3], []),
  handle: { kind: "other", class: 16 },
  sparse: { kind: "other", class: 5 },
};

describe.each([
  ["little-endian", { littleEndian: true }],
  ["big-endian", { littleEndian: false }],
  ["compressed", { compress: true }],
  ["compressed big-endian", { compress: true, littleEndian: false }],
])("a MATLAB 5 file, %s", (_, options) => {
  const bytes = writeMat5(variables, options);
  const open = () => openArrayFile(memorySource(bytes), "scan.mat");

  it("has MATLAB's indices in its row-major arrays", async () => {
    const file = await open();
    expect(file.container).toBe("MATLAB 5");
    expect(file.header("dp")).toMatchObject({ shape: [H, W, N], dtype: "uint16", fortranOrder: true });
    const { data } = file.readNumbers("dp");
    for (const [y, x, n] of [
      [0, 0, 0],
      [2, 1, 3],
      [1, 3, 4],
    ])
      expect(data[(y * W + x) * N + n]).toBe(at(y, x, n));
    // Row y is an "image" [x, n] of the last two axes.
    expect(Array.from(file.readImages("dp", 1, 1))).toEqual(
      Array.from({ length: W * N }, (_, i) => at(1, Math.floor(i / N), i % N)),
    );
    const elements = Buffer.concat([...file.elements("dp")]);
    const read = (i: number): number =>
      file.header("dp").littleEndian ? elements.readUInt16LE(2 * i) : elements.readUInt16BE(2 * i);
    expect(stack.map((_, i) => read(i))).toEqual(stack);
  });

  it("reads numbers in their class, whatever they are stored in", async () => {
    const file = await open();
    expect(file.read("small")).toEqual({ shape: [2, 2], dtype: "float64", data: Float64Array.of(1, 3, 2, 4) });
    expect(file.read("mask")).toEqual({ shape: [1, 3], dtype: "bool", data: Uint8Array.of(1, 0, 1) });
    expect(file.read("wave")).toEqual({
      ...{ shape: [2, 2], dtype: "complex64" },
      data: Float32Array.of(1, -1, 3, -3, 2, -2, 4, -4),
    });
    expect(file.read("whole")).toEqual({ shape: [1, 2], dtype: "complex128", data: Float64Array.of(1, 3, 2, 4) });
    expect(file.read("empty")).toEqual({ shape: [0, 3], dtype: "float64", data: new Float64Array() });
    expect(file.attributes("wave")["matlab_class"].data).toEqual(["single"]);
  });

  it("has text, structs and cells under their paths", async () => {
    const file = await open();
    expect(file.read("title")).toEqual({ shape: [], dtype: "string", data: ["gold balls"] });
    expect(file.read("umlaut").data).toEqual(["Größe"]);
    expect(file.read("lines")).toEqual({ shape: [2], dtype: "string", data: ["ab ", "cde"] });
    expect(file.read("outputs/p/probe").data).toEqual(Float64Array.of(1, 3, 2, 4));
    expect(file.read("/outputs/p/parts/0").data).toEqual(Float64Array.of(7));
    expect(file.read("outputs/p/parts/1").data).toEqual(["x"]);
    expect(["many/0/n", "many/1/n"].map((key) => file.read(key).data[0])).toEqual([1, 2]);
  });

  it("names what is not read, and still reads the rest", async () => {
    const file = await open();
    expect(file.has("handle")).toBe(false);
    expect(() => file.header("handle")).toThrow(/"handle" is a function handle, which is not read/);
    expect(() => file.read("sparse")).toThrow(/"sparse" is a sparse matrix/);
  });
});

describe("a damaged MATLAB 5 file", () => {
  const whole = writeMat5(variables);
  const broken = (change: (bytes: Uint8Array) => void): Uint8Array => {
    const bytes = whole.slice();
    change(bytes);
    return bytes;
  };

  it("is refused where it is cut off", async () => {
    await expect(openArrayFile(whole.slice(0, 200), "cut.mat")).rejects.toThrow(/reaches beyond its end/);
    await expect(openArrayFile(whole.slice(0, 127), "cut.mat")).rejects.toThrow(/ends within its header/);
  });

  it("is refused where numbers do not fit their shape", async () => {
    // The third extent of the first variable: tag, flags (16), tag of the shape.
    const bytes = broken((all) => all.set([6], 128 + 8 + 16 + 8 + 8));
    await expect(openArrayFile(bytes, "odd.mat")).rejects.toThrow(
      /do not fit its shape.*144 bytes for shape \(3, 4, 6\)/,
    );
  });

  it("is refused where its checksum is wrong", async () => {
    const packed = writeMat5({ dp: variables["dp"] }, { compress: true });
    packed[packed.length - 1] ^= 1;
    const file = await openArrayFile(packed, "odd.mat");
    expect(() => file.read("dp")).toThrow(/wrong checksum/);
  });

  it("is refused where structs are nested without end", async () => {
    let value: MatValue = numbers([1, 1], [1]);
    for (let k = 0; k < 100; k++) value = { kind: "cell", shape: [1, 1], values: [value] };
    await expect(openArrayFile(writeMat5({ value }), "deep.mat")).rejects.toThrow(/more than 64 deep/);
  });
});

const gold = dataFile("gold_balls_recon.mat");
it.skipIf(gold === undefined)("a reconstruction of cdtools: shapes, and values that physics knows", async () => {
  const file = await openArrayFile(readFileSync(gold!), "gold_balls_recon.mat");
  const shapes = Object.fromEntries(file.keys.map((key) => [key, file.header(key).shape]));
  expect(shapes).toEqual({
    ...{ basis: [3, 2], translation: [1595, 3], probe: [2, 104, 104], obj: [610, 610], background: [104, 104] },
    ...{ oversampling: [1, 1], weights: [1, 1595], wavelength: [1, 1] },
  });
  // 1 keV; the pixel's rows go down along −y, its columns along −x.
  expect(file.readNumbers("wavelength").data[0]).toBeCloseTo(1.23998e-9, 13);
  const basis = file.readNumbers("basis").data;
  expect([basis[0], basis[3], basis[4], basis[5]]).toEqual([0, 0, 0, 0]);
  expect(basis[1]).toBe(basis[2]);
});
