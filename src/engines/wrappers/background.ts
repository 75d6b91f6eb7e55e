import { sumsOf } from "../../communicator.ts";
import type { Batch } from "../batches.ts";
import type { Experiment } from "../experiment.ts";
import type { Images, Waves } from "../kernels/kernels.ts";
import type { EngineScan } from "../scan.ts";
import type { Wrapper } from "../wrapper.ts";
import type { Asked, Optics, WrapperRun } from "../wrapperRun.ts";
import { darkLevel } from "./darkLevel.ts";

/** Where the patterns tell no first guess: over the mean intensity of a pixel, which is ¼ in the project's normalisation. */
const FIRST = 0.01 / 4;
/** Length of a step: more than 1, since object and probe, which had explained some of the background, give it back. */
const RELAXATION = 1.5;
/** Part of it where object and probe move less often in an epoch than so: they then explain the same light as well, and afterwards. */
const AT_ONCE = 0.5;
const OFTEN = 4;
/** A pixel keeps this part of its background at least in one step, so that it stays positive. */
const KEPT = 0.1;

/**
 * Light that all patterns have and no exit wave explains: Î_j = Σ_m |Ψ_jm|² + B. Once an epoch it takes 1.5 times
 * Newton's step for Σ (√Î − √I)², with curvatures as they are at the solution,
 *
 *   B ← B + 1.5 Σ_j f_j / Σ_j 1 / (2 Î_j),   f_j = √(I_j / Î_j) − 1,
 *
 * in which frames count that are dark where others are bright: they know the background. The Poisson likelihood's f is twice
 * as long, and half of it is taken. (Thurman & Fienup, J. Opt. Soc. Am. A 26, 1008 (2009), estimate the same term by
 * gradients.)
 *
 * It begins flat, at what the darkest pixels see. Object and probe would else explain it in the first epochs, as speckle, and
 * what they explain they hardly ever give back.
 */
export const background: Wrapper = {
  name: "background",
  about: "refines a background that all patterns share",
  settings: [],
  optics: true,
  first,
  init: (experiment) => new Background(experiment),
};

function first(scan: EngineScan, frames: Int32Array): Pick<EngineScan, "background"> {
  const level = scan.background === undefined ? darkLevel(scan, frames) : undefined;
  const { height, width } = scan.amplitudes;
  return level === undefined ? {} : { background: new Float32Array(height * width).fill(level) };
}

class Background implements WrapperRun {
  readonly #experiment: Experiment;
  /** B, and Σ f and Σ 1 / Î of an epoch's frames, `[1, 1, h, w]`. */
  readonly #light: Images;
  readonly #lacking: Images;
  readonly #curvature: Waves;
  #frames = 0;
  #moves = 0;
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
    const [share, one] = [image(0), kernels.waves([1, 1, height, width])];
    kernels.fill(one, 1);
    const inverse = kernels.waves([experiment.batchSize, 1, height, width]);
    this.optics = {
      detector: (expected: Images): void => {
        kernels.combine(expected, 1, expected, 1, this.#light);
        const weights = kernels.frames(inverse, 0, expected.shape[0]);
        kernels.divide(weights, one, expected, { form: "linear", alpha: 0, most: 0 });
      },
      detectorAdjoint: (factor: Images, { frames }: Batch, { explained, length }: Asked): void => {
        if (!explained) return;
        const weights = kernels.frames(inverse, 0, frames.length);
        kernels.fill(share, 1 / length);
        kernels.multiplyImages(this.#lacking, factor, share, { add: true });
        kernels.product(this.#curvature, weights, one, { add: true });
        this.#frames += frames.length;
      },
    };
  }

  async estimate(): Promise<{ readonly background: Float32Array }> {
    const { kernels, passage } = this.#experiment;
    return { background: passage.fromDevice(Float32Array.from(await kernels.read(this.#light))) };
  }

  moved(): void {
    this.#moves++;
  }

  async endEpoch(): Promise<readonly string[]> {
    const { kernels, shares } = this.#experiment;
    const relaxation = this.#moves < OFTEN ? AT_ONCE * RELAXATION : RELAXATION;
    this.#moves = 0;
    const [frames] = await sumsOf(shares.ranks, [this.#frames]);
    if (frames === 0) return [];
    await shares.sum(this.#lacking, this.#curvature);
    const light = await kernels.read(this.#light);
    const [lacking, curvature] = [await kernels.read(this.#lacking), await kernels.read(this.#curvature)];
    kernels.write(
      this.#light,
      light.map((value, i) => Math.max(KEPT * value, value + (relaxation * 2 * lacking[i]) / curvature[2 * i])),
    );
    kernels.fill(this.#lacking, 0);
    kernels.fill(this.#curvature, 0);
    this.#frames = 0;
    return [];
  }
}
