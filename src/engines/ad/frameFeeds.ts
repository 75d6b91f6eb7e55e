import { windowPixels } from "../../physics/windows.ts";
import type { HostTensor } from "../../runtime/runtime.ts";
import { placesOf } from "../canvas.ts";
import type { Experiment } from "../experiment.ts";
import { PreparedFrames } from "../preparedFrames.ts";
import type { AdShape } from "./graphs.ts";

/**
 * Frames as inputs of `adGraph`: always as many, of which those beyond the frames asked for weigh nothing. They are kept from
 * epoch to epoch, in the detector's order of pixels.
 */
export class FrameFeeds {
  readonly #experiment: Experiment;
  readonly #shape: AdShape;
  readonly #kept: PreparedFrames;
  readonly #measured: Float32Array;
  readonly #mask: Readonly<Record<string, HostTensor>>;

  constructor(experiment: Experiment, shape: AdShape) {
    const { frames, window } = shape;
    this.#experiment = experiment;
    this.#shape = shape;
    this.#measured = new Float32Array(frames * window[0] * window[1]);
    const { mask, amplitudes } = experiment.scan;
    this.#kept = new PreparedFrames(amplitudes, (images) => images);
    this.#mask = mask === undefined ? {} : { mask: { data: mask, shape: window } };
  }

  /** Good until the next are asked for. */
  of(frames: Int32Array): Record<string, HostTensor> {
    const { frames: most, window, canvas, between } = this.#shape;
    const { positions, subPixel } = this.#experiment;
    const pixels = window[0] * window[1];
    this.#kept.load(frames, (k, _, values) => this.#measured.set(values, k * pixels));
    // Frames without weight still have finite numbers: those of the first.
    const all = Int32Array.from({ length: most }, (_, k) => frames[k < frames.length ? k : 0]);
    for (let k = frames.length; k < most; k++) this.#measured.copyWithin(k * pixels, 0, pixels);
    const { corners, fractions } = placesOf(positions, all, window, this.#experiment.canvas, subPixel);
    const rim = between ? 1 : 0;
    const picked = windowPixels(corners, [window[0] + rim, window[1] + rim], canvas[1]);
    return {
      measured: { data: this.#measured, shape: [most, ...window] },
      weights: { data: Float32Array.from({ length: most }, (_, k) => (k < frames.length ? 1 : 0)), shape: [most] },
      pixels: { data: picked, shape: [most, picked.length / most] },
      ...(between ? { fractions: { data: Float32Array.from(fractions ?? []), shape: [most, 2] } } : {}),
      ...this.#mask,
    };
  }
  release(): void {
    this.#kept.release();
  }
}
