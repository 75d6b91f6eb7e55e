import { PtychonautError } from "../errors.ts";
import { intensity, scale } from "../graph/complex.ts";
import { add, div, log, relu, sqrt } from "../graph/ops/elementwise.ts";
import { reshape, slice } from "../graph/ops/layout.ts";
import { sum } from "../graph/ops/reduce.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { SeenExperiment } from "../physics/dataUpdate.ts";
import type { Propagator } from "../physics/propagation/propagator.ts";
import { conditioned, perImage } from "./conditioning.ts";
import type { GeneratorOptions, InputTransform, Patches } from "./generator.ts";
import { initialisation } from "./initialisers.ts";
import { standardise } from "./normalise.ts";
import type { Parameters } from "./parameters.ts";
import { generatorNamed } from "./registry.ts";
import { standardised } from "./standardise.ts";

export interface NetworkOptions extends GeneratorOptions {
  readonly architecture: string;
}

/** What a network may see of the scan at hand; batches of several scans have each group's own. */
export interface SeenScan {
  /** `[1, 2, N, N]`, real and imaginary part (`probeChannels`), or `[batch, 2, N, N]`. */
  readonly probe: Tensor;
  /** `[1, 1, N, N]` or `[batch, 1, N, N]`, 1 where a pixel of the detector is valid. Default: all are. */
  readonly valid?: Tensor;
  readonly propagator: Propagator;
  /** `[batch, C, 2]`, r_k − r̄ as (y, x) in pixels; needed where the network sees them (`seesOffsets`). */
  readonly offsets?: Tensor;
}

/** Whether the network has the scan's probe among its inputs, so that it can be that of any data. */
export const seesProbe = (options: Pick<NetworkOptions, "architecture" | "inputConditioning">): boolean =>
  options.inputConditioning === "probe_real_imag" || seesExperiment(options);

/** Whether it has the physics inside, and the detector's mask among its inputs too. */
export const seesExperiment = ({ architecture }: Pick<NetworkOptions, "architecture">): boolean =>
  generatorNamed(architecture).seesExperiment === true;

type Grouping = Pick<NetworkOptions, "architecture" | "objectBig">;

/** Whether the members of a group are channels of one image to it, and not images of their own. */
const stacksGroups = ({ architecture, objectBig }: Grouping): boolean =>
  objectBig && generatorNamed(architecture).onePattern !== true;

/** Whether it has the physics inside and merges the patches of a group there, for which it needs to know where they lie. */
const mergesGroups = (options: Grouping): boolean => options.objectBig && seesExperiment(options);

/** Whether the patterns of a group tell it of each other. Those of other networks meet in the likelihood alone. */
export const seesGroups = (options: Grouping): boolean => stacksGroups(options) || mergesGroups(options);

/** Whether the network has the places of the patterns among its inputs. */
export const seesOffsets = (options: Grouping & { readonly gridsize: number }): boolean =>
  options.gridsize > 1 && mergesGroups(options);

/** Keeps images of constant amplitude finite. */
const EPSILON = 1e-6;

const transforms: Readonly<Record<InputTransform, (x: Tensor) => Tensor>> = {
  none: (x) => x,
  sqrt: (x) => sqrt(relu(x)),
  log1p: (x) => log(add(relu(x), 1)),
  instancenorm: (x) => standardise(x, [2, 3], EPSILON),
};

/**
 * Builds the network that the settings describe. Group members are channels of one image where it sees them so, and separate
 * images otherwise; amplitudes are compressed or standardised where asked for; the channels of the input conditioning come
 * last.
 * @param images amplitudes of mean energy (N/2)², `[batch, channel, N, N]`
 * @param scan needed where the network sees the probe (`seesProbe`)
 * @throws PtychonautError "shape" for images of another size, "usage" for a network that cannot be
 */
export function buildNetwork(
  parameters: Parameters,
  images: Tensor,
  options: NetworkOptions,
  scan?: SeenScan,
): Patches {
  const { N, architecture, fnoInputTransform } = options;
  if (images.rank !== 4 || images.shape[2] !== N || images.shape[3] !== N) {
    throw new PtychonautError("shape", "the images do not fit the network", {
      expected: `[batch, channel, ${N}, ${N}]`,
      got: `[${images.shape.join(", ")}]`,
    });
  }
  const { build, seesExperiment } = generatorNamed(architecture);
  const grouped = stacksGroups(options) ? images : reshape(images, [-1, 1, N, N]);
  const transformed = transforms[fnoInputTransform](grouped);
  const seen = options.standardiseInput ? standardised(parameters, transformed) : transformed;
  const input = conditioned(seen, options.inputConditioning, scan?.probe);
  const experiment = seesExperiment && scan && experimentOf(scan, grouped, mergesGroups(options));
  const builder = { parameters, start: initialisation(options.initialization) };
  const patches = build(builder, input, { ...options, outputs: grouped.shape[1], ...(experiment && { experiment }) });
  const asGiven = (x: Tensor): Tensor => reshape(x, images.shape);
  return patches.kind === "polar"
    ? { kind: "polar", amplitude: asGiven(patches.amplitude), phase: asGiven(patches.phase) }
    : { kind: "cartesian", re: asGiven(patches.re), im: asGiven(patches.im) };
}

/** The experiment of each image. One mode stands for all: it gets the light of all, (N/2)². */
function experimentOf(
  { probe, valid, propagator, offsets }: SeenScan,
  images: Tensor,
  merges: boolean,
): SeenExperiment {
  const own = perImage(probe, images.shape[0]);
  const [re, im] = [0, 1].map((part) => slice(own, [{ axis: 1, start: part, end: part + 1 }]));
  const light = sum(intensity({ re, im }), { axes: [-2, -1], keepDims: true });
  const all = images.shape[2] / 2;
  return {
    probe: scale({ re, im }, div(all, sqrt(light))),
    propagator,
    ...(valid === undefined ? {} : { valid: perImage(valid, images.shape[0]) }),
    ...(offsets && merges ? { offsets } : {}),
  };
}
