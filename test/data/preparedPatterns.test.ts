import { describe, expect, it } from "vitest";
import type { Measurement } from "../../src/data/dataset.ts";
import { memoryPatterns } from "../../src/data/memoryPatterns.ts";
import { type OrientationName, orientations } from "../../src/data/orientations.ts";
import type { PatternOperation } from "../../src/data/patternOperation.ts";
import { preparedMask } from "../../src/data/patternOperations.ts";
import { preparedPatterns } from "../../src/data/preparedPatterns.ts";

const counts = Float32Array.from({ length: 2 * 6 * 6 }, (_, i) => (i * 37) % 101);
const roots = counts.map(Math.sqrt);

/** Both frames after operations, from 6 × 6 pixels unless said. */
function prepared(
  operations: readonly PatternOperation[],
  measurement: Measurement = "counts",
  data = measurement === "counts" ? counts : roots,
  sides: readonly [number, number] = [6, 6],
): number[] {
  const size = sides[0] * sides[1];
  const patterns = preparedPatterns(memoryPatterns(data, [data.length / size, ...sides]), operations, measurement);
  const out = new Float32Array(patterns.count * patterns.height * patterns.width);
  // Out of order, one left out: each frame by itself.
  patterns.read([1, 0], out);
  return Array.from(out);
}

/** Frame by frame in the order in which they are read, each pixel by its own rule. */
const expected = (height: number, width: number, at: (frame: number, y: number, x: number) => number): number[] =>
  [1, 0].flatMap((frame) =>
    Array.from({ length: height * width }, (_, i) => at(frame, Math.floor(i / width), i % width)),
  );

const pixel = (frame: number, y: number, x: number): number => counts[frame * 36 + y * 6 + x];
const turn = (name: OrientationName): PatternOperation => ({ kind: "turn", orientation: orientations[name] });
/** Amplitudes against counts: a root in float32, squared, is good to 1e-5 of these. */
const rootsOf = (found: readonly number[], wanted: readonly number[]): void => {
  expect(found.length).toBe(wanted.length);
  for (const [i, value] of wanted.entries()) expect(found[i] ** 2).toBeCloseTo(value, 3);
};

describe("operations on patterns", () => {
  it("take off a number or an image, never below zero", () => {
    const image = Float32Array.from({ length: 36 }, (_, i) => i);
    const number = expected(6, 6, (frame, y, x) => Math.max(0, pixel(frame, y, x) - 40));
    const each = expected(6, 6, (frame, y, x) => Math.max(0, pixel(frame, y, x) - (6 * y + x)));
    expect(prepared([{ kind: "subtract", counts: 40 }])).toEqual(number);
    expect(prepared([{ kind: "subtract", counts: image }])).toEqual(each);
    rootsOf(prepared([{ kind: "subtract", counts: 40 }], "amplitude"), number);
    rootsOf(prepared([{ kind: "subtract", counts: image }], "amplitude"), each);
  });

  it("make few counts zero, and counts photons", () => {
    const few = expected(6, 6, (frame, y, x) => (pixel(frame, y, x) < 50 ? 0 : pixel(frame, y, x)));
    expect(prepared([{ kind: "threshold", counts: 50 }])).toEqual(few);
    rootsOf(prepared([{ kind: "threshold", counts: 50 }], "amplitude"), few);
    const photons = expected(6, 6, (frame, y, x) => pixel(frame, y, x) / 4);
    expect(prepared([{ kind: "gain", countsPerPhoton: 4 }])).toEqual(photons);
    rootsOf(prepared([{ kind: "gain", countsPerPhoton: 4 }], "amplitude"), photons);
  });

  it("move a window, with zeros outside", () => {
    const window = { kind: "window", top: -2, left: 3, height: 5, width: 7 } as const;
    expect(prepared([window])).toEqual(
      expected(5, 7, (frame, y, x) => (y >= 2 && x < 3 ? pixel(frame, y - 2, x + 3) : 0)),
    );
  });

  it("add up bins: counts, or squares of amplitudes, a rest left out", () => {
    const sums = (factor: number, side: number): number[] =>
      expected(side, side, (frame, y, x) => {
        let sum = 0;
        for (let i = 0; i < factor; i++)
          for (let j = 0; j < factor; j++) sum += pixel(frame, factor * y + i, factor * x + j);
        return sum;
      });
    expect(prepared([{ kind: "bin", factor: 2 }])).toEqual(sums(2, 3));
    expect(prepared([{ kind: "bin", factor: 4 }])).toEqual(sums(4, 1));
    rootsOf(prepared([{ kind: "bin", factor: 3 }], "amplitude"), sums(3, 2));
    // Two and three times is six times.
    expect(
      prepared([
        { kind: "bin", factor: 2 },
        { kind: "bin", factor: 3 },
      ]),
    ).toEqual(prepared([{ kind: "bin", factor: 6 }]));
  });

  it("turn about the zero frequency: as images of odd sides are turned", () => {
    const image = Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const both = Float32Array.from([...image, ...image]);
    const turned = (name: OrientationName): string =>
      prepared([turn(name)], "counts", both, [3, 3])
        .slice(0, 9)
        .join("");
    expect(turned("rotate90")).toBe("369258147");
    expect(turned("rotate180")).toBe("987654321");
    expect(turned("rotate270")).toBe("741852963");
    expect(turned("flip_y")).toBe("789456123");
    expect(turned("flip_x")).toBe("321654987");
    expect(turned("transpose")).toBe("147258369");
    expect(turned("antitranspose")).toBe("963852741");
  });

  it.each([[[5, 5]], [[6, 6]]] as const)("four quarter turns, and each mirror twice, change nothing of %j", (sides) => {
    const size = sides[0] * sides[1];
    const data = counts.slice(0, 2 * size);
    const same = prepared([], "counts", data, sides);
    const run = (...names: OrientationName[]): number[] => prepared(names.map(turn), "counts", data, sides);
    expect(run("rotate90", "rotate90", "rotate90", "rotate90")).toEqual(same);
    for (const name of ["rotate180", "flip_y", "flip_x", "transpose", "antitranspose"] as const)
      expect(run(name, name), name).toEqual(same);
    expect(run("rotate90", "rotate270")).toEqual(same);
    expect(run("rotate90", "rotate90")).toEqual(run("rotate180"));
    expect(run("transpose", "flip_y")).toEqual(run("rotate90"));
    expect(run("flip_y", "flip_x")).toEqual(run("rotate180"));
    // The zero frequency stays where it is.
    const centre = new Float32Array(2 * size);
    centre[Math.floor(sides[0] / 2) * sides[1] + Math.floor(sides[1] / 2)] = 1;
    for (const name of Object.keys(orientations) as OrientationName[])
      expect(prepared([turn(name)], "counts", centre, sides), name).toEqual(prepared([], "counts", centre, sides));
  });

  it("exchange the sides of patterns that are not square", () => {
    const data = counts.slice(0, 2 * 3 * 4);
    const found = prepared([turn("transpose")], "counts", data, [3, 4]);
    expect(found).toEqual(expected(4, 3, (frame, y, x) => data[frame * 12 + x * 4 + y]));
  });

  it("are done in their order", () => {
    const found = prepared([
      { kind: "subtract", counts: 10 },
      { kind: "window", top: 1, left: 0, height: 4, width: 4 },
      { kind: "bin", factor: 2 },
      turn("flip_x"),
    ]);
    expect(found).toEqual(
      expected(2, 2, (frame, y, x) => {
        const column = x === 0 ? 0 : 1;
        let sum = 0;
        for (let i = 0; i < 2; i++)
          for (let j = 0; j < 2; j++) sum += Math.max(0, pixel(frame, 1 + 2 * y + i, 2 * column + j) - 10);
        return sum;
      }),
    );
  });

  it("leave a mask as the patterns then are: what is new is not valid, nor a bin with a bad pixel", () => {
    const mask = new Float32Array(36).fill(1);
    mask[0] = 0;
    const filled = preparedMask(mask, [6, 6], [{ kind: "window", top: -1, left: -1, height: 8, width: 8 }]);
    expect(filled.reduce((sum, value) => sum + value, 0)).toBe(35);
    expect([filled[0], filled[9], filled[10]]).toEqual([0, 0, 1]);
    const binned = preparedMask(
      mask,
      [6, 6],
      [{ kind: "subtract", counts: 5 }, { kind: "bin", factor: 2 }, turn("rotate180")],
    );
    // Index 0 of an odd side goes to the last.
    expect(Array.from(binned)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 0]);
  });
});
