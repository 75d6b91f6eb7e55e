import { describe, expect, it } from "vitest";
import { Graph } from "../../src/graph/tensor.ts";
import { extractGroup, groupView, mergeGroup, type PatchWeighting } from "../../src/physics/group.ts";
import { Random } from "../../src/random.ts";
import { evaluate, maxDeviation, normals } from "../evaluate.ts";
import { canvasSide } from "../parity/reference/canvasSide.ts";
import { tolerances } from "../tolerances.ts";
import { complexFeed, complexInput, type Parts } from "./inputs.ts";

const [N, SIDE] = [16, 24];
/** Whole pixels, (y, x), with mean zero. */
const OFFSETS = [-3, 1, 2, -4, -1, 2, 2, 1];
const MEMBERS = OFFSETS.length / 2;

/** The N × N window of a canvas-sized object whose centre is `(y, x)` from the canvas's. */
function windowAt(canvas: Float32Array, y: number, x: number): Float32Array {
  const [top, left] = [SIDE / 2 + y - N / 2, SIDE / 2 + x - N / 2];
  return Float32Array.from({ length: N * N }, (_, k) => canvas[(top + Math.floor(k / N)) * SIDE + left + (k % N)]);
}

function windows(canvas: Float32Array): Float32Array {
  const patches = new Float32Array(MEMBERS * N * N);
  for (let k = 0; k < MEMBERS; k++) patches.set(windowAt(canvas, OFFSETS[2 * k], OFFSETS[2 * k + 1]), k * N * N);
  return patches;
}

/** Random pixels: no symmetry that could hide a mirrored or exchanged axis. */
function randomObject(): Parts {
  const random = new Random(4);
  return { re: normals(random, SIDE * SIDE), im: normals(random, SIDE * SIDE) };
}

async function roundTrip(weighting: PatchWeighting) {
  const graph = new Graph();
  const offsets = graph.input("offsets", [1, MEMBERS, 2]);
  const probe = complexInput(graph, "probe", [2, N, N]);
  const merged = mergeGroup(complexInput(graph, "patches", [1, MEMBERS, N, N]), offsets, {
    side: SIDE,
    weighting,
    probe,
  });
  const extracted = extractGroup(merged.canvas, offsets, N);
  const object = randomObject();
  const random = new Random(9);
  const illumination = { re: normals(random, 2 * N * N), im: normals(random, 2 * N * N) };
  const values = await evaluate(
    { re: merged.canvas.re, im: merged.canvas.im, count: merged.count, cutRe: extracted.re, cutIm: extracted.im },
    {
      offsets: Float32Array.from(OFFSETS),
      ...complexFeed("patches", { re: windows(object.re), im: windows(object.im) }),
      ...(weighting === "probe" ? complexFeed("probe", illumination) : {}),
    },
  );
  return { object, illumination, values };
}

/** Σ_k of a window-sized picture placed at the offsets, by plain loops. */
function placed(weight: (y: number, x: number) => number): Float32Array {
  const canvas = new Float32Array(SIDE * SIDE);
  for (let k = 0; k < MEMBERS; k++) {
    const [top, left] = [SIDE / 2 + OFFSETS[2 * k] - N / 2, SIDE / 2 + OFFSETS[2 * k + 1] - N / 2];
    for (let y = 0; y < N; y++) for (let x = 0; x < N; x++) canvas[(top + y) * SIDE + left + x] += weight(y, x);
  }
  return canvas;
}

const central = (y: number, x: number): number =>
  y >= N / 4 && y < (3 * N) / 4 && x >= N / 4 && x < (3 * N) / 4 ? 1 : 0;

describe("groups", () => {
  it.each<PatchWeighting>(["central_mask", "uniform", "probe"])(
    "merge consistent windows into the object, and cut them out again: %s",
    async (weighting) => {
      const { object, illumination, values } = await roundTrip(weighting);
      const weight = (y: number, x: number): number => {
        if (weighting !== "probe") return central(y, x);
        const power = (i: number): number => illumination.re[i] ** 2 + illumination.im[i] ** 2;
        return power(y * N + x) + power(N * N + y * N + x);
      };
      const count = placed(weight);
      const damping = weighting === "central_mask" ? 0.001 : 0;
      const truth = (part: Float32Array): Float32Array =>
        part.map((value, i) => (count[i] > 0 ? (value * count[i]) / (count[i] + damping) : 0));
      const worst = (actual: Float32Array, expected: Float32Array): number =>
        Math.max(...actual.map((value, i) => Math.abs(value - expected[i])));
      expect(worst(values.count, count)).toBeLessThan(tolerances.float32Rounding * Math.max(...count));
      for (const [canvas, cut, part] of [
        [values.re, values.cutRe, object.re],
        [values.im, values.cutIm, object.im],
      ] as const) {
        expect(worst(canvas, truth(part))).toBeLessThan(tolerances.otherSummationOrder);
        expect(worst(cut, windows(truth(part)))).toBeLessThan(tolerances.otherSummationOrder);
      }
    },
  );

  it("has a canvas no larger than it must be", () => {
    expect(canvasSide(64, 2, 3)).toBe(68);
    expect(canvasSide(64, 2, 4)).toBe(68);
    expect(canvasSide(64, 2, 4.01)).toBe(70);
    expect(canvasSide(64, 3, 2.5)).toBe(72);
    expect(canvasSide(65, 1, 10)).toBe(65);
    expect(() => canvasSide(64, 2, Number.NaN)).toThrow(/length in pixels/);
  });

  it("does not let one group change another", async () => {
    const merge = async (patches: Float32Array, groups: number): Promise<Float32Array> => {
      const graph = new Graph();
      const input = complexInput(graph, "patches", [groups, 1, N, N]);
      const probe = complexInput(graph, "probe", [1, N, N]);
      const offsets = graph.input("offsets", [groups, 1, 2]);
      const { canvas } = mergeGroup(input, offsets, { side: SIDE, weighting: "probe", probe });
      const faint = Float32Array.from({ length: N * N }, (_, i) => 10 ** (-4 * (i / (N * N))));
      return (
        await evaluate(
          { re: canvas.re },
          {
            ...complexFeed("patches", { re: patches, im: patches }),
            ...complexFeed("probe", { re: faint, im: faint }),
            offsets: Float32Array.from({ length: 2 * groups }, (_, i) => (i < 2 ? 0.5 : 0)),
          },
        )
      ).re;
    };
    const both = normals(new Random(8), 2 * N * N);
    const alone = await merge(both.subarray(0, N * N), 1);
    expect((await merge(both, 2)).subarray(0, SIDE * SIDE)).toEqual(alone);
  });

  it("weights each group by a probe of its own, where there is one a sample", async () => {
    const [groups, random] = [2, new Random(8)];
    const part = (): Float32Array => normals(random, groups * N * N);
    const [patches, probes] = [
      { re: part(), im: part() },
      { re: part(), im: part() },
    ];
    const merge = async (own: (data: Float32Array) => Float32Array, count: number): Promise<Float32Array> => {
      const graph = new Graph();
      const probe = complexInput(graph, "probe", [count, 1, 1, N, N]);
      const offsets = graph.constant(
        Float32Array.from({ length: 2 * count }, () => 1.5),
        [count, 1, 2],
      );
      const input = complexInput(graph, "patches", [count, 1, N, N]);
      const { canvas } = mergeGroup(input, offsets, { side: SIDE, weighting: "probe", probe });
      const feed = (name: string, { re, im }: Parts) => complexFeed(name, { re: own(re), im: own(im) });
      return (await evaluate({ re: canvas.re }, { ...feed("patches", patches), ...feed("probe", probes) })).re;
    };
    const together = await merge((data) => data, groups);
    for (let g = 0; g < groups; g++) {
      const alone = await merge((data) => data.subarray(g * N * N, (g + 1) * N * N), 1);
      expect(together.subarray(g * SIDE * SIDE, (g + 1) * SIDE * SIDE)).toEqual(alone);
    }
  });

  it("say of each patch what all see there, weighted by their light", async () => {
    const [groups, random] = [2, new Random(3)];
    const draw = (): Float32Array => normals(random, groups * MEMBERS * N * N);
    const [patches, light] = [{ re: draw(), im: draw() }, draw().map((v) => v * v)];
    // Dark columns: places that no patch lights.
    for (let i = 0; i < light.length; i++) if (i % N < 3) light[i] = 0;
    const graph = new Graph();
    const offsets = graph.constant(Float32Array.from([...OFFSETS, ...OFFSETS.map((v) => -v)]), [groups, MEMBERS, 2]);
    const view = groupView(offsets, graph.constant(light, [groups, MEMBERS, N, N]));
    const seen = await evaluate(view(complexInput(graph, "patches", [groups, MEMBERS, N, N])), {
      ...complexFeed("patches", patches),
    });
    let dark = 0;
    for (const part of ["re", "im"] as const) {
      const expected = seen[part].map((_, i) => {
        const [x, y, patch] = [i % N, Math.floor(i / N) % N, Math.floor(i / (N * N))];
        const [k, group] = [patch % MEMBERS, Math.floor(patch / MEMBERS)];
        const sign = group === 0 ? 1 : -1;
        let [sum, count] = [0, 0];
        for (let j = 0; j < MEMBERS; j++) {
          const from = (axis: 0 | 1): number => sign * (OFFSETS[2 * k + axis] - OFFSETS[2 * j + axis]);
          const [v, u] = [y + from(0), x + from(1)];
          if (v < 0 || v >= N || u < 0 || u >= N) continue;
          const at = ((group * MEMBERS + j) * N + v) * N + u;
          sum += light[at] * patches[part][at];
          count += light[at];
        }
        if (count === 0) dark++;
        return count === 0 ? 0 : sum / count;
      });
      expect(maxDeviation(seen[part], expected)).toBeLessThan(tolerances.otherSummationOrder);
    }
    expect(dark).toBeGreaterThan(0);
  });

  it("leave a patch as it is that is alone, wherever it lies", async () => {
    const graph = new Graph();
    const view = groupView(
      graph.constant(Float32Array.of(0.3, -1.7), [1, 1, 2]),
      graph.constant(new Float32Array(N * N).fill(1), [1, 1, N, N]),
    );
    const patch = { re: normals(new Random(1), N * N), im: normals(new Random(2), N * N) };
    const seen = await evaluate(view(complexInput(graph, "patch", [1, 1, N, N])), complexFeed("patch", patch));
    expect(maxDeviation(seen.re, patch.re)).toBeLessThan(tolerances.float32Rounding);
    expect(() => view(complexInput(graph, "two", [1, 2, N, N]))).toThrow(/patches \[1, 1, 16, 16\]/);
  });

  it("needs a probe to weight by it", () => {
    const graph = new Graph();
    const patches = complexInput(graph, "patches", [1, 4, N, N]);
    const offsets = graph.input("offsets", [1, 4, 2]);
    expect(() => mergeGroup(patches, offsets, { side: SIDE, weighting: "probe" })).toThrow(/none is given/);
    expect(() => mergeGroup(patches, graph.input("wrong", [1, 3, 2]), { side: SIDE, weighting: "uniform" })).toThrow(
      /offsets \[B, C, 2\]/,
    );
  });
});
