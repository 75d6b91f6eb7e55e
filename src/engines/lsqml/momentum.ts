import type { Remembered } from "../engine.ts";
import type { Kernels, Numbers, Waves } from "../kernels/kernels.ts";

/** Part of the correlation's logarithm by which what is remembered fades. */
const FADING = 0.5;

/**
 * Momentum of what an engine moves by an update u_t an epoch. Updates that point the same way walk down a valley in steps that
 * are too short: v ← (1 − f) v + u, and `gain` × v is gone on top. The friction f = −½ ln c comes from the correlation c =
 * Re ⟨u_t−1, u_t⟩ / |u_t−1| |u_t|; where that is not positive, v is halved and rests (after Odstrčil, Menzel &
 * Guizar-Sicairos, Opt. Express 26, 3108 (2018), who look further back).
 */
export class Momentum {
  readonly #kernels: Kernels;
  readonly #moving: Waves;
  readonly #gain: number;
  readonly #before: Waves;
  readonly #update: Waves;
  readonly #velocity: Waves;
  readonly #dots: Numbers;

  /** @param moving what is moved, in place */
  constructor(kernels: Kernels, moving: Waves, gain: number) {
    this.#kernels = kernels;
    this.#moving = moving;
    this.#gain = gain;
    this.#before = kernels.waves(moving.shape);
    this.#update = kernels.waves(moving.shape);
    this.#velocity = kernels.waves(moving.shape);
    this.#dots = kernels.numbers(3, 2);
  }

  /** What must survive a checkpoint. */
  memory(name: string): Readonly<Record<string, Remembered>> {
    return { [`${name}Update`]: this.#update, [`${name}Velocity`]: this.#velocity };
  }

  /** Before an epoch's first update. */
  begin(): void {
    this.#kernels.combine(this.#before, 1, this.#moving, 0, this.#moving);
  }

  /**
   * After its last.
   *
   * @param falls whether the misfit still falls: otherwise nothing is gone on top
   */
  async end(falls: boolean): Promise<void> {
    const kernels = this.#kernels;
    const [now, last, dots] = [this.#before, this.#update, this.#dots];
    kernels.combine(now, 1, this.#moving, -1, now);
    kernels.dot(kernels.frames(dots, 0, 1), now, last);
    kernels.dot(kernels.frames(dots, 1, 1), now, now);
    kernels.dot(kernels.frames(dots, 2, 1), last, last);
    const [both, , own, , theirs] = await kernels.read(dots);
    const correlation = own > 0 && theirs > 0 ? both / Math.sqrt(own * theirs) : 0;
    if (correlation > 0) {
      const friction = Math.min(1, -FADING * Math.log(Math.min(1, correlation)));
      kernels.combine(this.#velocity, 1 - friction, this.#velocity, 1, now);
      if (falls) kernels.combine(this.#moving, 1, this.#moving, this.#gain, this.#velocity);
    } else kernels.combine(this.#velocity, 0.5, this.#velocity, 0, this.#velocity);
    kernels.combine(last, 1, now, 0, now);
  }

  /** What moves was multiplied by a factor. */
  rescale(factor: number): void {
    for (const waves of [this.#update, this.#velocity]) this.#kernels.combine(waves, factor, waves, 0, waves);
  }

  release(): void {
    this.#kernels.release(this.#before, this.#update, this.#velocity, this.#dots);
  }
}
