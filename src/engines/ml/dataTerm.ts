import type { Batch } from "../batches.ts";
import type { Prediction } from "../exits.ts";
import type { Experiment } from "../experiment.ts";
import type { Images, Numbers } from "../kernels/kernels.ts";
import type { Change } from "../wrapperRun.ts";

export type Noise = "gaussian" | "poisson";

/** Variance of an intensity beside its photons, in counts, where noise is taken to be Gaussian. */
const GAUSSIAN_READ_OUT = 1;

/**
 * The negative logarithm of the likelihood in the unit of the measured intensities, c_j being a factor of frame j:
 *
 * - gaussian: L = Σ w (c Î − I)² / 2, w = 1 / (I + 1 count)
 * - poisson: L = Σ c Î + d − (I + d) ln(c Î + d), d the detector's read-out
 *
 * over valid pixels (Thibault & Guizar-Sicairos, New J. Phys. 14, 063004 (2012)).
 */
export class DataTerm {
  /** c of all frames, where they float. */
  readonly intensities: Numbers | undefined;
  readonly #experiment: Experiment;
  readonly #noise: Noise;
  readonly #room: Readonly<Record<"factor" | "weights" | "counts" | "products", Images>>;
  readonly #sums: Numbers;
  readonly #row: Numbers;
  /** c as it is now, by frame. */
  readonly #c: Float64Array;
  /** Frames whose c this process finds. */
  readonly #seen = new Set<number>();

  /** @param floating whether each frame's beam is as bright as explains the frame best */
  constructor(experiment: Experiment, noise: Noise, floating: boolean) {
    const { kernels, probe, batchSize, frames } = experiment;
    const images = (): Images => kernels.images([batchSize, 1, probe.shape[2], probe.shape[3]]);
    this.#experiment = experiment;
    this.#noise = noise;
    this.#room = { factor: images(), weights: images(), counts: images(), products: images() };
    this.#sums = kernels.numbers(2 * batchSize);
    this.#row = kernels.numbers(batchSize);
    this.#c = new Float64Array(frames).fill(1);
    if (floating) {
      this.intensities = kernels.numbers(frames);
      kernels.fill(this.intensities, 1);
    }
  }

  /**
   * χ of which −2 Re ⟨χ, δψ⟩ is the change of L, with the c that explain these frames best where they float.
   *
   * @param misfit as `Kernels.likelihood` says
   */
  async change(prediction: Prediction, misfit: Numbers): Promise<Change> {
    const { kernels, mask, dark } = this.#experiment;
    const { batch, expected } = prediction;
    const factor = kernels.frames(this.#room.factor, 0, batch.frames.length);
    if (this.intensities !== undefined) await this.#float(prediction);
    const c = this.#brighten(prediction);
    const kind = this.#noise === "poisson" ? "poisson" : "intensity";
    kernels.likelihood(factor, expected, batch.measured, mask, kind, misfit, dark);
    if (kind === "intensity") kernels.multiplyImages(factor, factor, this.#weights(prediction));
    kernels.combine(factor, c, factor, 0, factor);
    return this.#experiment.changeBy(prediction, factor, misfit, 2);
  }

  /**
   * L about a prediction, as a square: Σ w (Î(t) − I)² / 2, exact for Gaussian noise, to second order in Fisher's sense for
   * Poisson's.
   *
   * @returns c, w, and c Î − I in the place of the prediction's intensities
   */
  square(prediction: Prediction): { readonly c: Numbers; readonly weights: Images; readonly residual: Images } {
    const { kernels } = this.#experiment;
    const { batch, expected } = prediction;
    const c = this.#brighten(prediction);
    const weights = this.#weights(prediction);
    kernels.combine(expected, 1, expected, -1, this.#countsOf(batch));
    return { c, weights, residual: expected };
  }

  /** To be called after all frames: `intensities` are what they were found to be, by whichever process. */
  async remember(): Promise<void> {
    if (this.intensities === undefined) return;
    const { kernels, shares } = this.#experiment;
    const found = this.#c.map((c, frame) => (this.#seen.has(frame) ? c : 0));
    if (shares.shared) await shares.ranks.sum(found);
    kernels.write(this.intensities, shares.shared ? found.map((c) => (c > 0 ? c : 1)) : this.#c);
  }

  /** c = Σ w I Î / Σ w Î². */
  async #float(prediction: Prediction): Promise<void> {
    const { kernels } = this.#experiment;
    const { batch, expected } = prediction;
    const count = batch.frames.length;
    const products = kernels.frames(this.#room.products, 0, count);
    kernels.multiplyImages(products, expected, this.#weights(prediction));
    kernels.sum(kernels.frames(this.#sums, 0, count), products, this.#countsOf(batch));
    kernels.sum(kernels.frames(this.#sums, count, count), products, expected);
    const sums = await kernels.read(kernels.frames(this.#sums, 0, 2 * count));
    batch.frames.forEach((frame, k) => {
      const c = sums[k] / sums[count + k];
      this.#c[frame] = Number.isFinite(c) && c > 0 ? c : 1;
      this.#seen.add(frame);
    });
  }

  /** Expected intensities become c Î. */
  #brighten({ batch, expected }: Prediction): Numbers {
    const { kernels } = this.#experiment;
    const row = kernels.frames(this.#row, 0, batch.frames.length);
    kernels.write(
      row,
      Float64Array.from(batch.frames, (frame) => this.#c[frame]),
    );
    if (this.intensities !== undefined) kernels.combine(expected, row, expected, 0, expected);
    return row;
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
    const { kernels } = this.#experiment;
    kernels.release(...Object.values(this.#room), this.#sums, this.#row);
    if (this.intensities !== undefined) kernels.release(this.intensities);
  }
}
