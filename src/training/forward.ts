import { type ComplexArray, type RealArray, splitComplex } from "../arrays.ts";
import type { ModelConfig } from "../config/modelConfig.ts";
import type { Complex } from "../graph/complex.ts";
import { add, mul, sqrt, square } from "../graph/ops/elementwise.ts";
import type { Graph, Tensor } from "../graph/tensor.ts";
import { extractGroup, mergeGroup } from "../model/group.ts";
import { predictIntensity, rectangularScale } from "../model/predict.ts";
import { probeChannels } from "../nets/conditioning.ts";
import { complexPatches, type Patches } from "../nets/generator.ts";
import { buildNetwork } from "../nets/network.ts";
import type { Parameters } from "../nets/parameters.ts";
import { probeMask } from "../optics/probeMask.ts";

/** What network and physics need to know beside the model settings. */
export interface ForwardOptions {
  readonly model: ModelConfig;
  /** Groups in a batch. */
  readonly batch: number;
  /** `[mode, N, N]`, scaled to Σ|P|² = (N/2)² (`scaledProbe`). */
  readonly probe: ComplexArray;
  /** Side of the canvas on which a group is merged; used with `objectBig`. */
  readonly canvasSide: number;
}

export interface Forward {
  /** `[batch, C, N, N]`, network input: measured amplitudes of mean energy (N/2)². */
  readonly images: Tensor;
  readonly patches: Patches;
  /** `[batch, C, N, N]`, predicted intensity in the units of `images`². */
  readonly intensity: Tensor;
}

/** Names of the batch's graph inputs. */
export const IMAGES = "images";
export const OFFSETS = "offsets";

/**
 * From measured diffraction through network, merged group and physics to predicted diffraction. Graph inputs: `images`
 * `[batch, C, N, N]` and, where groups are merged, `offsets` `[batch, C, 2]` as (y, x) in pixels.
 *
 * Parameters beside the network's: `physics.s1`, `physics.s2` of the rectangular forward model, and `physics.alpha`,
 * `physics.beta` of the affine correction of amplitudes, α A + β.
 */
export function buildForward(parameters: Parameters, options: ForwardOptions): Forward {
  const { model, batch, probe } = options;
  const { graph } = parameters;
  const { N } = model;
  const images = graph.input(IMAGES, [batch, model.gridsize ** 2, N, N]);
  const patches = buildNetwork(parameters, images, model, seenProbe(graph, options));
  const intensity = graph.scoped("physics", () => {
    const illumination = constant(graph, probe);
    const windows = model.objectBig ? merged(complexPatches(patches), illumination, options) : complexPatches(patches);
    const object = model.physicsForwardMode === "rectangular_scaled" ? scaled(parameters, windows, model) : windows;
    const mask = model.probeMask ? real(graph, probeMask(N, model.probeMaskDiameter, model.probeMaskSigma)) : undefined;
    const predicted = mul(predictIntensity(object, illumination, mask), model.amplitudePhysicsGain ** 2);
    return model.intensityScaleTrainable ? affine(parameters, predicted) : predicted;
  });
  return { images, patches, intensity };
}

/** The probe as the network sees it: as it was given, whatever the physics does with it. */
function seenProbe(graph: Graph, { model, probe }: ForwardOptions): Tensor | undefined {
  return model.inputConditioning === "probe_real_imag" ? real(graph, probeChannels(probe)) : undefined;
}

function merged(patches: Complex, probe: Complex, { model, canvasSide: side }: ForwardOptions): Complex {
  const [batch, channels] = patches.re.shape as [number, number];
  const offsets = patches.re.graph.input(OFFSETS, [batch, channels, 2]);
  const { canvas } = mergeGroup(patches, offsets, { side, weighting: model.trainingPatchWeighting, probe });
  return extractGroup(canvas, offsets, model.N);
}

/** s1 Re O + i s2 Im O. */
function scaled(parameters: Parameters, object: Complex, { rectS1s2Trainable }: ModelConfig): Complex {
  const [s1, s2] = parameters.within("physics", () =>
    (["s1", "s2"] as const).map((name) =>
      rectS1s2Trainable ? parameters.trainable(name, [], one) : parameters.state(name, [], one),
    ),
  );
  return rectangularScale(object, s1!, s2!);
}

function affine(parameters: Parameters, intensity: Tensor): Tensor {
  const [alpha, beta] = parameters.within("physics", () => [
    parameters.trainable("alpha", [], one),
    parameters.trainable("beta", [], () => new Float32Array(1)),
  ]);
  return square(add(mul(sqrt(add(intensity, DARKEST_INTENSITY)), alpha!), beta!));
}

/** Keeps the slope of a square root finite at dark pixels; an amplitude of 1e-8 where bright ones are above one. */
export const DARKEST_INTENSITY = 1e-16;

const one = (): Float32Array => Float32Array.of(1);

function constant(graph: Graph, { shape, data }: ComplexArray): Complex {
  const { re, im } = splitComplex({ shape, data });
  return { re: graph.constant(re, shape), im: graph.constant(im, shape) };
}

const real = (graph: Graph, { shape, data }: RealArray): Tensor => graph.constant(data, shape);
