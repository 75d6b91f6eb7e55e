import { expect, it } from "vitest";
import { upsample2x } from "../../src/graph/ops/image.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import { cnnLayout } from "../../src/nets/cnnLayout.ts";
import type { GeneratorOptions } from "../../src/nets/generator.ts";
import type { ParameterSpec } from "../../src/nets/parameters.ts";
import { isReferenceBookkeeping, referenceName } from "../../src/reference/referenceNames.ts";
import { evaluate, maxDeviation } from "../evaluate.ts";
import { describeFixtures, type Fixture, fixtureArrays, itWith } from "../fixtures.ts";
import { type BuiltNetwork, buildCnn, defaultOptions, lastOf } from "../nets/build.ts";
import { tolerances } from "../tolerances.ts";

/** The reference's CNN, evaluated by it with random weights, in every variant that a file has arrays of. */
type Changes = Partial<GeneratorOptions>;

interface Variant {
  /** Names of the two outputs' arrays. */
  readonly arrays: readonly [string, string];
  readonly changes: Changes;
  readonly training?: boolean;
}

const variants: readonly Variant[] = [
  { arrays: ["amp", "phase"], changes: {} },
  { arrays: ["amp_nocbam", "phase_nocbam"], changes: { cbamEncoder: false } },
  { arrays: ["amp_probesmall", "phase_probesmall"], changes: { probeBig: false } },
  { arrays: ["amp_sigmoid", "phase"], changes: { ampActivation: "sigmoid" } },
  { arrays: ["real_realimag", "imag_realimag"], changes: { cnnOutputMode: "real_imag" } },
  { arrays: ["amp_trainmode", "phase_trainmode"], changes: {}, training: true },
];

/** Arrays of the network's inside. */
const inner = new Set(["encoder_out", "amp_trunk"]);
const arrayNames = new Set(variants.flatMap((variant) => variant.arrays));

/** The network of the entry, whose channels go in together. */
function optionsOf({ entry }: Fixture): GeneratorOptions {
  const known = Object.entries(entry).filter(([name]) => name in defaultOptions);
  return { ...defaultOptions, ...Object.fromEntries(known), objectBig: true };
}

/** The fixture's weights under our names; those of `weightsFrom` where it has none itself. */
function weightsOf({ entry, arrays }: Fixture, specs: readonly ParameterSpec[]): Record<string, Float32Array> {
  const other = entry["weightsFrom"] === undefined ? undefined : fixtureArrays(String(entry["weightsFrom"]));
  return Object.fromEntries(
    specs.map(({ name, shape }) => {
      const key = `sd.${referenceName(name)}`;
      const array = arrays.has(key) ? arrays.get(key) : other!.get(key);
      expect(array.shape, name).toEqual(shape);
      return [name, Float32Array.from(array.data)];
    }),
  );
}

function build(fixture: Fixture, changes: Changes, training = false): BuiltNetwork {
  const [batch, channels] = fixture.arrays.get("x").shape as [number, number];
  return buildCnn({ batch, channels }, { ...optionsOf(fixture), ...changes }, training);
}

describeFixtures("cnn", (fixture) => {
  const { arrays } = fixture;
  const x = (): Float32Array => Float32Array.from(arrays.get("x").data);

  for (const { arrays: names, changes, training } of variants.filter((variant) => arrays.has(variant.arrays[0]))) {
    it(names.join(" and "), async () => {
      const network = build(fixture, changes, training);
      const [first, second] = network.outputs;
      const feeds = { x: x(), ...weightsOf(fixture, network.parameters.specs) };
      const outputs: Record<string, Float32Array> = await evaluate({ first, second }, feeds);
      expect(maxDeviation(outputs["first"], arrays.get(names[0]).data)).toBeLessThan(tolerances.parityNetwork);
      expect(maxDeviation(outputs["second"], arrays.get(names[1]).data)).toBeLessThan(tolerances.parityNetwork);
    });
  }

  async function expectInner(name: string, network: BuiltNetwork, out: Tensor): Promise<void> {
    const values = await evaluate({ out }, { x: x(), ...weightsOf(fixture, network.parameters.specs) });
    expect(out.shape).toEqual(arrays.get(name).shape);
    expect(maxDeviation(values.out, arrays.get(name).data)).toBeLessThan(tolerances.parityNetwork);
  }

  const { cbamBottleneck } = optionsOf(fixture);
  itWith(arrays, ["encoder_out"], cbamBottleneck ? "encoder_out, behind its attention" : "encoder_out", () => {
    const network = build(fixture, {});
    return expectInner("encoder_out", network, lastOf(network, cbamBottleneck ? "bottleneck" : "encoder"));
  });

  itWith(arrays, ["amp_trunk"], "amp_trunk, what the amplitude's head sees", () => {
    const network = build(fixture, {});
    const { N, nFiltersScale, sharedDecoder } = optionsOf(fixture);
    const last = cnnLayout(N, nFiltersScale).decoder.length - 1;
    const trunk = lastOf(network, sharedDecoder ? "shared.attention" : `amplitude.${last}`);
    // The last enlargement is left to the head's convolutions here.
    const enlarged = arrays.get("amp_trunk").shape[2] > trunk.shape[2];
    return expectInner("amp_trunk", network, enlarged ? upsample2x(trunk) : trunk);
  });

  const running = arrays.keys.filter((key) => key.startsWith("after_train."));
  if (running.length > 0) {
    it("running statistics after a batch", async () => {
      const { parameters } = build(fixture, {}, true);
      const updates = new Map(
        [...parameters.updates].map(([name, tensor]) => [`after_train.${referenceName(name)}`, tensor]),
      );
      expect([...updates.keys()].sort()).toEqual([...running].sort());
      const feeds = { x: x(), ...weightsOf(fixture, parameters.specs) };
      const values: Record<string, Float32Array> = await evaluate(Object.fromEntries(updates), feeds);
      for (const key of running) {
        expect(maxDeviation(values[key], arrays.get(key).data), key).toBeLessThan(tolerances.parityNetwork);
      }
    });
  }

  it("knows every array of the file", () => {
    const specs = [{}, { batchNorm: true }].flatMap((changes) => build(fixture, changes).parameters.specs);
    const weights = new Set(specs.map((spec) => referenceName(spec.name)));
    const unknown = arrays.keys.filter((key) => {
      if (key === "x" || inner.has(key) || arrayNames.has(key) || isReferenceBookkeeping(key)) return false;
      return !weights.has(key.replace(/^(sd|after_train)\./, ""));
    });
    expect(unknown).toEqual([]);
  });
});
