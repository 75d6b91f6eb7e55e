import type { Kernels, Numbers, Shape, Waves } from "./kernels/kernels.ts";

/**
 * Moves the light of frames between pixels by ramps in Fourier space. A frame at pixel c + s sees P(r) O(r + c + s), which is
 * P(r − s) O(r + c) moved by s, and no far field knows such a move: the object is cut at whole pixels, and the probe, which
 * is zero where its window ends, is moved. Moving the patch instead would be the same but for what its window cuts off, which
 * comes in again at the other side; and it would take as many transforms for each slice.
 *
 * The move is unitary: its adjoint is the move back.
 */
export class ProbeShift {
  readonly #kernels: Kernels;
  /** `[1 or B, M]`, and `[B, 1]`. */
  readonly #spectrum: Waves;
  readonly #ramps: Waves;
  /** `[B, M]`: of what lights frames, and of anything else. */
  readonly #light: Waves;
  readonly #other: Waves;

  /** @param shape `[B, M, h, w]` */
  constructor(kernels: Kernels, shape: Shape) {
    const [frames, modes, height, width] = shape;
    this.#kernels = kernels;
    this.#spectrum = kernels.waves([1, modes, height, width]);
    this.#ramps = kernels.waves([frames, 1, height, width]);
    this.#light = kernels.waves(shape);
    this.#other = kernels.waves(shape);
  }

  /**
   * `[B, M]`: a probe `[1, M]` as each frame has it. Good until the next is asked for.
   * @param shifts `[B, 2]`, in pixels
   */
  light(probe: Waves, shifts: Numbers): Waves {
    return this.#moved(this.#light, probe, shifts);
  }

  /** The same of something else, good beside it. */
  other(waves: Waves, shifts: Numbers): Waves {
    return this.#moved(this.#other, waves, shifts);
  }

  #moved(room: Waves, probe: Waves, shifts: Numbers): Waves {
    const kernels = this.#kernels;
    const out = kernels.frames(room, 0, shifts.frames);
    const ramps = kernels.frames(this.#ramps, 0, shifts.frames);
    kernels.fourier(this.#spectrum, probe, "forward");
    kernels.ramps(ramps, shifts);
    kernels.product(out, ramps, this.#spectrum);
    kernels.fourier(out, out, "inverse");
    return out;
  }

  /** `[1, M]` += Σ_j S_j* (a_j* b_j): the adjoint, of products `[B, 1]` × `[B, M]`, summed over frames in Fourier space. */
  addBack(out: Waves, a: Waves, b: Waves, shifts: Numbers): void {
    const kernels = this.#kernels;
    const products = kernels.frames(this.#other, 0, shifts.frames);
    const ramps = kernels.frames(this.#ramps, 0, shifts.frames);
    kernels.product(products, a, b, { conjugate: true });
    kernels.fourier(products, products, "forward");
    kernels.ramps(ramps, shifts);
    kernels.product(this.#spectrum, ramps, products, { conjugate: true });
    kernels.fourier(this.#spectrum, this.#spectrum, "inverse");
    kernels.combine(out, 1, out, 1, this.#spectrum);
  }

  release(): void {
    this.#kernels.release(this.#spectrum, this.#ramps, this.#light, this.#other);
  }
}
