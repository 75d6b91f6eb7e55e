import type { Kernels, Waves } from "./kernels/kernels.ts";

/**
 * Momentum of mPIE (Maiden, Johnson & Li, Optica 4, 736 (2017)): every so many updates the wave X goes on in the direction
 * in which it has moved since the last time, X′ being what it was then,
 *
 *   v ← η v + X − X′,   X ← X + η v.
 */
export class Momentum {
  /** v. */
  readonly velocity: Waves;
  readonly #kernels: Kernels;
  readonly #wave: Waves;
  readonly #before: Waves;
  readonly #friction: number;

  /** @param friction η in [0, 1) */
  constructor(kernels: Kernels, wave: Waves, friction: number) {
    this.#kernels = kernels;
    this.#wave = wave;
    this.#friction = friction;
    this.velocity = kernels.waves(wave.shape);
    this.#before = kernels.waves(wave.shape);
  }

  /** The wave may have been moved by others: what it is now is X′. */
  begin(): void {
    this.#kernels.combine(this.#before, 1, this.#wave, 0, this.#wave);
  }

  goOn(): void {
    const kernels = this.#kernels;
    const [wave, before, velocity] = [this.#wave, this.#before, this.velocity];
    kernels.combine(before, 1, wave, -1, before);
    kernels.combine(velocity, this.#friction, velocity, 1, before);
    kernels.combine(wave, 1, wave, this.#friction, velocity);
    this.begin();
  }

  /** The wave was multiplied by this, and so is what it remembers. Between two epochs. */
  rescale(factor: number): void {
    this.#kernels.combine(this.velocity, factor, this.velocity, 0, this.velocity);
  }

  release(): void {
    this.#kernels.release(this.velocity, this.#before);
  }
}
