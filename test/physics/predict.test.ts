import { describe, expect, it } from "vitest";
import { splitComplex } from "../../src/arrays.ts";
import { gradients } from "../../src/graph/gradients.ts";
import { mul } from "../../src/graph/ops/elementwise.ts";
import { sum } from "../../src/graph/ops/reduce.ts";
import { Graph, type Tensor } from "../../src/graph/tensor.ts";
import { withHermiteModes } from "../../src/optics/probeModes.ts";
import { extractPatch } from "../../src/optics/sampling.ts";
import { extractGroup, mergeGroup } from "../../src/physics/group.ts";
import { predictIntensity, rectangularScale } from "../../src/physics/predict.ts";
import { farField } from "../../src/physics/propagation/farField.ts";
import { Random } from "../../src/random.ts";
import { diffract } from "../../src/simulation/diffraction.ts";
import { dot, evaluate, maxDeviation, norm, normals } from "../evaluate.ts";
import { predictAmplitude } from "../parity/reference/predictAmplitude.ts";
import { tolerances } from "../tolerances.ts";
import { complexConstant, complexFeed, complexInput } from "./inputs.ts";

const N = 24;

function scene(modes: number) {
  const random = new Random(12);
  const object = { shape: [60, 60], data: normals(random, 2 * 60 * 60) };
  const bare = new Float32Array(2 * N * N);
  for (let y = 0; y < N; y++) {
    for (let x = 0; x < N; x++) {
      const square = (y - 13) ** 2 + (x - 11) ** 2;
      bare[2 * (y * N + x)] = Math.exp(-square / 30) * Math.cos(square / 25);
      bare[2 * (y * N + x) + 1] = Math.exp(-square / 30) * Math.sin(square / 25);
    }
  }
  const powers = Array.from({ length: modes }, (_, k) => 0.5 ** k);
  const probe = withHermiteModes({ shape: [1, N, N], data: bare }, powers);
  const positions = Float64Array.of(20, 24.5, 30.25, 19, 33, 31.75);
  const frames = positions.length / 2;
  const patches = { re: new Float32Array(frames * N * N), im: new Float32Array(frames * N * N) };
  for (let k = 0; k < frames; k++) {
    const patch = new Float64Array(2 * N * N);
    extractPatch(object, positions[2 * k], positions[2 * k + 1], N, patch);
    const parts = splitComplex({ shape: [N, N], data: Float32Array.from(patch) });
    patches.re.set(parts.re, k * N * N);
    patches.im.set(parts.im, k * N * N);
  }
  return { object, probe, positions, frames, patches };
}

describe("predictions", () => {
  it.each([1, 3])("intensity is the simulator's, which adds %i modes in float64", async (modes) => {
    const { object, probe, positions, frames, patches } = scene(modes);
    const simulated = diffract(object, probe, positions, 1e5);
    const graph = new Graph();
    const intensity = predictIntensity(
      complexInput(graph, "patches", [frames, 1, N, N]),
      complexConstant(graph, simulated.probe.shape, splitComplex(simulated.probe)),
      farField,
    );
    const values = await evaluate({ intensity }, complexFeed("patches", patches));
    expect(maxDeviation(values.intensity, simulated.intensity)).toBeLessThan(tolerances.otherSummationOrder);
  });

  it("amplitude of one mode is the root of the intensity; several are added before it is taken", async () => {
    const { probe, frames, patches } = scene(2);
    const graph = new Graph();
    const object = complexInput(graph, "patches", [frames, 1, N, N]);
    const { re, im } = splitComplex(probe);
    const both = complexConstant(graph, [2, N, N], { re, im });
    const added = (part: Float32Array) => part.subarray(0, N * N).map((value, i) => value + part[N * N + i]);
    const one = complexConstant(graph, [1, N, N], { re: added(re), im: added(im) });
    const values = await evaluate(
      {
        amplitude: predictAmplitude(object, both, {
          propagator: farField,
          probeScale: 2,
          outputScale: 0.5,
          physicsGain: 3,
        }),
        intensity: predictIntensity(object, one, farField),
      },
      complexFeed("patches", patches),
    );
    // 3 / (2 · 0.5)
    const expected = values.intensity.map((value) => 3 * Math.sqrt(value));
    expect(maxDeviation(values.amplitude, expected)).toBeLessThan(tolerances.otherSummationOrder);
  });

  it("a dark pixel's amplitude has a finite slope", async () => {
    const graph = new Graph();
    const object = complexInput(graph, "o", [1, 1, 4, 4]);
    const probe = complexInput(graph, "p", [1, 4, 4]);
    const amplitude = predictAmplitude(object, probe, { propagator: farField, probeScale: 1, outputScale: 1 });
    const [slope] = gradients(sum(amplitude), [object.re]);
    const zero = new Float32Array(16);
    const ones = zero.map(() => 1);
    const values = await evaluate(
      { slope: slope },
      { ...complexFeed("o", { re: zero, im: zero }), ...complexFeed("p", { re: ones, im: ones }) },
    );
    for (const value of values.slope) expect(Number.isFinite(value)).toBe(true);
  });

  it("takes a probe for each sample", async () => {
    const { probe, frames, patches } = scene(3);
    const graph = new Graph();
    const object = complexInput(graph, "patches", [frames, 1, N, N]);
    const { re, im } = splitComplex(probe);
    const values = await evaluate(
      {
        apart: predictIntensity(object, complexConstant(graph, [frames, 1, 1, N, N], { re, im }), farField),
        together: predictIntensity(object, complexConstant(graph, [3, N, N], { re, im }), farField),
        first: predictIntensity(
          object,
          complexConstant(graph, [1, N, N], { re: re.slice(0, N * N), im: im.slice(0, N * N) }),
          farField,
        ),
      },
      complexFeed("patches", patches),
    );
    const head = (x: Float32Array): Float32Array => x.subarray(0, N * N);
    expect(maxDeviation(head(values.apart), head(values.first))).toBeLessThan(tolerances.float32Rounding);
    expect(maxDeviation(values.apart, values.first)).toBeGreaterThan(0.1);
    expect(dot(values.apart, values.apart)).toBeLessThan(dot(values.together, values.together));
  });
});

describe("slopes against central differences", () => {
  const [B, C, n, side] = [1, 2, 8, 12];
  const build = (graph: Graph): Record<string, Tensor> => {
    const patches = complexInput(graph, "patches", [B, C, n, n]);
    const probe = complexInput(graph, "probe", [2, n, n]);
    const offsets = graph.input("offsets", [B, C, 2]);
    const { canvas } = mergeGroup(patches, offsets, { side, weighting: "probe", probe });
    const object = extractGroup(canvas, offsets, n);
    return {
      intensity: predictIntensity(object, probe, farField),
      rectangular: predictIntensity(rectangularScale(object, 1.4, 0.7), probe, farField),
      amplitude: predictAmplitude(object, probe, { propagator: farField, probeScale: 2, outputScale: 1 }),
    };
  };

  it.each(["intensity", "rectangular", "amplitude"])("%s through merge and extraction", async (name) => {
    const graph = new Graph();
    const output = build(graph)[name];
    const c = graph.input("c", output.shape);
    const inputs = ["patches_re", "patches_im", "probe_re", "probe_im", "offsets"];
    const random = new Random(13);
    const draw = (input: string): Float32Array => {
      const values = normals(random, graph.inputs.get(input)!.size);
      // Offsets away from whole pixels, where hat functions have kinks.
      return input === "offsets" ? values.map((_, i) => 0.4 * (i % 2 === 0 ? 1 : -1)) : values;
    };
    const at = Object.fromEntries(inputs.map((input) => [input, draw(input)]));
    const cotangent = normals(random, output.size);
    const slopes = gradients(
      sum(mul(output, c)),
      inputs.map((input) => graph.inputs.get(input)!),
    );
    const h = 0.2 * tolerances.centralDifference.step;
    for (const [i, input] of inputs.entries()) {
      const direction = normals(random, at[input].length);
      const moved = async (sign: number): Promise<Float32Array> => {
        const feeds = { ...at, [input]: at[input].map((value, j) => value + sign * h * direction[j]) };
        return (await evaluate({ value: output }, feeds)).value;
      };
      const [plus, minus] = [await moved(1), await moved(-1)];
      const difference =
        dot(
          plus.map((value, j) => value - minus[j]),
          cotangent,
        ) /
        (2 * h);
      const { slope } = await evaluate({ slope: slopes[i] }, { ...at, c: cotangent });
      expect(norm(slope), input).toBeGreaterThan(0);
      expect(Math.abs(difference - dot(slope, direction)), input).toBeLessThan(
        5 * tolerances.centralDifference.relative * norm(slope) * norm(direction),
      );
    }
  });
});
