import { describe, expect, it } from "vitest";
import type { GeneratorOptions } from "../../src/nets/generator.ts";
import { generatorNamed } from "../../src/nets/registry.ts";
import { buildNetwork, defaultOptions } from "./build.ts";

const published = { N: 128, fnoWidth: 32, fnoModes: 12, fnoBlocks: 4, hybridResnetBlocks: 6 };
const bottleneck = { spectralBottleneckBlocks: 6, spectralBottleneckModes: 12 };

/** A complex weight counted once. */
function count(architecture: string, changes: Partial<GeneratorOptions>): number {
  const { specs } = buildNetwork(
    architecture,
    { batch: 1, channels: 1 },
    { ...published, ...bottleneck, ...changes },
  ).parameters;
  return specs
    .filter(({ name }) => !name.endsWith("_im"))
    .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

describe("parameters of the spectral encoder and upsampling decoder", () => {
  // By hand, for widths 32, 64, 128, 128 of the encoder blocks: Σw² = 37,888, Σw = 352.
  const lifter = 9 * 32 + 32 + 9 * 32 ** 2 + 32;
  const encoder = (144 + 9) * 37_888 + 352;
  const down = 4 * 32 * 64 + 64 + 4 * 64 * 128 + 128;
  const up = 16 * 128 * 64 + 2 * 64 + 16 * 64 * 32 + 2 * 32;
  const output = 32 * 2 + 2;
  const shell = lifter + encoder + down + up + output;
  // Two 3×3 convolutions without bias and two normalisations.
  const block = 2 * 9 * 128 ** 2 + 4 * 128;
  const spectral = 2 * 12 * 128 ** 2;
  // A 3×3 convolution of 2w instead of w channels, and pixelwise maps w → 2w → w.
  const wider = (4 * 9 - 9 + 2 + 2) * 37_888 + (2 - 1 + 2 + 1) * 352;

  it.each([
    ["hybrid_resnet", {}, shell + 6 * block + 1],
    ["hybrid_resnet", { hybridResnetBlocks: 10 }, shell + 10 * block + 1],
    ["hybrid_resnet", { hybridSkipConnections: true }, shell + 6 * block + 1 + 64 ** 2 + 64 + 32 ** 2 + 32],
    ["hybrid_resnet", { hybridDownsampleOp: "avgpool_conv" }, shell + 6 * block + 1 - 3 * (32 * 64 + 64 * 128)],
    ["hybrid_resnet", { hybridEncoderConvHiddenScale: 2 }, shell + 6 * block + 1 + wider],
    ["spectral_resnet_bottleneck", {}, shell + 6 * block + 1 + spectral + 1],
    ["spectral_resnet_bottleneck", { spectralBottleneckShareWeights: false }, shell + 6 * (block + spectral) + 2],
    ["spectral_resnet_bottleneck", { spectralBottleneckGateMode: "per_block" }, shell + 6 * block + 1 + spectral + 6],
  ] as const)("%s %o", (architecture, changes, expected) => {
    expect(count(architecture, changes)).toBe(expected);
  });

  it("are the published 9,003,299 with wide local branches, but for what means nothing or was counted twice", () => {
    expect(count("hybrid_resnet", {})).toBe(7_784_579);
    // Biases that the next normalisation subtracts: of twelve convolutions of 128 channels and of the two enlargements.
    const biases = 12 * 128 + 64 + 32;
    // In the reference the halvings have two names.
    expect(count("hybrid_resnet", { hybridEncoderConvHiddenScale: 2 }) + biases + down).toBe(9_003_299);
  });
});

it("keeps the frequencies that a halved image has, where it has fewer than asked for", () => {
  const { parameters } = buildNetwork(
    "spectral_resnet_bottleneck",
    { batch: 1, channels: 1 },
    {
      N: 32,
      fnoModes: 12,
      fnoBlocks: 3,
      spectralBottleneckModes: 12,
    },
  );
  const modes = (name: string): number => parameters.specs.find((spec) => spec.name === name)!.shape.at(-1)!;
  expect(modes("encoder.0.spectral.weights_re")).toBe(12);
  expect(modes("encoder.1.spectral.weights_re")).toBe(9);
  expect(modes("encoder.2.spectral.weights_re")).toBe(5);
  expect(modes("bottleneck.shared.spectral.weights_x_re")).toBe(5);
});

it.each([
  ["hybrid_resnet", { fnoBlocks: 1 }, /at most fno_blocks 1/],
  ["hybrid_resnet", { fnoModes: 34 }, /at most N\/2 \+ 1 = 33/],
  ["neuralop_uno", { fnoModes: 33 }, /at most N\/2 = 32/],
] as const)("%s refuses %o", (architecture, changes, message) => {
  const { check } = generatorNamed(architecture);
  expect(() => check!({ ...defaultOptions, ...changes })).toThrow(message);
  expect(() => check!(defaultOptions)).not.toThrow();
});
