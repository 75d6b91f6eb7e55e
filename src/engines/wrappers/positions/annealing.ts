import { median } from "../../../numerics/median.ts";
import type { Random } from "../../../random.ts";
import type { Experiment } from "../../experiment.ts";
import type { OfFrames } from "../../shares.ts";
import type { Change } from "../../wrapperRun.ts";
import { PositionGradient } from "./gradient.ts";
import type { PositionMethod } from "./method.ts";

/** Places that a frame tries in a search, one in each quadrant about where it is. */
const TRIED = 4;
/** A place is taken where a frame's misfit is below this part of what it is: what noise alone makes better is left. */
const BETTER = 0.98;
/** The radius shrinks by this after a search in which less than this part of the frames moved, to no less than this. */
const SHRUNK = 0.9;
const MOVED = 0.2;
const LEAST_RADIUS = 0.5;
/** R² over the median of all frames above which a frame is explained much worse than others. */
const POOR = 2;

/**
 * The gradient, and places by chance: after an epoch each frame tries some in the four quadrants around where it is, and goes
 * where Σ (√Î − √I)² is least, with the object as it is, if that is much less; the circle becomes smaller as fewer frames
 * find a better place, and in the end only those try that fit badly (Maiden, Humphry, Sarahan, Kraus & Rodenburg,
 * Ultramicroscopy 120, 64 (2012), who go by such trials alone, in a circle that shrinks with the iterations). A trial needs
 * no slope: it finds frames that are farther away than detail of the object is wide. A frame that is explained much worse
 * than others tries the first circle about where the scan had it, since it may have settled in a wrong place. What is left,
 * below what trials tell apart, is the gradient's.
 */
export class PositionAnnealing implements PositionMethod {
  /** Of the circle, in object pixels; and R² of every frame in the last epoch, 0 at first. */
  readonly memory: { readonly radius: Float64Array; readonly misfits: Float64Array };
  readonly ofFrames: readonly OfFrames[];
  readonly #experiment: Experiment;
  readonly #widest: number;
  readonly #gradient: PositionGradient;
  /** `[frame, 2]`: places that are tried. */
  readonly #trial: Float64Array;

  constructor(experiment: Experiment, radius: number) {
    this.#experiment = experiment;
    this.#widest = radius;
    this.#gradient = new PositionGradient(experiment);
    this.#trial = new Float64Array(2 * experiment.frames);
    this.memory = { radius: Float64Array.of(radius), misfits: new Float64Array(experiment.frames) };
    this.ofFrames = [{ values: this.memory.misfits, each: 1 }];
  }

  async shifts(change: Change): Promise<Float64Array> {
    const misfits = await this.#experiment.kernels.read(change.misfit);
    change.batch.frames.forEach((frame, k) => {
      this.memory.misfits[frame] = misfits[4 * k] / misfits[4 * k + 1];
    });
    return this.#gradient.shifts(change);
  }

  searched(moved: number, frames: number): void {
    const { radius } = this.memory;
    if (moved < MOVED * frames) radius[0] = Math.min(radius[0], Math.max(LEAST_RADIUS, SHRUNK * radius[0]));
  }

  async search(frames: Int32Array, random: Random): Promise<Float64Array> {
    const { radius, misfits } = this.memory;
    const found = new Float64Array(2 * frames.length).fill(Number.NaN);
    const poor = POOR * median(Float64Array.from(frames, (frame) => misfits[frame]));
    const everyone = radius[0] > LEAST_RADIUS;
    const asked = Int32Array.from(frames.keys()).filter((i) => everyone || misfits[frames[i]] > poor);
    const { batchSize, shares } = this.#experiment;
    const chances = this.#chances(asked.length, random);
    const places = shares.placesOf(
      asked.map((i) => frames[i]),
      frames,
    );
    for (let from = 0; from < places.length; from += batchSize) {
      const some = places.subarray(from, from + batchSize);
      const steps = await this.#best(
        some.map((place) => frames[asked[place]]),
        poor,
        (i, k) => chances.subarray(2 * (TRIED * some[i] + k)),
      );
      some.forEach((place, i) => {
        found.set(steps.subarray(2 * i, 2 * i + 2), 2 * asked[place]);
      });
    }
    return found;
  }

  /** `[frame, TRIED, 2]`, in [0, 1): the same for a frame, whichever process looks at it. */
  #chances(frames: number, random: Random): Float64Array {
    const { batchSize } = this.#experiment;
    const out = new Float64Array(2 * TRIED * frames);
    for (let from = 0; from < frames; from += batchSize)
      for (let k = 0; k < TRIED; k++)
        for (let frame = from; frame < Math.min(frames, from + batchSize); frame++)
          for (const which of [0, 1]) out[2 * (TRIED * frame + k) + which] = random.uniform();
    return out;
  }

  /**
   * @param chances two of the i-th frame's k-th place
   * @returns `[B, 2]`: steps to the best places; NaN where a frame is
   */
  async #best(
    frames: Int32Array,
    poor: number,
    chances: (i: number, k: number) => Float64Array,
  ): Promise<Float64Array> {
    const experiment = this.#experiment;
    const { kernels, positions } = experiment;
    const batch = experiment.load(frames);
    const trial = this.#trial;
    const best = new Float64Array(2 * frames.length).fill(Number.NaN);
    const least = new Float64Array(frames.length);
    const misfit = kernels.numbers(frames.length, 4);
    for (let k = -1; k < TRIED; k++) {
      frames.forEach((frame, i) => {
        if (k >= 0) this.#place(frame, k, poor, chances(i, k));
        else trial.set(positions.subarray(2 * frame, 2 * frame + 2), 2 * frame);
      });
      experiment.assess({ ...batch, ...experiment.place(frames, trial) }, misfit);
      const sums = await kernels.read(misfit);
      frames.forEach((frame, i) => {
        const off = sums[4 * i];
        if (k < 0) least[i] = BETTER * off;
        else if (off < least[i]) {
          least[i] = off;
          for (const axis of [0, 1]) best[2 * i + axis] = trial[2 * frame + axis] - positions[2 * frame + axis];
        }
      });
    }
    kernels.release(misfit);
    return best;
  }

  /** A frame in the k-th quadrant of its circle. */
  #place(frame: number, k: number, poor: number, [distance, direction]: Float64Array): void {
    const experiment = this.#experiment;
    const { radius, misfits } = this.memory;
    const { positions, scan } = experiment;
    const [centre, reach] = misfits[frame] > poor ? [scan.positions, this.#widest] : [positions, radius[0]];
    const [away, angle] = [reach * distance, ((k + direction) * Math.PI) / 2];
    this.#trial[2 * frame] = experiment.within(2 * frame, centre[2 * frame] + away * Math.sin(angle));
    this.#trial[2 * frame + 1] = experiment.within(2 * frame + 1, centre[2 * frame + 1] + away * Math.cos(angle));
  }
}
