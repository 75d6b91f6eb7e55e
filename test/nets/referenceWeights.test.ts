import { describe, expect, it } from "vitest";
import type { GeneratorOptions } from "../../src/nets/generator.ts";
import { impliedSettings } from "../../src/reference/referenceArchitecture.ts";
import { referenceName } from "../../src/reference/referenceNames.ts";
import { valuesFromReference } from "../../src/reference/referenceWeights.ts";
import { buildCnn, defaultOptions, freshValues } from "./build.ts";

const variants: readonly (readonly [number, Partial<GeneratorOptions>])[] = [
  [1, {}],
  [4, { nFiltersScale: 2, cbamEncoder: true }],
  [1, { sharedDecoder: true, cbamBottleneck: true }],
  [9, { batchNorm: true, cnnOutputMode: "real_imag" }],
];

function weightsOf(channels: number, changes: Partial<GeneratorOptions>, prefix = "sd.") {
  const network = buildCnn({ batch: 1, channels }, changes);
  const { specs } = network.parameters;
  const values = freshValues(network);
  const entries = specs.map(
    ({ name, shape }) => [prefix + referenceName(name), { shape, data: values[name] }] as const,
  );
  return { specs, values, weights: new Map(entries) };
}

describe("weights of the reference network", () => {
  it.each(variants)("come back under our names, and tell the architecture: %i patterns, %o", (channels, changes) => {
    const { specs, values, weights } = weightsOf(channels, changes, "sd.autoencoder.");
    expect(weights.size).toBe(specs.length);
    const imported = valuesFromReference(weights, specs, "test");
    expect(Object.keys(imported)).toEqual(Object.keys(values));
    for (const name of Object.keys(values)) expect(imported[name], name).toBe(values[name]);
    const { nFiltersScale, sharedDecoder, batchNorm, cbamEncoder, cbamBottleneck } = { ...defaultOptions, ...changes };
    const gridsize = Math.sqrt(channels);
    const expected = { nFiltersScale, gridsize, sharedDecoder, batchNorm, cbamEncoder, cbamBottleneck };
    expect(impliedSettings(weights)).toEqual(expected);
  });

  it("are refused when one is missing, left over or of another shape", () => {
    const { specs, weights } = weightsOf(1, {});
    const name = "sd.encoder.blocks.0.conv2.bias";
    const without = new Map(weights);
    without.delete(name);
    expect(() => valuesFromReference(without, specs, "w.npz")).toThrow(`no array "${name}"`);
    const more = new Map(weights).set("sd.encoder.blocks.7.conv1.bias", weights.get(name)!);
    expect(() => valuesFromReference(more, specs, "w.npz")).toThrow(/no place .*blocks\.7/);
    const other = new Map(weights).set(name, { shape: [4, 8], data: new Float32Array(32) });
    expect(() => valuesFromReference(other, specs, "w.npz")).toThrow(/\(32\).*\(4, 8\)/);
  });

  it("may hold a border path that a network for a small probe lacks, but not the other way round", () => {
    const { specs, weights } = weightsOf(1, {});
    const small = weightsOf(1, { probeBig: false });
    const names = small.specs.map(({ name }) => name);
    expect(Object.keys(valuesFromReference(weights, small.specs, "w.npz"))).toEqual(names);
    expect(() => valuesFromReference(small.weights, specs, "w.npz")).toThrow(/no array/);
  });

  it("of something else tell nothing", () => {
    expect(impliedSettings(new Map([["diffraction", { shape: [3, 64, 64] }]]))).toBeUndefined();
  });
});

it("a parameter that the reference lacks has no name there", () => {
  expect(() => referenceName("encoder.0.conv3.weight")).toThrow(/encoder.0.conv3.weight/);
  expect(() => referenceName("shared.attention.norm.weight")).toThrow(/no counterpart/);
});
