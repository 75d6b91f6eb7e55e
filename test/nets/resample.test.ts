import { describe, expect, it } from "vitest";
import { Graph } from "../../src/graph/tensor.ts";
import { resample } from "../../src/nets/resample.ts";
import { evaluate, maxDeviation } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";

/** A function of (y, x) from 0 to 1, on a grid that has both ends. */
function sampled(f: (y: number, x: number) => number, side: number): Float32Array {
  return Float32Array.from({ length: side * side }, (_, i) =>
    f(Math.floor(i / side) / (side - 1), (i % side) / (side - 1)),
  );
}

async function resampled(image: Float32Array, from: number, to: number): Promise<Float32Array> {
  const x = new Graph().input("x", [1, 1, from, from]);
  return (await evaluate({ out: resample(x, to) }, { x: image })).out;
}

describe("bicubic resampling", () => {
  it("keeps constants and the corners", async () => {
    const image = sampled((y, x) => 3 + Math.cos(5 * y) * x, 16);
    const half = await resampled(image, 16, 8);
    for (const [at, corner] of [
      [0, 0],
      [7, 15],
      [56, 240],
      [63, 255],
    ] as const) {
      expect(half[at]).toBeCloseTo(image[corner], 5);
    }
    const flat = await resampled(new Float32Array(64).fill(2), 8, 16);
    expect(maxDeviation(flat, new Float32Array(256).fill(2))).toBeLessThan(tolerances.otherSummationOrder);
  });

  it("is the kernel of Keys with a = −3/4 at half a pixel: −3, 19, 19, −3 over 32", async () => {
    // From 5 to 9 pixels every second one lies half-way between two.
    const row = [1, 4, -2, 3, 5];
    const image = Float32Array.from({ length: 25 }, (_, i) => row[i % 5]);
    const out = await resampled(image, 5, 9);
    expect(out[2]).toBeCloseTo(4, 5);
    expect(out[3]).toBeCloseTo((-3 * 1 + 19 * 4 + 19 * -2 - 3 * 3) / 32, 5);
    // Beyond the edge pixels are those on it.
    expect(out[1]).toBeCloseTo((-3 * 1 + 19 * 1 + 19 * 4 - 3 * -2) / 32, 5);
    // Rows like columns.
    const turned = await resampled(
      Float32Array.from({ length: 25 }, (_, i) => row[Math.floor(i / 5)]),
      5,
      9,
    );
    expect(turned[3 * 9]).toBeCloseTo(out[3], 5);
  });
});
