import { affineFit, affineValues, type Matrix2 } from "../../../numerics/affineFit.ts";
import type { Experiment } from "../../experiment.ts";

/** Part of their last step that rotation, scale and shear keep while they go on the same way: alone they would take long. */
const KEPT = 0.9;

export interface FrameRules {
  /** Corrections are an affine function of the scan's positions, and nothing else. */
  readonly affine: boolean;
  /** The scan's scale stays. */
  readonly scaleHeld: boolean;
}

/**
 * Corrections of a scan's positions, and the frame that they keep.
 *
 * **The shift** that object and positions share is of no pattern's knowledge: it is taken out. **The scale** nearly is not:
 * positions that lie farther apart leave an object with more pixels, which explains noise better, and a probe that is
 * defocused makes up for it. From the truth, at 10⁵ photons a pattern, scales grow by 2 to 3 % in 240 epochs, with every
 * engine, while rotation and shear stay. So it is held, unless it is asked for.
 *
 * Rotation, scale and shear come slowly, since neighbours hardly move against each other: what steps have of them goes on
 * with momentum.
 */
export class PositionFrame {
  /** The momentum of the affine part. */
  readonly memory: { readonly velocity: Float64Array };
  readonly #experiment: Experiment;
  readonly #rules: FrameRules;

  constructor(experiment: Experiment, rules: FrameRules) {
    this.#experiment = experiment;
    this.#rules = rules;
    this.memory = { velocity: new Float64Array(4) };
  }

  /** @param steps `[frame, 2]`, NaN where a frame is not explained */
  move(steps: Float64Array): void {
    const { scan, positions } = this.#experiment;
    const asked = Int32Array.from(steps.keys()).filter((k) => k % 2 === 0 && !Number.isNaN(steps[k]));
    const coordinates = Int32Array.from({ length: 2 * asked.length }, (_, i) => asked[i >> 1] + (i & 1));
    const pick = (of: (k: number) => number): Float64Array => Float64Array.from(coordinates, of);
    const places = pick((k) => scan.positions[k]);
    const onward = this.#onward(
      pick((k) => steps[k]),
      places,
    );
    const corrections = pick((k) => positions[k] - scan.positions[k] + steps[k]).map((value, i) => value + onward[i]);
    const fit = affineFit(corrections, places);
    if (this.#rules.affine) {
      if (fit === undefined) return;
      const kept = { ...fit, matrix: this.#allowed(fit.matrix), shift: [0, 0] as const };
      this.#place(Int32Array.from(positions.keys()), affineValues(kept, scan.positions));
      return;
    }
    const scale = fit === undefined || !this.#rules.scaleHeld ? 0 : (fit.matrix[0] + fit.matrix[3]) / 2;
    const centre = fit?.centre ?? [0, 0];
    const held = corrections.map((value, i) => value - scale * (places[i] - centre[i & 1]));
    const means = [0, 1].map(
      (axis) => (2 / held.length) * held.reduce((sum, v, i) => sum + (i % 2 === axis ? v : 0), 0),
    );
    this.#place(
      coordinates,
      held.map((value, i) => value - means[i & 1]),
    );
  }

  /** What the affine part adds to steps. */
  #onward(steps: Float64Array, places: Float64Array): Float64Array {
    const fit = affineFit(steps, places);
    if (fit === undefined) return new Float64Array(steps.length);
    const { velocity } = this.memory;
    const step = this.#allowed(fit.matrix);
    const along = step.reduce((sum, value, i) => sum + value * velocity[i], 0);
    const onward = velocity.map((value) => (along > 0 ? KEPT * value : 0));
    for (const [i, value] of step.entries()) velocity[i] = value + onward[i];
    return affineValues({ matrix: [...onward] as unknown as Matrix2, shift: [0, 0], centre: fit.centre }, places);
  }

  #allowed([yy, yx, xy, xx]: Matrix2): Matrix2 {
    const scale = this.#rules.scaleHeld ? (yy + xx) / 2 : 0;
    return [yy - scale, yx, xy, xx - scale];
  }

  #place(coordinates: Int32Array, corrections: Float64Array): void {
    const { scan, positions } = this.#experiment;
    coordinates.forEach((k, i) => {
      positions[k] = this.#experiment.within(k, scan.positions[k] + corrections[i]);
    });
  }
}
