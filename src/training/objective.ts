import type { Regulariser, TrainingConfig } from "../config/trainingConfig.ts";
import type { Scales } from "../data/normalisation.ts";
import { PtychonautError } from "../errors.ts";
import { modulus } from "../graph/complex.ts";
import { add, div, mul, sqrt, square } from "../graph/ops/elementwise.ts";
import { gather } from "../graph/ops/indexing.ts";
import { reshape } from "../graph/ops/layout.ts";
import { mean, sum } from "../graph/ops/reduce.ts";
import type { Graph, Operand, Tensor } from "../graph/tensor.ts";
import type { Patches } from "../nets/generator.ts";
import type { Parameters } from "../nets/parameters.ts";
import { absoluteError, LABEL_WEIGHTS, poissonDeviance } from "../physics/likelihood.ts";
import { ofExperiment, sampleSum } from "../physics/perSample.ts";
import { meanDeviation, totalVariation } from "../physics/regularisers.ts";
import { buildForward, DARKEST_INTENSITY, type Forward, type ForwardOptions } from "./forward.ts";
import { withFrameIntensity } from "./frameIntensity.ts";
import { labelErrors, labelInputs } from "./labelLoss.ts";
import type { Objective } from "./stepModels.ts";

export type LossSettings = Pick<
  TrainingConfig,
  "lossFunction" | "ampLoss" | "ampLossCoeff" | "phaseLoss" | "phaseLossCoeff"
>;

export interface ObjectiveOptions extends ForwardOptions {
  readonly losses: LossSettings;
  /** One a scan. */
  readonly scales: readonly Pick<Scales, "countsPerUnit">[];
  /** Training frames of each scan; needed where each has an intensity of its own. */
  readonly frames?: readonly number[];
}

/**
 * What training minimises, per sample: the Poisson deviance per pixel, 2 [λ − k + k ln(k/λ)] in counts, whose gradient is
 * twice the negative log-likelihood's, or the mean absolute error of the normalised amplitudes. Regularisers, also per
 * pixel, are added. The deviance is reported whichever is minimised.
 *
 * Of a supervised model it is the error of the patches against labels, 2 |A − A*| + 4 |φ − φ*| a pixel (`labelErrors`), with
 * the graph inputs `LABEL_INPUTS`; the diffraction is only looked at. Both errors are reported too.
 * @throws PtychonautError "usage" for a phase regulariser on a network that predicts no phase
 */
export function buildObjective(parameters: Parameters, options: ObjectiveOptions): Objective {
  const { losses, scales, mask } = options;
  const { graph } = parameters;
  const predicted = buildForward(parameters, options);
  const valid = mask === undefined ? undefined : validPixels(graph.constant(mask.data, mask.shape), predicted);
  const forward = { ...predicted, intensity: underBeam(parameters, predicted, valid, options) };
  return graph.scoped("likelihood", () => {
    const perUnit = countsPerUnit(graph, scales, forward);
    const counts = (intensity: Tensor): Tensor => mul(intensity, perUnit);
    const deviance = poissonDeviance(counts(forward.intensity), counts(square(forward.images)), valid);
    const regulariser = regularisation(forward.patches, losses);
    if (options.model.modelType === "supervised") {
      const { amplitude, phase } = labelErrors(forward.patches, labelInputs(graph, forward.images.shape));
      const data = add(mul(amplitude, LABEL_WEIGHTS.amplitude), mul(phase, LABEL_WEIGHTS.phase));
      const measures = { deviance, label_amplitude_error: amplitude, label_phase_error: phase };
      return { loss: add(data, regulariser), measures };
    }
    const data = losses.lossFunction === "poisson" ? deviance : amplitudeError(forward, valid);
    return { loss: add(data, regulariser), measures: { deviance } };
  });
}

/** A number, or each sample's own as `[batch, 1, 1, 1]`. */
function countsPerUnit(graph: Graph, scales: ObjectiveOptions["scales"], { experiment }: Forward): Operand {
  if (experiment === undefined) return scales[0].countsPerUnit;
  const table = graph.constant(
    Float32Array.from(scales, (scan) => scan.countsPerUnit),
    [scales.length],
  );
  return ofExperiment(table, experiment, 4);
}

/** `[N, N]`, or each sample's own as `[batch, 1, N, N]`. */
export function validPixels(mask: Tensor, { experiment }: Pick<Forward, "experiment">): Tensor {
  if (experiment === undefined) return mask;
  return reshape(gather(mask, experiment), [experiment.size, 1, ...mask.shape.slice(-2)]);
}

function underBeam(
  parameters: Parameters,
  { intensity, images }: Forward,
  valid: Tensor | undefined,
  { model, frames }: ObjectiveOptions,
): Tensor {
  if (!model.frameIntensityTrainable) return intensity;
  if (frames === undefined) throw new PtychonautError("usage", "intensities of frames need the number of frames");
  return withFrameIntensity(parameters, intensity, { frames, measured: square(images), valid });
}

/** Mean |A − a| over a sample's valid pixels, `[batch]`. */
function amplitudeError({ intensity, images }: Forward, valid: Tensor | undefined): Tensor {
  const axes = [1, 2, 3];
  const error = absoluteError(sqrt(add(intensity, DARKEST_INTENSITY)), images);
  if (valid === undefined) return mean(error, { axes });
  const pixels = valid.rank === 4 ? sampleSum(valid) : sum(valid);
  return div(sum(mul(error, valid), { axes }), mul(pixels, images.shape[1]));
}

/** `[batch]`, or 0 without regularisers. */
function regularisation(patches: Patches, settings: LossSettings): Tensor | number {
  const { ampLoss, ampLossCoeff, phaseLoss, phaseLossCoeff } = settings;
  const amplitude = ampLoss === "None" ? 0 : mul(roughness(amplitudeOf(patches), ampLoss), ampLossCoeff);
  if (phaseLoss === "None") return amplitude;
  if (patches.kind !== "polar") {
    throw new PtychonautError("usage", "phase_loss needs a network that predicts the phase", {
      expected: "cnn_output_mode or generator_output_mode amp_phase",
      got: "real_imag",
    });
  }
  return add(mul(roughness(patches.phase, phaseLoss), phaseLossCoeff), amplitude);
}

function amplitudeOf(patches: Patches): Tensor {
  return patches.kind === "polar" ? patches.amplitude : modulus(patches, DARKEST_INTENSITY);
}

/** A regulariser per pixel. */
function roughness(image: Tensor, kind: Exclude<Regulariser, "None">): Tensor {
  const total = kind === "Total_Variation" ? totalVariation(image) : meanDeviation(image);
  return div(total, image.size / image.shape[0]);
}
