import { placesOf } from "../../canvas.ts";
import type { Experiment } from "../../experiment.ts";
import type { Waves, Windows } from "../../kernels/kernels.ts";
import type { Change } from "../../wrapperRun.ts";
import type { PositionMethod } from "./method.ts";

/**
 * Where each frame of a batch wants to go. With R(r + δ) O ≈ R O + Σ_a δ_a ∂_a R O, the shift that explains the change of
 * the exit waves best,
 *
 *   min_δ Σ_m |χ_m − P_m Σ_a δ_a ∂_a R O|²,
 *
 * solves two equations in δ_y and δ_x (Odstrčil, Menzel & Guizar-Sicairos, Opt. Express 26, 3108 (2018), section 2.6, takes
 * the two axes one by one). Derivatives are central differences of the object, so the canvas needs a rim of one pixel.
 */
export class PositionGradient implements PositionMethod {
  readonly #experiment: Experiment;
  readonly #ahead: Windows;
  readonly #derivatives: readonly [y: Waves, x: Waves];
  readonly #room: Waves;
  readonly #lit: readonly [y: Waves, x: Waves];

  constructor(experiment: Experiment) {
    const { kernels, probe, batchSize } = experiment;
    const [, modes, height, width] = probe.shape;
    const patch = (): Waves => kernels.waves([batchSize, 1, height, width]);
    const exit = (): Waves => kernels.waves([batchSize, modes, height, width]);
    this.#experiment = experiment;
    this.#ahead = kernels.windows(batchSize);
    this.#derivatives = [patch(), patch()];
    this.#room = patch();
    this.#lit = [exit(), exit()];
  }

  /** `[B, 2]`: δ in object pixels, (y, x); 0 where the object is flat. */
  async shifts({ batch, probe, change }: Change): Promise<Float64Array> {
    const { kernels } = this.#experiment;
    const count = batch.frames.length;
    const [down, right] = ([0, 1] as const).map((axis) => {
      const derivative = this.#derivative(batch.frames, axis);
      const lit = kernels.frames(this.#lit[axis], 0, count);
      kernels.product(lit, derivative, probe);
      return lit;
    });
    const pairs = [
      [down, down],
      [down, right],
      [right, right],
      [down, change],
      [right, change],
    ];
    const sums = pairs.map(([a, b]) => {
      const sum = kernels.numbers(count, 2);
      kernels.dot(sum, a, b);
      return sum;
    });
    const [yy, yx, xx, wantY, wantX] = await Promise.all(sums.map((sum) => kernels.read(sum)));
    kernels.release(...sums);
    const out = new Float64Array(2 * count);
    for (let k = 0; k < count; k++) {
      // Some per cent of the trace keep a direction quiet in which the object does not vary.
      const floor = 0.01 * (yy[2 * k] + xx[2 * k]);
      const [a, b, d] = [yy[2 * k] + floor, yx[2 * k], xx[2 * k] + floor];
      const determinant = a * d - b * b;
      if (!(determinant > 0)) continue;
      out[2 * k] = (d * wantY[2 * k] - b * wantX[2 * k]) / determinant;
      out[2 * k + 1] = (a * wantX[2 * k] - b * wantY[2 * k]) / determinant;
    }
    return out;
  }

  /** (R(r + e_a) O − R(r − e_a) O) / 2. */
  #derivative(frames: Int32Array, axis: 0 | 1): Waves {
    const { kernels, object } = this.#experiment;
    const out = kernels.frames(this.#derivatives[axis], 0, frames.length);
    const behind = kernels.frames(this.#room, 0, frames.length);
    const windows = kernels.frames(this.#ahead, 0, frames.length);
    for (const [step, patches] of [
      [1, out],
      [-1, behind],
    ] as const) {
      kernels.place(windows, this.#moved(frames, axis, step));
      kernels.cut(patches, object, windows);
    }
    kernels.combine(out, 0.5, out, -0.5, behind);
    return out;
  }

  #moved(frames: Int32Array, axis: 0 | 1, step: number): ReturnType<typeof placesOf> {
    const { positions, probe, canvas, subPixel } = this.#experiment;
    const [, , height, width] = probe.shape;
    const places = placesOf(positions, frames, [height, width], canvas, subPixel);
    for (let k = axis; k < places.corners.length; k += 2) places.corners[k] += step;
    return places;
  }
}
