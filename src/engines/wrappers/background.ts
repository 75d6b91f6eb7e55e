import type { Batch } from "../batches.ts";
import type { Experiment } from "../experiment.ts";
import type { Images, Waves } from "../kernels/kernels.ts";
import type { Wrapper } from "../wrapper.ts";
import type { Optics, WrapperRun } from "../wrapperRun.ts";

/** First guess over the mean intensity of a pixel, which is ¼ in the project's normalisation. */
const FIRST = 0.01 / 4;
/** Length of a step: more than 1, since object and probe, which had explained some of the background, give it back. */
const RELAXATION = 1.5;
/** A pixel keeps this part of its background at least in one step, so that it stays positive. */
const KEPT = 0.1;

/**
 * Light that all patterns have and no exit wave explains: Î_j = Σ_m |Ψ_jm|² + B. Once an epoch it takes 1.5 times
 * Newton's step for Σ (√Î − √I)², with curvatures as they are at the solution,
 *
 *   B ← B + 1.5 Σ_j f_j / Σ_j 1 / (2 Î_j),   f_j = √(I_j / Î_j) − 1,
 *
 * in which frames count that are dark where others are bright: they know the background. The Poisson likelihood's f is twice
 * as long, and so is its curvature. (Thurman & Fienup, J. Opt. Soc. Am. A 26, 1008 (2009), estimate the same term by
 * gradients.)
 */
export const background: Wrapper = {
  name: "background",
  about: "refines a background that all patterns share",
  settings: [],
  init: (experiment) => new Background(experiment),
};

class Background implements WrapperRun {
  readonly #experiment: Experiment;
  /** B, and Σ f and Σ 1 / Î of an epoch's frames, `[1, 1, h, w]`. */
  readonly #light: Images;
  readonly #lacking: Images;
  readonly #curvature: Waves;
  #frames = 0;
  readonly optics: Optics;
  readonly memory: { readonly light: Images };

  constructor(experiment: Experiment) {
    this.#experiment = experiment;
    const { kernels } = experiment;
    const [, , height, width] = experiment.probe.shape;
    const image = (value: number): Images => {
      const made = kernels.images([1, 1, height, width]);
      kernels.fill(made, value);
      return made;
    };
    const { scan, passage } = experiment;
    this.#light = image(FIRST);
    if (scan.background !== undefined) kernels.write(this.#light, passage.toDevice(scan.background));
    this.#lacking = image(0);
    this.#curvature = kernels.waves([1, 1, height, width]);
    this.memory = { light: this.#light };
    const ones = [image(1), kernels.waves([1, 1, height, width])] as const;
    kernels.fill(ones[1], 1);
    const inverse = kernels.waves([experiment.batchSize, 1, height, width]);
    this.optics = {
      detector: (expected: Images): void => {
        kernels.combine(expected, 1, expected, 1, this.#light);
        const weights = kernels.frames(inverse, 0, expected.shape[0]);
        kernels.divide(weights, ones[1], expected, { form: "linear", alpha: 0, most: 0 });
      },
      detectorAdjoint: (factor: Images, { frames }: Batch, explained: boolean): void => {
        if (!explained) return;
        const weights = kernels.frames(inverse, 0, frames.length);
        kernels.multiplyImages(this.#lacking, factor, ones[0], { add: true });
        kernels.product(this.#curvature, weights, ones[1], { add: true });
        this.#frames += frames.length;
      },
    };
  }

  async estimate(): Promise<{ readonly background: Float32Array }> {
    const { kernels, passage } = this.#experiment;
    return { background: passage.fromDevice(Float32Array.from(await kernels.read(this.#light))) };
  }

  async endEpoch(): Promise<readonly string[]> {
    const { kernels } = this.#experiment;
    if (this.#frames === 0) return [];
    const light = await kernels.read(this.#light);
    const [lacking, curvature] = [await kernels.read(this.#lacking), await kernels.read(this.#curvature)];
    kernels.write(
      this.#light,
      light.map((value, i) => Math.max(KEPT * value, value + (RELAXATION * 2 * lacking[i]) / curvature[2 * i])),
    );
    kernels.fill(this.#lacking, 0);
    kernels.fill(this.#curvature, 0);
    this.#frames = 0;
    return [];
  }
}
