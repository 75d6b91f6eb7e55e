import { describe, expect, it } from "vitest";
import { inverseSilu } from "../../src/nets/activations.ts";
import { cnnLayout } from "../../src/nets/cnnLayout.ts";
import type { GeneratorOptions } from "../../src/nets/generator.ts";
import { buildNetwork } from "../../src/nets/network.ts";
import { countTrainable } from "../../src/nets/parameters.ts";
import { generatorNamed } from "../../src/nets/registry.ts";
import { Random } from "../../src/random.ts";
import { evaluate, normals } from "../evaluate.ts";
import { buildCnn, defaultOptions, freshValues } from "./build.ts";

describe("layout", () => {
  it("is the reference's table for N = 64, 128, 256", () => {
    expect(cnnLayout(64, 2)).toEqual({ encoder: [64, 128, 256], decoder: [128, 64], bottleneck: 8 });
    expect(cnnLayout(128, 2)).toEqual({ encoder: [32, 64, 128, 256], decoder: [256, 128, 64], bottleneck: 8 });
    expect(cnnLayout(256, 1)).toEqual({ encoder: [8, 16, 32, 64, 128], decoder: [256, 128, 64, 32], bottleneck: 8 });
  });

  it.each([
    [32, [64, 128], [32], 8],
    [40, [64, 128], [32], 10],
    [96, [32, 64, 128], [64, 32], 12],
    [136, [32, 64, 128], [64, 32], 17],
    [160, [16, 32, 64, 128], [128, 64, 32], 10],
    [192, [16, 32, 64, 128], [128, 64, 32], 12],
  ])("follows the rule for N = %i", (N, encoder, decoder, bottleneck) => {
    expect(cnnLayout(N, 1)).toEqual({ encoder, decoder, bottleneck });
  });

  it.each([24, 100, 2056, 64.5])("refuses N = %d", (N) => {
    expect(() => cnnLayout(N, 1)).toThrow(/multiple of 8 from 32 to 2048/);
  });
});

describe("parameter counts of the reference's PyTorch network", () => {
  // Hand-computed from its layer table for N = 64, C = 4, s = 2.
  it.each([
    [false, 2_340_208],
    [true, 2_351_730],
  ])("encoder attention %s: %i", (cbamEncoder, count) => {
    const { parameters } = buildCnn({ batch: 1, channels: 4 }, { nFiltersScale: 2, cbamEncoder });
    expect(countTrainable(parameters.specs)).toBe(count);
  });

  it("of single patterns with the four border channels of the TensorFlow network", () => {
    const { parameters } = buildCnn({ batch: 1, channels: 1 }, { N: 128, nFiltersScale: 2, borderChannels: 4 });
    // At N = 128 its border path is half as wide as ours: in each decoder 3×3 convolutions 4 → 32 → 32 → 1.
    const border = (width: number): number => 4 * 9 * width + width + (9 * width + 1) * width + 9 * width + 1;
    expect(countTrainable(parameters.specs) - 2 * (border(64) - border(32))).toBe(4_661_212);
  });
});

describe("patches", () => {
  const run = async (shape: { batch: number; channels: number }, changes: Partial<GeneratorOptions>) => {
    const network = buildCnn(shape, changes);
    const feeds = { x: normals(new Random(2), network.images.size).map(Math.abs), ...freshValues(network) };
    const [first, second] = network.outputs;
    const values = await evaluate({ first, second }, feeds);
    return { network, feeds, ...values };
  };

  it.each([32, 48, 96, 136, 160])("have the patterns' size, N = %i", async (N) => {
    const { network, first } = await run({ batch: 1, channels: 1 }, { N });
    expect(network.outputs[0].shape).toEqual([1, 1, N, N]);
    expect(first.every(Number.isFinite)).toBe(true);
  });

  it("without a big probe are zero outside the central square, and only there", async () => {
    const { first, second } = await run({ batch: 1, channels: 1 }, { N: 32, probeBig: false });
    for (let i = 0; i < 32 * 32; i++) {
      const [y, x] = [Math.floor(i / 32), i % 32];
      const inside = y >= 8 && y < 24 && x >= 8 && x < 24;
      expect(first[i] !== 0 && second[i] !== 0).toBe(inside);
    }
  });

  it("of separate patterns do not depend on their neighbours in the group", async () => {
    const { network, feeds, first } = await run({ batch: 1, channels: 4 }, { N: 32, objectBig: false });
    const changed = feeds.x.slice();
    changed.fill(1, 3 * 32 * 32);
    const again = await evaluate({ first: network.outputs[0] }, { ...feeds, x: changed });
    expect(again.first.subarray(0, 3 * 32 * 32)).toEqual(first.subarray(0, 3 * 32 * 32));
    expect(again.first.subarray(3 * 32 * 32)).not.toEqual(first.subarray(3 * 32 * 32));
  });

  it("refuses more outputs than the decoder has channels for, and images of another size", () => {
    expect(() => buildCnn({ batch: 1, channels: 36 })).toThrow(/too few channels/);
    expect(() => buildCnn({ batch: 1, channels: 1 }, { borderChannels: 32 })).toThrow(/too few channels/);
    expect(() => buildCnn({ batch: 1, channels: 16 }, { sharedDecoder: true })).toThrow(/too few channels/);
    const { parameters, images } = buildCnn({ batch: 1, channels: 1 });
    const options = { ...defaultOptions, architecture: "cnn", N: 128 };
    expect(() => buildNetwork(parameters, images, options)).toThrow(/\[batch, channel, 128, 128\]/);
  });
});

it("an unknown generator is refused with what there is", () => {
  expect(() => generatorNamed("cmm")).toThrow(/cnn/);
});

it("inverts x · sigmoid(x)", () => {
  for (const y of [0, 0.1, 1, 5]) {
    const x = inverseSilu(y);
    expect(x / (1 + Math.exp(-x))).toBeCloseTo(y, 12);
  }
});
