import { expect, it } from "vitest";
import type { Tensor } from "../../src/graph/tensor.ts";
import type { GeneratorOptions } from "../../src/nets/generator.ts";
import { impliedSpectralSettings } from "../../src/reference/referenceSpectral.ts";
import { valuesFromReference } from "../../src/reference/referenceWeights.ts";
import { evaluate, maxDeviation } from "../evaluate.ts";
import { type Fixture, itWith } from "../fixtures.ts";
import { type BuiltNetwork, buildNetwork, defaultOptions, lastOf } from "../nets/build.ts";
import { tolerances } from "../tolerances.ts";

/** The spectral generators of the reference, evaluated by it with random weights. */
type Changes = Partial<GeneratorOptions>;

/** The arrays under our parameters' names, those of `overlay` in front of the others. */
function weightsOf({ arrays }: Fixture, network: BuiltNetwork, overlay?: string): Record<string, Float32Array> {
  const found = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const prefix of overlay === undefined ? ["sd."] : ["sd.", overlay]) {
    for (const key of arrays.keys.filter((name) => name.startsWith(prefix))) {
      const { shape, data } = arrays.get(key);
      found.set(key.slice(prefix.length), { shape, data: Float32Array.from(data) });
    }
  }
  if (overlay !== undefined) for (const key of found.keys()) if (key.startsWith("output_proj")) found.delete(key);
  return { ...valuesFromReference(found, network.parameters.specs, "fixture") };
}

/** The options of CONFIG.json under our names. */
const optionNames: Readonly<Record<string, keyof GeneratorOptions>> = {
  width: "fnoWidth",
  modes: "fnoModes",
  blocks: "fnoBlocks",
  refiners: "fnoCnnBlocks",
  sharedSpectralWeights: "ffnoEncoderShareWeights",
  localConv: "ffnoEncoderLocalConv",
  norm: "ffnoEncoderNorm",
  inputTransform: "fnoInputTransform",
};

/** The options of an entry that leave no trace in the weights. */
export const untoldOptions = ({ entry }: Pick<Fixture, "entry">): Changes =>
  Object.fromEntries(
    ["norm", "inputTransform"]
      .filter((name) => entry[name] !== undefined)
      .map((name) => [optionNames[name], entry[name]]),
  );

/** The options that the file's weights tell, which must be those of its entry. */
function optionsOf({ entry, arrays }: Fixture): GeneratorOptions {
  const shapes = new Map(arrays.keys.map((key) => [key, arrays.get(key)]));
  const { architecture, gridsize, ...implied } = impliedSpectralSettings(shapes)!;
  expect(architecture).toBe(entry.kind);
  expect(gridsize ** 2).toBe(entry["C"]);
  const said = Object.entries(optionNames).flatMap(([theirs, ours]) =>
    entry[theirs] === undefined ? [] : [[ours, entry[theirs]] as const],
  );
  for (const [name, value] of said.filter(([ours]) => ours in implied)) {
    expect(implied[name as keyof typeof implied], name).toBe(value);
  }
  return { ...defaultOptions, N: Number(entry["N"]), ...Object.fromEntries(said), ...implied };
}

/** Tests of everything that a file of one of the generators may hold. */
export function describeGenerator(fixture: Fixture, stack: string): void {
  const { entry, arrays } = fixture;
  const x = (): Float32Array => Float32Array.from(arrays.get("x").data);
  const build = (changes: Changes): BuiltNetwork => {
    const [batch, channels] = arrays.get("x").shape as [number, number];
    return buildNetwork(entry.kind, { batch, channels }, { ...optionsOf(fixture), ...changes });
  };
  const run = async (network: BuiltNetwork, outputs: Record<string, Tensor>, overlay?: string) =>
    await evaluate(outputs, { x: x(), ...weightsOf(fixture, network, overlay) });
  const expectSame = (actual: Float32Array, expected: ArrayLike<number>, name: string): void =>
    expect(maxDeviation(actual, expected), name).toBeLessThan(tolerances.parityNetwork);

  const inner: Readonly<Record<string, string>> = {
    lifter_out: "lifter",
    block0_out: `${stack}.0`,
    block0_spectral: `${stack}.0.spectral`,
  };
  for (const [name, scope] of Object.entries(inner).filter(([key]) => arrays.has(key))) {
    it(name, async () => {
      const network = build({ generatorOutputMode: "real_imag" });
      const out = lastOf(network, scope);
      expect(out.shape).toEqual(arrays.get(name).shape);
      expectSame((await run(network, { out }))["out"], arrays.get(name).data, name);
    });
  }

  /** The entry's transform gives the plain name, others theirs. */
  const transforms = ["none", "sqrt", "log1p", "instancenorm"] as const;
  const outputs: readonly (readonly [name: string, changes: Changes])[] = [
    ["out_real_imag", {}],
    ...transforms.map((fnoInputTransform) => [`out_real_imag_${fnoInputTransform}`, { fnoInputTransform }] as const),
  ];
  for (const [name, changes] of outputs.filter(([output]) => arrays.has(output))) {
    it(name, async () => {
      const network = build({ ...changes, generatorOutputMode: "real_imag" });
      const [re, im] = network.outputs;
      const values = await run(network, { re, im });
      const { shape, data } = arrays.get(name);
      const [, H, W, C] = shape as [number, number, number, number];
      for (const [part, key] of (["re", "im"] as const).entries()) {
        // [batch, y, x, channel, part] against [batch, channel, y, x].
        const expected = values[key].map((_, i) => {
          const [b, c, pixel] = [Math.floor(i / (C * H * W)), Math.floor(i / (H * W)) % C, i % (H * W)];
          return data[((b * H * W + pixel) * C + c) * 2 + part];
        });
        expectSame(values[key], expected, key);
      }
    });
  }

  itWith(arrays, ["amp_trunk"], "amp_trunk, what the maps of amplitude and phase see", async () => {
    const network = build({ generatorOutputMode: "amp_phase" });
    const [map] = network.graph.nodes.filter(({ op, scope }) => op === "Conv" && scope.startsWith("output.amplitude"));
    const out = map.inputs[0];
    expect(out.shape).toEqual(arrays.get("amp_trunk").shape);
    expectSame((await run(network, { out }, "sd_ap."))["out"], arrays.get("amp_trunk").data, "amp_trunk");
  });

  itWith(arrays, ["amp", "phase"], "amp and phase, from a map each and as logits of one map", async () => {
    const network = build({ generatorOutputMode: "amp_phase" });
    const [amplitude, phase] = network.outputs;
    const values = await run(network, { amplitude, phase }, "sd_ap.");
    expectSame(values["amplitude"], arrays.get("amp").data, "amp");
    expectSame(values["phase"], arrays.get("phase").data, "phase");

    const logits = build({ generatorOutputMode: "amp_phase_logits" });
    const weights: Record<string, Float32Array> = weightsOf(fixture, network, "sd_ap.");
    for (const field of ["weight", "bias"]) {
      const halves = ["amplitude", "phase"].map((half) => weights[`output.${half}.${field}`]);
      weights[`output.both.${field}`] = Float32Array.from([...halves[0], ...halves[1]]);
    }
    const [first, second] = logits.outputs;
    const same = await evaluate({ first, second }, { x: x(), ...weights });
    expectSame(same.first, arrays.get("amp").data, "amp");
    expectSame(same.second, arrays.get("phase").data, "phase");
  });

  it("knows every array of the file", () => {
    const known = new Set(["x", ...Object.keys(inner), ...outputs.map(([name]) => name), "amp", "phase", "amp_trunk"]);
    // Weights that have no place are refused where they are read, above.
    expect(arrays.keys.filter((key) => !known.has(key) && !/^sd(_ap)?\./.test(key))).toEqual([]);
  });
}
