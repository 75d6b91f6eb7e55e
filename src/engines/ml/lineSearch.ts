import type { Experiment } from "../experiment.ts";
import type { Images, Numbers, Waves } from "../kernels/kernels.ts";
import type { DataTerm } from "./dataTerm.ts";

/** Object and probe, or what they move by. */
export interface Pair {
  /** `[1, 1, H, W]`. */
  readonly object: Waves;
  /** `[1, M, h, w]`. */
  readonly probe: Waves;
}

/** Terms of Î(t), a polynomial of fourth degree. */
const TERMS = 5;

/**
 * The data term along a line, exactly: with O + t h_O and P + t h_P the waves on the detector are Ψ_0 + t Ψ_1 + t² Ψ_2, Î(t)
 * has five coefficients a_k, and Σ w (Î(t) − I)² / 2 nine (Thibault & Guizar-Sicairos, New J. Phys. 14, 063004 (2012), sec. 3,
 * who keep those up to t²).
 */
export class LineSearch {
  readonly #experiment: Experiment;
  readonly #first: Waves;
  readonly #second: Waves;
  readonly #along: Waves;
  readonly #terms: readonly Images[];
  readonly #weighted: Images;
  readonly #sums: Numbers;

  constructor(experiment: Experiment) {
    const { kernels, probe, batchSize } = experiment;
    const [, modes, height, width] = probe.shape;
    this.#experiment = experiment;
    this.#first = kernels.waves([batchSize, modes, height, width]);
    this.#second = kernels.waves([batchSize, modes, height, width]);
    this.#along = kernels.waves([batchSize, 1, height, width]);
    this.#terms = Array.from({ length: TERMS - 1 }, () => kernels.images([batchSize, 1, height, width]));
    this.#weighted = kernels.images([batchSize, 1, height, width]);
    this.#sums = kernels.numbers(((TERMS * (TERMS + 1)) / 2) * batchSize);
  }

  /**
   * Adds what some frames have of the polynomial.
   *
   * @param out nine numbers, from t⁰ on
   */
  async add(frames: Int32Array, data: DataTerm, by: Pair, out: Float64Array): Promise<void> {
    const { kernels } = this.#experiment;
    const terms = this.#coefficients(frames, data, by);
    const weighted = kernels.frames(this.#weighted, 0, frames.length);
    const pairs: [number, number][] = [];
    for (let k = 0; k < TERMS; k++) {
      kernels.multiplyImages(weighted, terms.a[k], terms.weights);
      for (let l = k; l < TERMS; l++) {
        kernels.sum(kernels.frames(this.#sums, pairs.length * frames.length, frames.length), weighted, terms.a[l]);
        pairs.push([k, l]);
      }
    }
    const sums = await kernels.read(kernels.frames(this.#sums, 0, pairs.length * frames.length));
    pairs.forEach(([k, l], n) => {
      for (let frame = 0; frame < frames.length; frame++)
        out[k + l] += (k === l ? 0.5 : 1) * sums[n * frames.length + frame];
    });
  }

  /** a_0 … a_4 of Î(t) − I. */
  #coefficients(
    frames: Int32Array,
    data: DataTerm,
    by: Pair,
  ): { readonly a: readonly Images[]; readonly weights: Images } {
    const { kernels, passage } = this.#experiment;
    const count = frames.length;
    const prediction = this.#experiment.predict(this.#experiment.load(frames));
    const { batch, patches, probe, waves } = prediction;
    const [first, second, along] = [this.#first, this.#second, this.#along].map((room) =>
      kernels.frames(room, 0, count),
    );
    kernels.cut(along, by.object, batch.windows);
    kernels.product(first, along, probe);
    kernels.product(second, patches, by.probe);
    kernels.combine(first, 1, first, 1, second);
    kernels.product(second, along, by.probe);
    passage.forward(first);
    passage.forward(second);
    const { c, weights, residual } = data.square(prediction);
    const [a1, a2, a3, a4] = this.#terms.map((room) => kernels.frames(room, 0, count));
    kernels.interference(a1, waves, first);
    kernels.combine(a1, c, a1, c, a1);
    kernels.interference(a2, waves, second);
    kernels.power(a3, first);
    kernels.combine(a2, 2, a2, 1, a3);
    kernels.combine(a2, c, a2, 0, a2);
    kernels.interference(a3, first, second);
    kernels.combine(a3, c, a3, c, a3);
    kernels.power(a4, second);
    kernels.combine(a4, c, a4, 0, a4);
    return { a: [residual, a1, a2, a3, a4], weights };
  }

  release(): void {
    const { kernels } = this.#experiment;
    kernels.release(this.#first, this.#second, this.#along, ...this.#terms, this.#weighted, this.#sums);
  }
}
