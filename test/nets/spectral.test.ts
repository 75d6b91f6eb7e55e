import { describe, expect, it } from "vitest";
import { Graph, type Tensor } from "../../src/graph/tensor.ts";
import type { GeneratorOptions } from "../../src/nets/generator.ts";
import { initialisation } from "../../src/nets/initialisers.ts";
import type { Builder } from "../../src/nets/layers.ts";
import { initialise, type ParameterSpec, Parameters } from "../../src/nets/parameters.ts";
import { centredSpectralConv2d, factorisedSpectralConv, spectralConv2d } from "../../src/nets/spectralConv.ts";
import { Random } from "../../src/random.ts";
import { referenceName } from "../../src/reference/referenceNames.ts";
import { impliedSpectralSettings } from "../../src/reference/referenceSpectral.ts";
import { valuesFromReference } from "../../src/reference/referenceWeights.ts";
import { evaluate, maxDeviation, normals } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";
import { buildNetwork, defaultOptions, freshValues } from "./build.ts";

function layer(
  shape: readonly number[],
  build: (builder: Builder, x: Tensor) => Tensor,
): { out: Tensor; specs: readonly ParameterSpec[]; values: Record<string, Float32Array> } {
  const parameters = new Parameters(new Graph(), { training: false });
  const x = parameters.graph.input("x", shape);
  const out = build({ parameters, start: initialisation("variance_preserving") }, x);
  return { out, specs: parameters.specs, values: initialise(parameters.specs, new Random(4)) };
}

/** The definition, summed frequency by frequency in float64; of a frequency and its negative only one is written. */
function bruteForce2d(
  x: Float32Array,
  [B, C, H, W]: readonly [number, number, number, number],
  m: number,
  re: Float32Array,
  im: Float32Array,
): Float64Array {
  const out = new Float64Array(x.length);
  for (let b = 0; b < B; b++) {
    for (let ky = 0; ky < m; ky++) {
      for (let kx = 0; kx < m; kx++) {
        const angle = (y: number, xx: number): number => 2 * Math.PI * ((ky * y) / H + (kx * xx) / W);
        for (let i = 0; i < C; i++) {
          let [sr, si] = [0, 0];
          for (let p = 0; p < H * W; p++) {
            const value = x[(b * C + i) * H * W + p];
            const a = angle(Math.floor(p / W), p % W);
            sr += value * Math.cos(a);
            si -= value * Math.sin(a);
          }
          for (let o = 0; o < C; o++) {
            const at = ((i * C + o) * m + ky) * m + kx;
            const [yr, yi] = [re[at] * sr - im[at] * si, re[at] * si + im[at] * sr];
            const count = kx === 0 || 2 * kx === W ? 1 : 2;
            for (let p = 0; p < H * W; p++) {
              const a = angle(Math.floor(p / W), p % W);
              const wave = yr * Math.cos(a) - yi * Math.sin(a);
              out[(b * C + o) * H * W + p] += (count * wave) / (H * W);
            }
          }
        }
      }
    }
  }
  return out;
}

describe("spectral convolution", () => {
  const shape = [2, 2, 10, 8] as const;
  const x = normals(new Random(3), 2 * 2 * 10 * 8);

  it.each([1, 3, 5])("over both axes is its definition, with %i frequencies up to the highest", async (modes) => {
    const { out, values } = layer(shape, (builder, input) => spectralConv2d(builder, "s", input, { modes, gain: 1 }));
    const result = await evaluate({ out }, { x, ...values });
    const expected = bruteForce2d(x, shape, modes, values["s.weights_re"], values["s.weights_im"]);
    expect(maxDeviation(result.out, expected)).toBeLessThan(tolerances.otherSummationOrder);
  });

  it.each([8, 9])("along the axes with all frequencies and the identity is twice the image, side %i", async (side) => {
    const modes = Math.floor(side / 2) + 1;
    const { out, values } = layer([1, 2, side, side], (builder, input) =>
      factorisedSpectralConv(builder, "s", 2, { modes, gain: 1 })(input),
    );
    const diagonal = (i: number): boolean => Math.floor(i / modes) % 3 === 0;
    const identity = Object.entries(values).map(([name, value]) => [
      name,
      value.map((_, i) => (name.endsWith("_re") && diagonal(i) ? 1 : 0)),
    ]);
    const x = normals(new Random(5), 2 * side * side);
    const result = await evaluate({ out }, { x, ...Object.fromEntries(identity) });
    const twice = x.map((v) => 2 * v);
    expect(maxDeviation(result.out, twice)).toBeLessThan(tolerances.otherSummationOrder);
  });

  it("commutes with periodic shifts", async () => {
    const { out, values } = layer(shape, (builder, input) =>
      factorisedSpectralConv(builder, "s", 2, { modes: 4, gain: 1 })(input),
    );
    const [H, W] = [10, 8];
    const shifted = (image: Float32Array): Float32Array =>
      image.map((_, i) => {
        const [plane, y, xx] = [Math.floor(i / (H * W)), Math.floor(i / W) % H, i % W];
        return image[plane * H * W + ((y + 3) % H) * W + ((xx + 5) % W)];
      });
    const before = await evaluate({ out }, { x, ...values });
    const after = await evaluate({ out }, { x: shifted(x), ...values });
    expect(maxDeviation(after.out, shifted(before.out))).toBeLessThan(tolerances.otherSummationOrder);
  });

  describe("over both axes, of frequencies around zero", () => {
    const wave = (ky: number, kx: number, phase: number, side: number): Float32Array =>
      Float32Array.from({ length: side ** 2 }, (_, i) =>
        Math.cos((2 * Math.PI * (ky * Math.floor(i / side) + kx * (i % side))) / side + phase),
      );
    const convolved = async (image: Float32Array, side: number, set: Record<string, (at: number) => number>) => {
      const { out, values } = layer([1, 1, 16, 16], (builder, input) =>
        centredSpectralConv2d(builder, "s", input, { modes: 6, gain: 1, out: 1, side }),
      );
      expect(out.shape).toEqual([1, 1, side, side]);
      const weights = Object.entries(values).map(([name, value]) => [name, value.map((_, i) => set[name]?.(i) ?? 0)]);
      return (await evaluate({ out }, { x: image, ...Object.fromEntries(weights) })).out;
    };
    const sum = (...images: Float32Array[]): Float32Array =>
      images[0].map((_, i) => images.reduce((total, image) => total + image[i], 0));

    it.each([16, 8, 32])("passes rows −3 … 2 and columns 0 … 3 on, onto %i pixels", async (side) => {
      const kept = (n: number): Float32Array =>
        sum(wave(-3, 1, 0.3, n), wave(2, 3, 1, n), wave(0, 0, 0.2, n), wave(1, 0, 2, n));
      const image = sum(kept(16), wave(3, 1, 0.4, 16), wave(0, 4, 1, 16));
      const out = await convolved(image, side, { "s.weights_re": () => 1, "s.bias": () => 0.5 });
      const expected = kept(side).map((v) => v + 0.5);
      expect(maxDeviation(out, expected)).toBeLessThan(tolerances.otherSummationOrder);
    });

    it("has the weight of row −2, column 1 where it says", async () => {
      const at = (3 - 2) * 4 + 1;
      const image = sum(wave(-2, 1, 0, 16), wave(2, 1, 0, 16));
      // Times i is a quarter of a turn.
      const out = await convolved(image, 16, { "s.weights_im": (i) => (i === at ? 1 : 0) });
      expect(maxDeviation(out, wave(-2, 1, Math.PI / 2, 16))).toBeLessThan(tolerances.otherSummationOrder);
    });
  });

  it("refuses more frequencies than there are", () => {
    expect(() => layer(shape, (builder, input) => spectralConv2d(builder, "s", input, { modes: 6, gain: 1 }))).toThrow(
      /at most 5/,
    );
  });
});

describe("parameter counts of the reference's networks, a complex weight counted once", () => {
  const benchmark = { N: 128, fnoModes: 12, fnoWidth: 32, fnoBlocks: 4, fnoCnnBlocks: 0 };
  const count = (architecture: string, changes: Partial<GeneratorOptions>): number =>
    buildNetwork(architecture, { batch: 1, channels: 1 }, { ...benchmark, ...changes })
      .parameters.specs.filter(({ name }) => !name.endsWith("_im"))
      .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);

  it.each([
    ["fno_vanilla", {}, 636_450],
    ["neuralop_uno", {}, 1_257_858],
    ["ffno", {}, 51_235],
    ["ffno", { ffnoEncoderShareWeights: false }, 124_966],
    // Two refiners more, each of two 3×3 convolutions of 32 channels: the published 161,958 less the two scalars that
    // the published 124,968 have beside the row above.
    ["ffno", { ffnoEncoderShareWeights: false, fnoCnnBlocks: 2 }, 124_966 + 2 * 2 * (32 * 32 * 9 + 32)],
    // 24 blocks: the published 701,628, less the same two.
    ["ffno", { ffnoEncoderShareWeights: false, fnoBlocks: 24 }, 701_626],
  ] as const)("%s %o: %i", (architecture, changes, expected) => {
    expect(count(architecture, changes)).toBe(expected);
  });
});

const variants: readonly (readonly [string, number, Partial<GeneratorOptions>])[] = [
  ["fno", 4, {}],
  ["fno", 1, { fnoStableBlocks: true, generatorOutputMode: "amp_phase" }],
  ["fno_vanilla", 1, { generatorOutputMode: "amp_phase" }],
  ["ffno", 1, { ffnoEncoderMlpRatio: 1.5 }],
  ["ffno", 9, { ffnoEncoderShareWeights: false, ffnoEncoderLocalConv: true, fnoCnnBlocks: 0 }],
];

describe("weights of the reference's spectral generators", () => {
  it.each(variants)(
    "come back under our names, and tell the architecture: %s, %i patterns, %o",
    (name, channels, changes) => {
      const network = buildNetwork(name, { batch: 1, channels }, changes);
      const { specs } = network.parameters;
      const values = freshValues(network);
      const arrays = new Map(
        specs.map((spec) => [`model.${referenceName(spec.name)}`, { shape: spec.shape, data: values[spec.name] }]),
      );
      const implied = impliedSpectralSettings(arrays)!;
      expect(implied).toMatchObject({ architecture: name, gridsize: Math.sqrt(channels) });
      const { architecture, gridsize, ...settings } = implied;
      expect({ ...defaultOptions, ...changes }).toMatchObject(settings);
      if (changes.ffnoEncoderShareWeights === false) {
        // Stored there all the same, and not used.
        arrays.set("model.ffno_stack.shared_spectral.weights_x_re", { shape: [1], data: new Float32Array(1) });
        for (const spec of specs.filter(({ name: own }) => own.endsWith(".gate")))
          values[spec.name] = values["ffno.0.gate"];
      }
      expect(valuesFromReference(arrays, specs, "test")).toEqual(values);
    },
  );

  it("of another network tell nothing", () => {
    expect(
      impliedSpectralSettings(new Map([["encoder.blocks.0.conv1.weight", { shape: [4, 1, 3, 3] }]])),
    ).toBeUndefined();
  });
});
