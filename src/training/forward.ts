import { type ComplexArray, type RealArray, sizeOf, splitComplex } from "../arrays.ts";
import type { ModelConfig } from "../config/modelConfig.ts";
import { type Complex, each } from "../graph/complex.ts";
import { add, mul, sqrt, square } from "../graph/ops/elementwise.ts";
import { gather } from "../graph/ops/indexing.ts";
import { concat, reshape } from "../graph/ops/layout.ts";
import type { Graph, Tensor } from "../graph/tensor.ts";
import { probeChannels } from "../nets/conditioning.ts";
import { complexPatches, type Patches } from "../nets/generator.ts";
import { buildNetwork, type SeenScan, seesProbe } from "../nets/network.ts";
import type { Initialiser, Parameters } from "../nets/parameters.ts";
import { probeMask } from "../optics/probeMask.ts";
import { extractGroup, mergeGroup } from "../physics/group.ts";
import { ofExperiment } from "../physics/perSample.ts";
import { predictIntensity, rectangularScale } from "../physics/predict.ts";
import type { Propagator } from "../physics/propagation/propagator.ts";
import { probesOf, trainableProbe } from "./trainableProbe.ts";

/** What network and physics need to know beside the model settings. */
export interface ForwardOptions {
  readonly model: ModelConfig;
  /** Groups in a batch. */
  readonly batch: number;
  /** `[mode, N, N]`, scaled to Σ|P|² = (N/2)² (`scaledProbe`); for several scans one each, `[experiment, mode, N, N]`. */
  readonly probe: ComplexArray;
  /** From the sample to the detector. */
  readonly propagator: Propagator;
  /** `[N, N]`, 1 = valid pixel; for several scans one each, `[experiment, N, N]`. */
  readonly mask?: RealArray;
  /** Side of the canvas on which a group is merged; used with `objectBig`. */
  readonly canvasSide: number;
}

export interface Forward {
  /** `[batch, C, N, N]`, network input: measured amplitudes of mean energy (N/2)². */
  readonly images: Tensor;
  readonly patches: Patches;
  /** `[batch, C, N, N]`, predicted intensity in the units of `images`². */
  readonly intensity: Tensor;
  /** `[batch]` int64, the scan each sample is of, where there are several. */
  readonly experiment?: Tensor;
}

/** Names of the batch's graph inputs. */
export const IMAGES = "images";
export const OFFSETS = "offsets";
export const EXPERIMENTS = "experiments";

/**
 * From measured diffraction through network, merged group and physics to predicted diffraction. Graph inputs: `images`
 * `[batch, C, N, N]`; where groups are merged, `offsets` `[batch, C, 2]` as (y, x) in pixels; and for several scans
 * `experiments` `[batch]`, int64, by which each sample has its own scan's probe.
 *
 * Parameters beside the network's: `physics.s1`, `physics.s2` of the rectangular forward model, `physics.alpha`,
 * `physics.beta` of the affine correction of amplitudes, α A + β, scalars or for several scans `[experiment]`, and those
 * of a trained probe (`trainableProbe`).
 */
export function buildForward(parameters: Parameters, options: ForwardOptions): Forward {
  const { model, batch, probe, propagator } = options;
  const { graph } = parameters;
  const { N } = model;
  const images = graph.input(IMAGES, [batch, model.gridsize ** 2, N, N]);
  const scans = experimentCount(options);
  const experiment = scans === 1 ? undefined : graph.input(EXPERIMENTS, [batch], "int64");
  const offsets = model.objectBig ? graph.input(OFFSETS, [batch, model.gridsize ** 2, 2]) : undefined;
  const patches = buildNetwork(parameters, images, model, seenScan(graph, options, { experiment, offsets }));
  const own: OfScan = { scans, ...(experiment === undefined ? {} : { experiment }) };
  const intensity = graph.scoped("physics", () => {
    // Patches are weighted by the probe that training starts from: how they are averaged is no means to explain the data.
    const probes = model.probeTrainable ? trainableProbe(parameters, probe) : constant(graph, probe);
    const illumination = illuminationOf(probes, experiment);
    const windows = merged(complexPatches(patches), options, { experiment, offsets });
    const object =
      model.physicsForwardMode === "rectangular_scaled" ? scaled(parameters, windows, model, own) : windows;
    const mask = model.probeMask ? real(graph, probeMask(N, model.probeMaskDiameter, model.probeMaskSigma)) : undefined;
    const diffraction = predictIntensity(object, illumination, propagator, mask);
    const predicted = mul(diffraction, model.amplitudePhysicsGain ** 2);
    return model.intensityScaleTrainable ? affine(parameters, predicted, own) : predicted;
  });
  return { images, patches, intensity, ...(experiment === undefined ? {} : { experiment }) };
}

/** What a batch has beside its patterns: the scan of each group where there are several, and places where groups are merged. */
interface BatchInputs {
  readonly experiment: Tensor | undefined;
  readonly offsets: Tensor | undefined;
}

/** The scan as the network sees it: with the probe as it was given, whatever the physics does with it. */
function seenScan(graph: Graph, options: ForwardOptions, { experiment, offsets }: BatchInputs): SeenScan | undefined {
  const { model, probe, propagator, mask } = options;
  if (!seesProbe(model)) return undefined;
  const own = (all: Tensor): Tensor => (experiment === undefined ? all : gather(all, experiment));
  const channels = probesOf(probe).map((each) => real(graph, probeChannels(each)));
  const valid = (all: RealArray): Tensor =>
    own(graph.constant(all.data, [all.data.length / model.N ** 2, 1, model.N, model.N]));
  return {
    probe: own(concat(channels, 0)),
    propagator,
    ...(mask === undefined ? {} : { valid: valid(mask) }),
    ...(offsets && { offsets }),
  };
}

/** Scans that are trained on. */
export const experimentCount = ({ probe }: Pick<ForwardOptions, "probe">): number =>
  probe.shape.length === 4 ? probe.shape[0] : 1;

/** `[mode, N, N]`, or each sample's own as `[batch, 1, mode, N, N]`. */
function illuminationOf(probes: Complex, experiment: Tensor | undefined): Complex {
  if (experiment === undefined) return probes;
  return each(probes, (part) => {
    const picked = gather(part, experiment);
    return reshape(picked, [picked.shape[0], 1, ...picked.shape.slice(1)]);
  });
}

function merged(
  patches: Complex,
  { model, canvasSide: side, probe: start }: ForwardOptions,
  { experiment, offsets }: BatchInputs,
): Complex {
  if (offsets === undefined) return patches;
  const probe = illuminationOf(constant(patches.re.graph, start), experiment);
  const { canvas } = mergeGroup(patches, offsets, { side, weighting: model.trainingPatchWeighting, probe });
  return extractGroup(canvas, offsets, model.N);
}

/** s1 Re O + i s2 Im O. */
function scaled(parameters: Parameters, object: Complex, { rectS1s2Trainable }: ModelConfig, own: OfScan): Complex {
  const shape = shapeOfScans(own);
  const [s1, s2] = parameters.within("physics", () =>
    (["s1", "s2"] as const).map((name) =>
      rectS1s2Trainable ? parameters.trainable(name, shape, filled(1)) : parameters.state(name, shape, filled(1)),
    ),
  );
  return rectangularScale(object, ofScan(s1, own), ofScan(s2, own));
}

function affine(parameters: Parameters, intensity: Tensor, own: OfScan): Tensor {
  const shape = shapeOfScans(own);
  const [alpha, beta] = parameters.within("physics", () => [
    parameters.trainable("alpha", shape, filled(1)),
    parameters.trainable("beta", shape, filled(0)),
  ]);
  const amplitude = sqrt(add(intensity, DARKEST_INTENSITY));
  return square(add(mul(amplitude, ofScan(alpha, own)), ofScan(beta, own)));
}

/** How many scans there are, and which each sample is of. */
interface OfScan {
  readonly scans: number;
  readonly experiment?: Tensor;
}

/** A number, or one a scan. */
const shapeOfScans = ({ scans }: OfScan): readonly number[] => (scans === 1 ? [] : [scans]);

/** The number, or each sample's own as `[batch, 1, 1, 1]`. */
const ofScan = (values: Tensor, { experiment }: OfScan): Tensor =>
  experiment === undefined ? values : ofExperiment(values, experiment, 4);

/** Keeps the slope of a square root finite at dark pixels; an amplitude of 1e-8 where bright ones are above one. */
export const DARKEST_INTENSITY = 1e-16;

const filled =
  (value: number): Initialiser =>
  (shape) =>
    new Float32Array(sizeOf(shape)).fill(value);

function constant(graph: Graph, { shape, data }: ComplexArray): Complex {
  const { re, im } = splitComplex({ shape, data });
  return { re: graph.constant(re, shape), im: graph.constant(im, shape) };
}

const real = (graph: Graph, { shape, data }: RealArray): Tensor => graph.constant(data, shape);
