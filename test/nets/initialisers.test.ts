import { describe, expect, it } from "vitest";
import { computeScales, normalisePatterns, scaledProbe } from "../../src/data/normalisation.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import { probeChannels } from "../../src/nets/conditioning.ts";
import { initialisation } from "../../src/nets/initialisers.ts";
import { generatorNames } from "../../src/nets/registry.ts";
import { Random } from "../../src/random.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { evaluate, norm } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";
import { buildCnn, buildNetwork, freshValues } from "./build.ts";

const meanSquare = (x: ArrayLike<number>): number => norm(x) ** 2 / x.length;
const variance = (x: Float32Array): number => {
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  return meanSquare(x.map((v) => v - mean));
};

describe("weights", () => {
  const random = (): Random => new Random(6);
  const shape = [64, 32, 3, 3];

  it("of torch are uniform within ±1/√fanIn, biases too", () => {
    const values = initialisation("torch").weights(2)(shape, random());
    const bound = 1 / Math.sqrt(32 * 9);
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(Math.fround(bound));
    expect(variance(values) / (bound ** 2 / 3)).toBeCloseTo(1, 1);
    expect(Math.max(...initialisation("torch").bias(16, 0)([1000], random()).map(Math.abs))).toBeCloseTo(0.25, 2);
  });

  it("of glorot are uniform with variance 2 / (fanIn + fanOut), biases zero", () => {
    const values = initialisation("glorot").weights(2)(shape, random());
    expect(variance(values) / (2 / (9 * 32 + 9 * 64))).toBeCloseTo(1, 1);
    expect(initialisation("glorot").bias(16, 3)([2], random())).toEqual(new Float32Array(2));
  });

  it("of variance_preserving are normal with deviation gain/√fanIn, biases as wanted", () => {
    const values = initialisation("variance_preserving").weights(1.5)(shape, random());
    expect(variance(values) / (1.5 ** 2 / (9 * 32))).toBeCloseTo(1, 1);
    expect(initialisation("variance_preserving").bias(16, [1, 2])([2], random())).toEqual(Float32Array.of(1, 2));
  });

  it.each([
    ["variance_preserving", 1.5 ** 2 / 8],
    ["torch", 1 / 8 / 3],
    ["glorot", 6 / (8 + 16) / 3],
  ])("of %s, complex, share their variance between both parts and count channels only", (scheme, both) => {
    const part = initialisation(scheme).spectralWeights(1.5)([8, 16, 12, 12], random());
    expect((2 * variance(part)) / both).toBeCloseTo(1, 1);
  });

  it("of an unknown scheme are refused", () => {
    expect(() => initialisation("xavier")).toThrow(/glorot/);
  });
});

/** Network input from two far apart patterns of one simulated scan with counting noise. */
const twoPatterns = (N: number): Float32Array => patternsAndProbe(N).x;

/** Two patterns of a scan and its probe, as networks see them. */
function patternsAndProbe(N: number): { readonly x: Float32Array; readonly probe: Float32Array } {
  const dataset = simulate({ n: N, patterns: 24, seed: 3, photons: 1e5 });
  const frames = Array.from({ length: 24 }, (_, i) => i);
  const x = new Float32Array(2 * N * N);
  dataset.patterns.read([0, 17], x);
  const scales = computeScales(dataset, frames);
  normalisePatterns(x, dataset.measurement, scales);
  return { x, probe: Float32Array.from(probeChannels(scaledProbe(dataset.probe, scales)).data) };
}

/**
 * Measured here, variance_preserving against torch: mean square behind the encoder over that of the input, and relative
 * change of the amplitude between two patterns that differ by 0.07, 0.12 and 0.14.
 *
 * | attention |         | N = 64           | N = 128          | N = 256          |
 * |-----------|---------|------------------|------------------|------------------|
 * | off       | encoder | 0.88    : 2e-3   | 1.0     : 7e-4   | 0.07    : 6e-4   |
 * |           | change  | 2e-3    : 4e-5   | 7e-3    : 2e-6   | 2e-3    : 2e-8   |
 * | on        | encoder | 1.0     : 6e-5   | 0.61    : 4e-5   | 0.46    : 5e-5   |
 * |           | change  | 3e-3    : 6e-7   | 5e-3    : 3e-7   | 5e-3    : 6e-8   |
 */
describe("a fresh network of variance_preserving weights", () => {
  it.each([64, 128, 256].flatMap((N) => [false, true].map((attention) => [N, attention] as const)))(
    "keeps the signal's level through its depth and sees its input: N = %i, attention %s",
    async (N, attention) => {
      const network = buildCnn({ batch: 2, channels: 1 }, { N, cbamEncoder: attention });
      const x = twoPatterns(N);
      const depth = blockOutputs(network.graph.nodes);
      const [amplitude, phase] = network.outputs;
      const values: Record<string, Float32Array> = await evaluate(
        { ...depth, amplitude, phase },
        { x, ...freshValues(network, 5) },
      );
      for (const name of Object.keys(depth)) {
        const ratio = meanSquare(values[name]) / meanSquare(x);
        expect(ratio, name).toBeGreaterThan(tolerances.freshSignal.level[0]);
        expect(ratio, name).toBeLessThan(tolerances.freshSignal.level[1]);
      }
      expect(changeBetweenSamples(values["amplitude"])).toBeGreaterThan(tolerances.freshSignal.change);
      expect(changeBetweenSamples(values["phase"])).toBeGreaterThan(tolerances.freshSignal.change);
      // It starts near a unit object, which reproduces the mean energy of the patterns.
      const { rest, flatness } = tolerances.freshSignal;
      const mean = values["amplitude"].reduce((a, b) => a + b, 0) / values["amplitude"].length;
      expect(Math.abs(mean - 1)).toBeLessThan(rest);
      expect(Math.sqrt(variance(values["amplitude"]))).toBeLessThan(flatness);
      expect(Math.sqrt(meanSquare(values["phase"]))).toBeLessThan(flatness);
    },
  );

  it.each([
    ...generatorNames.map((name) => [name, 1, {}] as const),
    ["cnn", 1, { ecaEncoder: true, cbamDecoder: true, ecaDecoder: true, spatialDecoder: true }],
    ["fno", 1, { fnoInputTransform: "instancenorm" }],
    ["fno_vanilla", 0.8, { generatorOutputMode: "amp_phase" }],
    ["fno_vanilla", 1, { fnoStableBlocks: true, fnoInputTransform: "sqrt" }],
    ["hybrid_resnet", 1, { hybridSkipConnections: true, fnoInputTransform: "log1p" }],
    ["hybrid_resnet", 1, { inputConditioning: "probe_real_imag", hybridEncoderConvHiddenScale: 2 }],
    ["spectral_resnet_bottleneck", 0.8, { generatorOutputMode: "amp_phase_logits" }],
    ["ffno", 0.8, { ffnoEncoderShareWeights: false, generatorOutputMode: "amp_phase_logits" }],
  ] as const)("of every generator sees its input and rests at its level: %s, %d, %o", async (name, level, changes) => {
    const sizes = { fnoWidth: 32, fnoModes: 12, fnoBlocks: 4, fnoCnnBlocks: 2 };
    const network = buildNetwork(name, { batch: 2, channels: 1 }, { ...sizes, ...changes });
    const [first, second] = network.outputs;
    const values = await evaluate({ first, second }, { ...patternsAndProbe(64), ...freshValues(network, 5) });
    const { rest, flatness, change } = tolerances.freshSignal;
    const mean = values.first.reduce((a, b) => a + b, 0) / values.first.length;
    expect(Math.abs(mean - level)).toBeLessThan(rest);
    expect(Math.sqrt(variance(values.first))).toBeLessThan(flatness);
    expect(Math.sqrt(meanSquare(values.second))).toBeLessThan(flatness);
    expect(changeBetweenSamples(values.first)).toBeGreaterThan(change);
  });

  it.each([
    [{ ampActivation: "sigmoid" }, 0.8],
    [{ sharedDecoder: true }, 1],
    [{ cbamBottleneck: true }, 1],
    [{ sharedDecoder: true, ampActivation: "sigmoid" }, 0.8],
    [{ cnnOutputMode: "real_imag" }, 1],
    [{ sharedDecoder: true, cnnOutputMode: "real_imag" }, 1],
  ] as const)("rests at its level with %o", async (changes, level) => {
    const network = buildCnn({ batch: 2, channels: 1 }, changes);
    const [first, second] = network.outputs;
    const values = await evaluate({ first, second }, { x: twoPatterns(64), ...freshValues(network, 5) });
    const mean = (v: Float32Array): number => v.reduce((a, b) => a + b, 0) / v.length;
    expect(Math.abs(mean(values.first) - level)).toBeLessThan(tolerances.freshSignal.rest);
    expect(Math.abs(mean(values.second))).toBeLessThan(tolerances.freshSignal.flatness);
  });
});

/** The last value of every encoder and decoder block. */
function blockOutputs(nodes: readonly { readonly scope: string; readonly outputs: readonly Tensor[] }[]) {
  const outputs: Record<string, Tensor> = {};
  for (const { scope, outputs: made } of nodes) {
    const block = /^(encoder|amplitude|phase)\.\d+/.exec(scope)?.[0];
    if (block !== undefined && made[0].rank === 4) outputs[block] = made[0];
  }
  return outputs;
}

/** Relative difference of the two samples. */
function changeBetweenSamples(x: Float32Array): number {
  const half = x.length / 2;
  return norm(x.subarray(0, half).map((v, i) => v - x[half + i])) / norm(x);
}
