import type { Batch } from "../batches.ts";
import type { Prediction } from "../exits.ts";
import type { Experiment } from "../experiment.ts";
import type { Images, Numbers } from "../kernels/kernels.ts";
import type { Change } from "../wrapperRun.ts";

export type Noise = "gaussian" | "poisson";

/** Variance of an intensity beside its photons, in counts, where noise is taken to be Gaussian. */
const GAUSSIAN_READ_OUT = 1;

/**
 * The negative logarithm of the likelihood in the unit of the measured intensities:
 *
 * - gaussian: L = Σ w (Î − I)² / 2, w = 1 / (I + 1 count)
 * - poisson: L = Σ Î + d − (I + d) ln(Î + d), d the detector's read-out
 *
 * over valid pixels (Thibault & Guizar-Sicairos, New J. Phys. 14, 063004 (2012)).
 */
export class DataTerm {
  readonly #experiment: Experiment;
  readonly #noise: Noise;
  readonly #room: Readonly<Record<"factor" | "weights" | "counts", Images>>;

  constructor(experiment: Experiment, noise: Noise) {
    const { kernels, probe, batchSize } = experiment;
    const images = (): Images => kernels.images([batchSize, 1, probe.shape[2], probe.shape[3]]);
    this.#experiment = experiment;
    this.#noise = noise;
    this.#room = { factor: images(), weights: images(), counts: images() };
  }

  /**
   * χ of which −2 Re ⟨χ, δψ⟩ is the change of L.
   *
   * @param misfit as `Kernels.likelihood` says
   */
  change(prediction: Prediction, misfit: Numbers): Promise<Change> {
    const { kernels, mask, dark } = this.#experiment;
    const { batch, expected } = prediction;
    const factor = kernels.frames(this.#room.factor, 0, batch.frames.length);
    const kind = this.#noise === "poisson" ? "poisson" : "intensity";
    kernels.likelihood(factor, expected, batch.measured, mask, kind, misfit, dark);
    if (kind === "intensity") kernels.multiplyImages(factor, factor, this.#weights(prediction));
    return this.#experiment.changeBy(prediction, factor, misfit, 2);
  }

  /**
   * L about a prediction, as a square: Σ w (Î(t) − I)² / 2, exact for Gaussian noise, to second order in Fisher's sense for
   * Poisson's.
   *
   * @returns w, and Î − I in the place of the prediction's intensities
   */
  square(prediction: Prediction): { readonly weights: Images; readonly residual: Images } {
    const { kernels } = this.#experiment;
    const { batch, expected } = prediction;
    const weights = this.#weights(prediction);
    kernels.combine(expected, 1, expected, -1, this.#countsOf(batch));
    return { weights, residual: expected };
  }

  /** One over the variance on valid pixels, 0 on others: of what was measured, or, of Poisson noise, what is expected. */
  #weights({ batch, expected }: Prediction): Images {
    const { kernels, mask, dark, scan } = this.#experiment;
    const weights = kernels.frames(this.#room.weights, 0, batch.frames.length);
    if (this.#noise === "poisson") kernels.reciprocal(weights, expected, dark);
    else kernels.reciprocal(weights, this.#countsOf(batch), GAUSSIAN_READ_OUT / scan.countsPerUnit);
    if (mask !== undefined) kernels.multiplyImages(weights, weights, mask);
    return weights;
  }

  #countsOf({ frames, measured }: Batch): Images {
    const counts = this.#experiment.kernels.frames(this.#room.counts, 0, frames.length);
    this.#experiment.kernels.multiplyImages(counts, measured, measured);
    return counts;
  }

  release(): void {
    this.#experiment.kernels.release(...Object.values(this.#room));
  }
}
