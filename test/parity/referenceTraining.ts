import type { Clipping } from "../../src/graph/clipping.ts";
import type { Complex } from "../../src/graph/complex.ts";
import { add, cos, div, mul, sin, sqrt, square } from "../../src/graph/ops/elementwise.ts";
import { mean } from "../../src/graph/ops/reduce.ts";
import { adam, adamw, type Optimizer, sgd } from "../../src/graph/optimizers.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import { cnnLayout } from "../../src/nets/cnnLayout.ts";
import type { GeneratorOptions, Patches } from "../../src/nets/generator.ts";
import { buildNetwork } from "../../src/nets/network.ts";
import type { Parameters } from "../../src/nets/parameters.ts";
import { probeMask } from "../../src/optics/probeMask.ts";
import { extractGroup, mergeGroup, type PatchWeighting } from "../../src/physics/group.ts";
import { absoluteError } from "../../src/physics/likelihood.ts";
import { sampleSum } from "../../src/physics/perSample.ts";
import { predictIntensity, rectangularScale } from "../../src/physics/predict.ts";
import { farField } from "../../src/physics/propagation/farField.ts";
import { meanDeviation, totalVariation } from "../../src/physics/regularisers.ts";
import type { Objective } from "../../src/training/stepModels.ts";
import type { FixtureArrays, FixtureEntry } from "../fixtures.ts";
import { defaultOptions } from "../nets/build.ts";
import { fixtureProbe } from "../physics/inputs.ts";
import { canvasSide } from "./reference/canvasSide.ts";
import { countIntensityNll, matchEnergy, meanObserved, poissonAmplitudeNll } from "./reference/losses.ts";
import { predictAmplitude } from "./reference/predictAmplitude.ts";

/** The reference system's training objective, with its own scalings, from the pieces of ours. */

export type Scaling = "container" | "mmap" | "ci";

/** What distinguishes one stored training from another. */
export interface Variant {
  readonly scaling: Scaling;
  readonly loss: "poisson" | "mae" | "ci";
  readonly optimizer: Optimizer;
  readonly learningRate: number;
  readonly clipping?: Clipping;
  readonly weighting: PatchWeighting;
  readonly matchEnergy: boolean;
  readonly regularised: boolean;
  /** Physics gain 3 and a soft probe mask. */
  readonly gainAndMask: boolean;
  readonly calibrated: boolean;
}

const plain: Variant = {
  scaling: "container",
  loss: "poisson",
  optimizer: adam(),
  learningRate: 1e-3,
  weighting: "central_mask",
  matchEnergy: false,
  regularised: false,
  gainAndMask: false,
  calibrated: false,
};
const nesterov = { momentum: 0.9, nesterov: true };

/** The variants of the fixtures' README. */
export const variants: Readonly<Record<string, Variant>> = {
  poisson: plain,
  mae: { ...plain, loss: "mae" },
  mmap_poisson: { ...plain, scaling: "mmap" },
  mmap_mae: { ...plain, scaling: "mmap", loss: "mae" },
  mae_l2match: { ...plain, loss: "mae", matchEnergy: true },
  poisson_tv: { ...plain, regularised: true },
  ci: { ...plain, scaling: "ci", loss: "ci" },
  ci_calibrated: { ...plain, scaling: "ci", loss: "ci", calibrated: true },
  probew: { ...plain, weighting: "probe" },
  uniformw: { ...plain, weighting: "uniform" },
  gain_mask: { ...plain, gainAndMask: true },
  adamw: { ...plain, optimizer: adamw({ weightDecay: 0.05 }) },
  sgd: { ...plain, loss: "mae", optimizer: sgd({ ...nesterov, weightDecay: 1e-3 }), learningRate: 0.01 },
  clipnorm: { ...plain, optimizer: sgd(nesterov), learningRate: 0.05, clipping: { algorithm: "norm", limit: 1 } },
  agc: { ...plain, optimizer: sgd(nesterov), learningRate: 0.05, clipping: { algorithm: "agc", limit: 0.01 } },
};

export interface ReferenceInit {
  readonly entry: FixtureEntry;
  readonly arrays: FixtureArrays;
}

export interface ReferenceProblem {
  readonly batch: number;
  readonly channels: number;
  readonly n: number;
  readonly inputs: Readonly<Record<string, { readonly data: Float32Array; readonly shape: readonly number[] }>>;
  build(parameters: Parameters): Objective & { readonly patches: Patches; readonly prediction: Tensor };
}

export function referenceProblem({ entry, arrays }: ReferenceInit, variant: Variant): ReferenceProblem {
  const [batch, channels, n] = arrays.get("counts").shape as [number, number, number];
  const imageShape = [batch, channels, n, n];
  const { images, rms, physics, probe } = scaled(arrays, variant.scaling);
  const gridsize = Math.sqrt(channels);
  const options = networkOptions(arrays, n, channels, variant);
  // The reference stores −(r_k − r̄) as (x, y).
  const relative = arrays.get("coords_relative").data;
  const offsets = Float32Array.from(relative, (_, i) => -relative[i % 2 === 0 ? i + 1 : i - 1]);
  return {
    batch,
    channels,
    n,
    inputs: {
      images: { data: images, shape: imageShape },
      offsets: { data: offsets, shape: [batch, channels, 2] },
    },
    build(parameters) {
      const { graph } = parameters;
      const measured = graph.input("images", imageShape);
      const patches = buildNetwork(parameters, mul(measured, rms), { ...options, architecture: "cnn" });
      const object = complexOf(patches);
      const illumination = fixtureProbe(graph, entry, arrays, probe);
      let windows = object;
      if (channels > 1) {
        const shifts = graph.input("offsets", [batch, channels, 2]);
        const side = canvasSide(n, gridsize, Number(entry["maxNeighborDistance"]));
        const merged = mergeGroup(object, shifts, { side, weighting: variant.weighting, probe: illumination });
        windows = extractGroup(merged.canvas, shifts, n);
      }
      if (variant.loss === "ci") {
        const [s1, s2] = parameters.within("physics", () =>
          ["s1", "s2"].map((name) => parameters.trainable(name, [], () => Float32Array.of(1))),
        );
        const rate = predictIntensity(rectangularScale(windows, s1, s2), illumination, farField);
        const loss = countIntensityNll(rate, measured, arrays.scalar("mean_intensity_ci"));
        return { loss, measures: { meanRate: mean(rate, { axes: [1, 2, 3] }) }, patches, prediction: rate };
      }
      const mask = probeMask(n, n / 2, 1);
      const prediction = predictAmplitude(windows, illumination, {
        propagator: farField,
        probeScale: 4,
        outputScale: rms,
        ...(variant.gainAndMask ? { physicsGain: 3, mask: graph.constant(mask.data, mask.shape) } : {}),
      });
      const data = amplitudeLoss(prediction, measured, physics, variant);
      const loss = variant.regularised ? add(data, regularisers(patches)) : data;
      return { loss, measures: {}, patches, prediction };
    },
  };
}

/** Mean counts over mean predicted intensity, as a scale of amplitudes. */
export const calibration = (arrays: FixtureArrays, meanRate: number): number => {
  const data = Float64Array.from(arrays.get("counts").data);
  return Math.sqrt(data.reduce((total, count) => total + count, 0) / data.length / meanRate);
};

function amplitudeLoss(prediction: Tensor, measured: Tensor, physics: number, variant: Variant): Tensor {
  const predicted = mul(variant.matchEnergy ? matchEnergy(prediction, measured) : prediction, physics);
  const observed = mul(measured, physics);
  const perSample =
    variant.loss === "poisson"
      ? poissonAmplitudeNll(predicted, observed)
      : div(sampleSum(absoluteError(predicted, observed)), observed.size / observed.shape[0]);
  return div(perSample, meanObserved(measured));
}

function regularisers(patches: Patches): Tensor {
  if (patches.kind !== "polar") throw new Error("regularisers are on amplitude and phase");
  return add(mul(totalVariation(patches.amplitude), 2), mul(meanDeviation(patches.phase), 5));
}

/** Images, their factor for the network, the photon factor, and the name of the probe of each of the reference's data paths. */
function scaled(
  arrays: FixtureArrays,
  scaling: Scaling,
): { images: Float32Array; rms: number; physics: number; probe: string } {
  const counts = Float32Array.from(arrays.get("counts").data);
  switch (scaling) {
    case "container":
      return {
        images: Float32Array.from(arrays.get("images_container").data),
        rms: arrays.scalar("rms_container"),
        physics: arrays.scalar("physics_container"),
        probe: "probe_container",
      };
    case "mmap":
      return {
        images: counts.map(Math.sqrt),
        rms: arrays.scalar("rms_mmap"),
        physics: arrays.scalar("physics_mmap"),
        probe: "probe_training",
      };
    case "ci":
      return { images: counts, rms: arrays.scalar("rms_ci"), physics: 1, probe: "probe_physical" };
  }
}

function networkOptions(arrays: FixtureArrays, N: number, channels: number, variant: Variant): GeneratorOptions {
  const first = arrays.get("sd.autoencoder.encoder.blocks.0.conv1.weight").shape[0];
  return {
    ...defaultOptions,
    N,
    nFiltersScale: first / cnnLayout(N, 1).encoder[0],
    objectBig: channels > 1,
    cnnOutputMode: variant.loss === "ci" ? "real_imag" : "amp_phase",
    cbamEncoder: arrays.keys.some((key) => key.includes("encoder.blocks.0.attention")),
    sharedDecoder: arrays.keys.some((key) => key.includes("decoder_shared")),
    cbamBottleneck: arrays.keys.some((key) => key.includes("bottleneck_cbam")),
    probeBig: arrays.keys.some((key) => key.includes("conv_up_block")),
    initialization: "torch",
  };
}

function complexOf(patches: Patches): Complex {
  if (patches.kind === "cartesian") return patches;
  const { amplitude, phase } = patches;
  return { re: mul(amplitude, cos(phase)), im: mul(amplitude, sin(phase)) };
}

/** |O|. */
export const amplitudeOf = (patches: Patches): Tensor =>
  patches.kind === "polar" ? patches.amplitude : sqrt(add(square(patches.re), square(patches.im)));
