import type { Batch } from "../batches.ts";
import type { Experiment } from "../experiment.ts";
import type { Images, Numbers, Waves } from "../kernels/kernels.ts";
import type { DataTerm } from "./dataTerm.ts";

/** Object and probe, or what they move by. */
export interface Pair {
  /** `[1, states, H, W]`. */
  readonly object: Waves;
  /** `[1, M, h, w]`. */
  readonly probe: Waves;
}

/** Terms of Î(t), a polynomial of fourth degree. */
const TERMS = 5;

/**
 * The data term along a line, exactly: with O + t h_O and P + t h_P the waves on the detector are Ψ_0 + t Ψ_1 + t² Ψ_2, Î(t)
 * has five coefficients a_k, and Σ w (Î(t) − I)² / 2 nine (Thibault & Guizar-Sicairos, New J. Phys. 14, 063004 (2012), sec. 3,
 * who keep those up to t²). What wrappers do to light and patterns is linear but for a constant, which is in a_0 alone. States
 * of the object have waves of their own, whose terms add up.
 */
export class LineSearch {
  readonly #experiment: Experiment;
  readonly #first: Waves;
  readonly #second: Waves;
  readonly #along: Waves;
  readonly #terms: readonly Images[];
  readonly #weighted: Images;
  readonly #sums: Numbers;
  /** P + h_P, and how the light of frames differs by it, where they have light of their own. */
  #lights: readonly [Waves, Waves] | undefined;

  constructor(experiment: Experiment) {
    const { kernels, object, probe, batchSize } = experiment;
    const [, modes, height, width] = probe.shape;
    const states = object.shape[1];
    this.#experiment = experiment;
    this.#first = kernels.waves([batchSize, states * modes, height, width]);
    this.#second = kernels.waves([batchSize, states * modes, height, width]);
    this.#along = kernels.waves([batchSize, states, height, width]);
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
    const experiment = this.#experiment;
    const { kernels, passage } = experiment;
    const count = frames.length;
    const batch = experiment.load(frames);
    const light = this.#light(batch, by.probe);
    const prediction = experiment.predict(batch);
    const { layers, waves } = prediction;
    const [first, second, along] = [this.#first, this.#second, this.#along].map((room) =>
      kernels.frames(room, 0, count),
    );
    kernels.cut(along, by.object, batch.windows);
    const modes = light.shape[1];
    for (const [k, { patches, probe }] of layers.entries()) {
      const of = (room: Waves): Waves => kernels.modes(room, k * modes, modes);
      const state = kernels.modes(along, k, 1);
      kernels.product(of(first), state, probe);
      kernels.product(of(second), patches, light);
      kernels.combine(of(first), 1, of(first), 1, of(second));
      kernels.product(of(second), state, light);
    }
    passage.forward(first);
    passage.forward(second);
    const { weights, residual } = data.square(prediction);
    const [a1, a2, a3, a4] = this.#terms.map((room) => kernels.frames(room, 0, count));
    kernels.interference(a1, waves, first);
    kernels.combine(a1, 1, a1, 1, a1);
    kernels.interference(a2, waves, second);
    kernels.power(a3, first);
    kernels.combine(a2, 2, a2, 1, a3);
    kernels.interference(a3, first, second);
    kernels.combine(a3, 1, a3, 1, a3);
    kernels.power(a4, second);
    for (const term of [a1, a2, a3, a4]) experiment.detectLinear(term, batch);
    return { a: [residual, a1, a2, a3, a4], weights };
  }

  /** How the light of frames moves with the probe: as the probe, but where frames have light of their own. */
  #light(batch: Batch, along: Waves): Waves {
    const experiment = this.#experiment;
    const { kernels, probe, batchSize } = experiment;
    if (!experiment.hasLight) return along;
    const [, modes, height, width] = probe.shape;
    this.#lights ??= [kernels.waves(probe.shape), kernels.waves([batchSize, modes, height, width])];
    const [moved, difference] = [this.#lights[0], kernels.frames(this.#lights[1], 0, batch.frames.length)];
    kernels.combine(moved, 1, probe, 1, along);
    const before = experiment.light(batch, probe);
    kernels.combine(difference, 1, before, 0, before);
    kernels.combine(difference, 1, experiment.light(batch, moved), -1, difference);
    return difference;
  }

  release(): void {
    const { kernels } = this.#experiment;
    kernels.release(...(this.#lights ?? []));
    kernels.release(this.#first, this.#second, this.#along, ...this.#terms, this.#weighted, this.#sums);
  }
}
