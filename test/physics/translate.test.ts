import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Graph } from "../../src/graph/tensor.ts";
import { translate } from "../../src/physics/translate.ts";
import { Random } from "../../src/random.ts";
import { evaluate, maxDeviation, normals } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";

async function shifted(
  image: Float32Array,
  [h, w]: readonly [number, number],
  [dy, dx]: readonly [number, number],
  size?: readonly [number, number],
): Promise<Float32Array> {
  const graph = new Graph();
  const out = translate(graph.input("image", [h, w]), graph.input("d", [2]), size);
  return (await evaluate({ out }, { image, d: Float32Array.of(dy, dx) })).out;
}

/** f(u − d) by the textbook four-tap formula; centres floor(n/2) of both grids coincide. */
function bilinear(
  image: Float32Array,
  [h, w]: readonly [number, number],
  [dy, dx]: readonly [number, number],
  [H, W]: readonly [number, number],
): number[] {
  const at = (y: number, x: number): number => (y >= 0 && y < h && x >= 0 && x < w ? image[y * w + x] : 0);
  return Array.from({ length: H * W }, (_, k) => {
    const y = Math.floor(k / W) - Math.floor(H / 2) + Math.floor(h / 2) - dy;
    const x = (k % W) - Math.floor(W / 2) + Math.floor(w / 2) - dx;
    const [i, j] = [Math.floor(y), Math.floor(x)];
    const [p, q] = [y - i, x - j];
    return (1 - p) * ((1 - q) * at(i, j) + q * at(i, j + 1)) + p * ((1 - q) * at(i + 1, j) + q * at(i + 1, j + 1));
  });
}

describe("translation", () => {
  it("moves content by +d", async () => {
    const image = new Float32Array(7 * 9);
    image[2 * 9 + 3] = 1;
    const out = await shifted(image, [7, 9], [3, -2]);
    expect(out.indexOf(1)).toBe(5 * 9 + 1);
    expect(out.reduce((a, b) => a + b)).toBe(1);
  });

  it("is bilinear interpolation, whatever the sizes and the shift", async () => {
    const side = fc.integer({ min: 1, max: 9 });
    const shift = fc.double({ min: -6, max: 6, noNaN: true }).map(Math.fround);
    await fc.assert(
      fc.asyncProperty(side, side, side, side, shift, shift, fc.integer(), async (h, w, H, W, dy, dx, seed) => {
        const image = normals(new Random(seed), h * w);
        const out = await shifted(image, [h, w], [dy, dx], [H, W]);
        const difference = bilinear(image, [h, w], [dy, dx], [H, W]).map((value, i) => Math.abs(value - out[i]));
        return Math.max(...difference) < tolerances.float32Rounding * Math.max(...image.map(Math.abs));
      }),
      { numRuns: 40 },
    );
  });

  it("loses what leaves the frame", async () => {
    const image = normals(new Random(1), 25);
    expect(await shifted(image, [5, 5], [0, 5.5])).toEqual(new Float32Array(25));
  });

  it("shifts every image of a batch by its own amount", async () => {
    const graph = new Graph();
    const out = translate(graph.input("image", [2, 1, 4, 4]), graph.input("d", [2, 3, 2]));
    const image = normals(new Random(2), 32);
    const d = Float32Array.of(0, 0, 1, 0, 0, 1, -1, 0, 0.5, 0.5, 0, -1.25);
    const values = (await evaluate({ out }, { image, d })).out;
    expect(out.shape).toEqual([2, 3, 4, 4]);
    for (let k = 0; k < 6; k++) {
      const own = image.subarray(16 * Math.floor(k / 3), 16 * Math.floor(k / 3) + 16);
      const expected = bilinear(own, [4, 4], [d[2 * k], d[2 * k + 1]], [4, 4]);
      expect(maxDeviation(values.subarray(16 * k, 16 * k + 16), expected)).toBeLessThan(tolerances.float32Rounding);
    }
  });
});
