import type { Kernels, Numbers, Waves, Windows } from "../kernels/kernels.ts";

/**
 * The prior that neighbouring pixels of an object are alike: R = s Σ |O(y + 1, x) − O(y, x)|² + s Σ |O(y, x + 1) − O(y, x)|²
 * (Thibault & Guizar-Sicairos, New J. Phys. 14, 063004 (2012), sec. 4.3).
 */
export class Smoothness {
  readonly #kernels: Kernels;
  readonly #strength: number;
  readonly #axes: readonly Axis[];

  /** @param shape `[1, states, H, W]` of the object */
  constructor(kernels: Kernels, [, states, height, width]: Waves["shape"], strength: number) {
    this.#kernels = kernels;
    this.#strength = strength;
    this.#axes = [
      new Axis(kernels, [states, height - 1, width], [1, 0]),
      new Axis(kernels, [states, height, width - 1], [0, 1]),
    ];
  }

  /** Downhill, as χ is: R changes by −2 Re ⟨this, δO⟩. Added to `gradient`. */
  addGradient(gradient: Waves, object: Waves): void {
    for (const axis of this.#axes) axis.addGradient(gradient, object, this.#strength);
  }

  /**
   * R along a line.
   *
   * @param out coefficients of a polynomial in t, to which those of t and t² are added
   */
  async add(object: Waves, along: Waves, out: Float64Array): Promise<void> {
    for (const axis of this.#axes) {
      const [cross, square] = await axis.products(object, along);
      out[1] += 2 * this.#strength * cross;
      out[2] += this.#strength * square;
    }
  }

  release(): void {
    for (const axis of this.#axes) this.#kernels.release(...axis.held);
  }
}

/** Differences of an object's neighbours along one axis: windows on it that lie a pixel apart. */
class Axis {
  readonly held: readonly (Waves | Windows | Numbers)[];
  readonly #kernels: Kernels;
  readonly #here: Windows;
  readonly #there: Windows;
  readonly #first: Waves;
  readonly #second: Waves;
  readonly #spare: Waves;
  readonly #dots: Numbers;

  constructor(
    kernels: Kernels,
    [states, height, width]: readonly [number, number, number],
    step: readonly [number, number],
  ) {
    this.#kernels = kernels;
    [this.#here, this.#there] = [kernels.windows(1), kernels.windows(1)];
    kernels.place(this.#here, { corners: Int32Array.of(0, 0) });
    kernels.place(this.#there, { corners: Int32Array.from(step) });
    [this.#first, this.#second, this.#spare] = [0, 1, 2].map(() => kernels.waves([1, states, height, width])) as [
      Waves,
      Waves,
      Waves,
    ];
    this.#dots = kernels.numbers(2, 2);
    this.held = [this.#here, this.#there, this.#first, this.#second, this.#spare, this.#dots];
  }

  addGradient(gradient: Waves, object: Waves, strength: number): void {
    const kernels = this.#kernels;
    this.#differences(this.#first, object);
    kernels.combine(this.#first, strength, this.#first, 0, this.#first);
    kernels.paste(gradient, this.#first, this.#here);
    kernels.combine(this.#first, -1, this.#first, 0, this.#first);
    kernels.paste(gradient, this.#first, this.#there);
  }

  /** Re ⟨D O, D h⟩ and |D h|². */
  async products(object: Waves, along: Waves): Promise<[number, number]> {
    const kernels = this.#kernels;
    this.#differences(this.#first, object);
    this.#differences(this.#second, along);
    kernels.dot(kernels.frames(this.#dots, 0, 1), this.#first, this.#second);
    kernels.dot(kernels.frames(this.#dots, 1, 1), this.#second, this.#second);
    const [cross, , square] = await kernels.read(this.#dots);
    return [cross, square];
  }

  #differences(out: Waves, of: Waves): void {
    this.#kernels.cut(out, of, this.#there);
    this.#kernels.cut(this.#spare, of, this.#here);
    this.#kernels.combine(out, 1, out, -1, this.#spare);
  }
}
