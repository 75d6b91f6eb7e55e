import { describe, expect, it } from "vitest";
import { gradients } from "../../src/graph/gradients.ts";
import { buildModel } from "../../src/graph/onnx/model.ts";
import { add, mul } from "../../src/graph/ops/elementwise.ts";
import { sum } from "../../src/graph/ops/reduce.ts";
import type { GeneratorOptions } from "../../src/nets/generator.ts";
import { generatorNames } from "../../src/nets/registry.ts";
import { Random } from "../../src/random.ts";
import { dot, norm, normals, testRuntime } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";
import { buildCnn, buildNetwork, freshValues } from "./build.ts";

/** Every generator as it is, and variants. */
const variants: readonly (readonly [string, string, Partial<GeneratorOptions>])[] = [
  // The phases of dark pixels make `unrolled` too crooked for steps in float32: unrolled.test.ts looks at it in float64.
  ...generatorNames.filter((name) => name !== "unrolled").map((name) => [name, name, {}] as const),
  ["attention", "cnn", { cbamEncoder: true, cbamBottleneck: true }],
  [
    "attention of every other kind",
    "cnn",
    { ecaEncoder: true, cbamDecoder: true, ecaDecoder: true, spatialDecoder: true, decoderSpatialKernel: 5 },
  ],
  ["attention in one decoder", "cnn", { sharedDecoder: true, spatialDecoder: true }],
  ["shared decoder", "cnn", { sharedDecoder: true }],
  ["small probe", "cnn", { probeBig: false }],
  ["batch normalisation, real and imaginary", "cnn", { batchNorm: true, cnnOutputMode: "real_imag" }],
  ["FNO of stable blocks", "fno_vanilla", { fnoStableBlocks: true, fnoInputTransform: "log1p" }],
  ["factorised FNO, amplitude and phase", "ffno", { generatorOutputMode: "amp_phase" }],
  [
    "factorised FNO without sharing",
    "ffno",
    { ffnoEncoderShareWeights: false, ffnoEncoderNorm: "layer", ffnoEncoderLocalConv: true },
  ],
  ["U-NO, logits, odd number of frequencies", "neuralop_uno", { generatorOutputMode: "amp_phase_logits", fnoModes: 5 }],
  [
    "hybrid with skip connections and mean pooling",
    "hybrid_resnet",
    {
      ...{ hybridSkipConnections: true, hybridEncoderConvHiddenScale: 1.5 },
      ...{ hybridDownsampleOp: "avgpool_conv", generatorOutputMode: "amp_phase" },
    },
  ],
  [
    "spectral bottleneck without sharing",
    "spectral_resnet_bottleneck",
    { spectralBottleneckShareWeights: false, spectralBottleneckGateMode: "per_block", hybridDownsampleSteps: 1 },
  ],
  ["that sees the probe", "cnn", { inputConditioning: "probe_real_imag" }],
  ["that sees coordinates", "hybrid_resnet", { inputConditioning: "coordinate_grid", fnoInputTransform: "sqrt" }],
];

/** f = Σ c₁ · first + c₂ · second of a training network with random cotangents, as a session; and its gradients. */
async function network(architecture: string, changes: Partial<GeneratorOptions>) {
  const built = buildNetwork(architecture, { batch: 2, channels: 1 }, { N: 32, ...changes }, true);
  const { graph, outputs, images, parameters } = built;
  const cotangents = outputs.map((output, i) => graph.input(`cotangent${i}`, output.shape));
  const loss = add(sum(mul(outputs[0], cotangents[0])), sum(mul(outputs[1], cotangents[1])));
  const all = parameters.specs.filter((spec) => spec.trainable).map((spec) => spec.name);
  // Normalisation subtracts what a bias in front of it adds.
  const trained = all.filter((name) => !all.includes(name.replace(/bias$/, "norm.bias")) || name.endsWith("norm.bias"));
  const grads = gradients(
    loss,
    trained.map((name) => parameters.tensors.get(name)!),
  );
  const random = new Random(8);
  const feeds: Record<string, Float32Array> = {
    // Of mean energy (N/2)², as networks get them.
    x: normals(random, images.size).map((v) => Math.abs(v) / 2),
    probe: normals(random, 2 * 32 * 32),
    ...Object.fromEntries(cotangents.map((c, i) => [`cotangent${i}`, normals(random, c.size)])),
    ...generic(freshValues(built, 3), random),
  };
  const load = (names: Record<string, typeof loss>) => testRuntime.load(buildModel({ outputs: names }));
  const session = await load({ first: outputs[0], second: outputs[1] });
  const backward = await load(Object.fromEntries(trained.map((name, i) => [`grad/${name}`, grads[i]])));
  const hosts = (values: Record<string, Float32Array>, names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, { data: values[name], shape: graph.inputs.get(name)!.shape }]));
  return {
    trained,
    feeds,
    random,
    gradientOf: async () => await backward.run(hosts(feeds, backward.inputNames)),
    valueAt: async (values: Record<string, Float32Array>) => {
      const { first, second } = await session.run(hosts(values, session.inputNames));
      return (
        dot(first.data as Float32Array, feeds["cotangent0"]) + dot(second.data as Float32Array, feeds["cotangent1"])
      );
    },
    dispose: async () => {
      await session.dispose();
      await backward.dispose();
    },
  };
}

/**
 * Away from where a fresh network has no derivative or hardly any: with zero biases a ReLU of zero features sits on its
 * kink, and fresh gates and layer scales are all but closed to gradients.
 */
function generic(values: Record<string, Float32Array>, random: Random): Record<string, Float32Array> {
  const isGate = /(channel\.expand|spatial|shared\.attention|(channel|spatial)Attention)\.weight$/;
  const moved = (name: string, value: Float32Array): Float32Array => {
    if (isGate.test(name)) return value.map((v) => 10 * v);
    return /\.(bias|layerscale)$/.test(name) ? value.map((v) => v + 0.2 * random.normal()) : value;
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, moved(name, value)]));
}

describe("gradients of a whole network", () => {
  it.each(variants)(
    "reach every parameter and agree with central differences: %s",
    async (_name, architecture, changes) => {
      const net = await network(architecture, changes);
      const grads = await net.gradientOf();
      const { steps, relative } = tolerances.networkDifference;
      for (const name of net.trained) {
        const gradient = grads[`grad/${name}`].data as Float32Array;
        expect(norm(gradient), `${name} learns`).toBeGreaterThan(0);
        const value = net.feeds[name];
        // Along the gradient the slope is largest, so rounding and kinks weigh least.
        const length = Math.max(norm(value) / Math.sqrt(value.length), 0.1) / norm(gradient);
        const direction = gradient.map((g) => g * length);
        const at = (h: number) => net.valueAt({ ...net.feeds, [name]: value.map((v, i) => v + h * direction[i]) });
        // Kinks and curvature spoil the larger steps, rounding the smaller ones; a wrong gradient fits none.
        let error = Infinity;
        for (const h of steps) {
          const slope = ((await at(h)) - (await at(-h))) / (2 * h);
          error = Math.min(error, Math.abs(slope / dot(gradient, direction) - 1));
          if (error < relative) break;
        }
        expect(error, name).toBeLessThan(relative);
      }
      await net.dispose();
    },
  );
});

it("creates no parameter that a variant does not use", () => {
  const names = (changes: Partial<GeneratorOptions>): string =>
    buildCnn({ batch: 1, channels: 1 }, changes)
      .parameters.specs.map((spec) => spec.name)
      .join("\n");
  expect(names({ probeBig: false })).not.toMatch(/border/);
  expect(names({})).not.toMatch(/attention|norm|shared/);
  expect(names({ sharedDecoder: true })).not.toMatch(/amplitude|phase/);
});
