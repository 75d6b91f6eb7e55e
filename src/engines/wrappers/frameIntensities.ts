import type { Batch } from "../batches.ts";
import type { Experiment } from "../experiment.ts";
import type { Waves } from "../kernels/kernels.ts";
import type { OfFrames } from "../shares.ts";
import type { Wrapper } from "../wrapper.ts";
import type { Change, Optics, WrapperRun } from "../wrapperRun.ts";

/** Part of the least-squares step that is taken: object and probe take the rest. */
const RELAXATION = 0.5;
/** Largest change of an amplitude in one step. */
const LARGEST_STEP = 0.2;

/**
 * The beam's intensity in each frame: P_j = s_j P. The step is that of least squares for ψ_j along itself,
 *
 *   s_j ← s_j (1 + ½ Re ⟨ψ_j, χ_j⟩ / ⟨ψ_j, ψ_j⟩),
 *
 * after which the mean of s² is 1 again: the rest is the probe's power (Odstrčil, Menzel & Guizar-Sicairos, Opt. Express
 * 26, 3108 (2018), section 2.5).
 */
export const frameIntensities: Wrapper = {
  name: "intensities",
  about: "refines the beam's intensity in every frame",
  settings: [],
  optics: true,
  init: (experiment) => new FrameIntensities(experiment),
};

class FrameIntensities implements WrapperRun {
  readonly #experiment: Experiment;
  /** s_j of all frames. */
  readonly #amplitudes: Float64Array;
  /** Whether a frame was explained in this epoch: others have no say in the mean. */
  readonly #explained: Float64Array;
  readonly optics: Optics;
  readonly memory: { readonly amplitudes: Float64Array };
  readonly ofFrames: readonly OfFrames[];

  constructor(experiment: Experiment) {
    this.#experiment = experiment;
    this.#amplitudes = experiment.scan.intensities?.slice() ?? new Float64Array(experiment.frames).fill(1);
    this.#explained = new Float64Array(experiment.frames);
    this.memory = { amplitudes: this.#amplitudes };
    this.ofFrames = [this.#amplitudes, this.#explained].map((values) => ({ values, each: 1 }));
    const { kernels, batchSize } = experiment;
    const [, modes, height, width] = experiment.probe.shape;
    const lit = kernels.waves([batchSize, modes, height, width]);
    const factors = kernels.numbers(batchSize);
    this.optics = {
      probe: ({ frames }: Batch, probe: Waves): Waves => {
        const [out, factor] = [kernels.frames(lit, 0, frames.length), kernels.frames(factors, 0, frames.length)];
        kernels.write(
          factor,
          Float64Array.from(frames, (frame) => this.#amplitudes[frame]),
        );
        kernels.combine(out, factor, probe, 0, probe);
        return out;
      },
    };
  }

  async estimate(): Promise<{ readonly intensities: Float64Array }> {
    return { intensities: this.#amplitudes.slice() };
  }

  async changed(change: Change): Promise<void> {
    for (const frame of change.batch.frames) this.#explained[frame] = 1;
    await this.#step(change);
  }

  async fitFrames(change: Change): Promise<void> {
    await this.#step(change);
  }

  async #step({ batch, lit }: Change): Promise<void> {
    const { kernels } = this.#experiment;
    const frames = batch.frames.length;
    const [overlap, power] = [new Float64Array(frames), new Float64Array(frames)];
    const [along, length] = [kernels.numbers(frames, 2), kernels.numbers(frames, 2)];
    // States of an object are in the same light.
    for (const { patches, probe, change } of lit) {
      const exit = kernels.waves(change.shape);
      kernels.product(exit, patches, probe);
      kernels.dot(along, exit, change);
      kernels.dot(length, exit, exit);
      const [overlaps, powers] = [await kernels.read(along), await kernels.read(length)];
      for (let k = 0; k < frames; k++) {
        overlap[k] += overlaps[2 * k];
        power[k] += powers[2 * k];
      }
      kernels.release(exit);
    }
    kernels.release(along, length);
    batch.frames.forEach((frame, k) => {
      const step = power[k] > 0 ? (RELAXATION * overlap[k]) / power[k] : 0;
      this.#amplitudes[frame] *= 1 + Math.min(LARGEST_STEP, Math.max(-LARGEST_STEP, step));
    });
  }

  endEpoch(): readonly string[] {
    const { kernels, probe } = this.#experiment;
    const amplitudes = this.#amplitudes.filter((_, frame) => this.#explained[frame] === 1);
    this.#explained.fill(0);
    if (amplitudes.length === 0) return [];
    const mean = Math.sqrt(amplitudes.reduce((sum, s) => sum + s * s, 0) / amplitudes.length);
    for (let frame = 0; frame < this.#amplitudes.length; frame++) this.#amplitudes[frame] /= mean;
    kernels.combine(probe, mean, probe, 0, probe);
    this.#experiment.rescaled(mean);
    return [];
  }
}
