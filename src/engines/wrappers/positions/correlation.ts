import type { Experiment } from "../../experiment.ts";
import type { Images, Waves } from "../../kernels/kernels.ts";
import type { Change } from "../../wrapperRun.ts";
import type { PositionMethod } from "./method.ts";
import { highestPeak } from "./peak.ts";

/** Of Zhang et al.: successive steps that agree by more than this make the next ones longer, and as much against, shorter. */
const AGREEMENT = 0.3;
const LONGER = 1.1;
const SHORTER = 0.9;
const FACTOR = { least: 0.1, most: 5 } as const;

/**
 * Registers what a frame's data ask of the patch O of the object that it sees with that patch as it is: the shift s that
 * makes
 *
 *   Σ_r L |B(r) + A(r) / L − B(r + s)|²,   A = Σ_m P_m* χ_m,   L = Σ_m |P_m|²,   B = O − Σ L O / Σ L,
 *
 * least is where two correlations are highest, 2 Re Σ A* B(r + s), and what L has of B with B(r + s) above the energy that it
 * sees there, 2 Re Σ L B* B(r + s) − Σ L |B(r + s)|². Between pixels one spectrum tells (Guizar-Sicairos, Thurman & Fienup,
 * Opt. Lett. 33, 156 (2008)). The light stays where it is: correlating what is lit with what is lit would hold patches by
 * the edge of the light. Of the second, an even function but for aliasing, the even part is taken, so that a frame that is
 * explained stays. Since χ has the phases of where the frame is thought to be, a step goes a part of the way; the factor on
 * steps follows how they agree from epoch to epoch (Zhang, Peterson, Vila-Comamala et al., Opt. Express 21, 13592 (2013)).
 */
export class PositionCorrelation implements PositionMethod {
  /** The factor on steps, and the steps of the last epoch. */
  readonly memory: { readonly factor: Float64Array; readonly steps: Float64Array };
  readonly #experiment: Experiment;
  readonly #reach: number;
  /** `[B, 1]`: A, B, L B, |B|² and L. */
  readonly #asked: Waves;
  readonly #have: Waves;
  readonly #lit: Waves;
  readonly #squares: Waves;
  readonly #light: Waves;
  /** `[B, 1]`: L, |B|². */
  readonly #power: Images;
  readonly #energy: Images;
  /** Planes of 1 and of i. */
  readonly #units: readonly [Waves, Waves];

  /** @param reach farthest shift, in object pixels along an axis */
  constructor(experiment: Experiment, reach: number) {
    const { kernels, probe, batchSize, frames } = experiment;
    const [, , height, width] = probe.shape;
    const patch = (): Waves => kernels.waves([batchSize, 1, height, width]);
    this.#experiment = experiment;
    this.#reach = Math.min(reach, height / 4, width / 4);
    [this.#asked, this.#have, this.#lit, this.#squares, this.#light] = [patch(), patch(), patch(), patch(), patch()];
    [this.#power, this.#energy] = [0, 1].map(() => kernels.images([batchSize, 1, height, width]));
    this.#units = [kernels.waves([1, 1, height, width]), kernels.waves([1, 1, height, width])];
    kernels.fill(this.#units[0], 1);
    kernels.write(
      this.#units[1],
      Float32Array.from({ length: 2 * height * width }, (_, i) => i % 2),
    );
    this.memory = { factor: Float64Array.of(1), steps: new Float64Array(2 * frames) };
  }

  async shifts({ batch, patches, probe, change }: Change): Promise<Float64Array> {
    const { kernels } = this.#experiment;
    const [, , height, width] = this.#experiment.probe.shape;
    const count = batch.frames.length;
    const some = <T extends Waves | Images>(room: T, frames = count): T => kernels.frames(room, 0, frames);
    const [asked, have, lit, squares] = [this.#asked, this.#have, this.#lit, this.#squares].map((room) => some(room));
    const [power, light] = [some(this.#power, probe.shape[0]), some(this.#light, probe.shape[0])];
    const energy = some(this.#energy);
    kernels.power(power, probe);
    kernels.scale(light, this.#units[0], power);
    await this.#withoutMean(have, patches, light);
    kernels.product(asked, probe, change, { conjugate: true });
    kernels.scale(lit, have, power);
    kernels.power(energy, have);
    kernels.scale(squares, this.#units[0], energy);
    for (const waves of [asked, have, lit, squares, light]) kernels.fourier(waves, waves, "forward");
    kernels.product(asked, asked, have, { conjugate: true });
    kernels.product(lit, lit, have, { conjugate: true });
    kernels.product(squares, light, squares, { conjugate: true });
    const [towards, own, seen] = [asked, lit, squares].map((waves) => kernels.read(waves));
    const spectra = heightsOf(await towards, await own, await seen);
    const out = new Float64Array(2 * count);
    const size = 2 * height * width;
    for (let k = 0; k < count; k++)
      out.set(highestPeak(spectra.subarray(k * size, (k + 1) * size), [height, width], this.#reach), 2 * k);
    return out;
  }

  /** O − Σ L O / Σ L. */
  async #withoutMean(have: Waves, patches: Waves, light: Waves): Promise<void> {
    const { kernels } = this.#experiment;
    const [count, lit] = [have.shape[0], light.shape[0]];
    const [overlap, re, im] = [2, 1, 1].map((each) => kernels.numbers(count, each));
    const all = kernels.numbers(lit, 2);
    kernels.dot(overlap, light, patches);
    kernels.dot(all, light, this.#units[0]);
    const [sums, totals] = [Float64Array.from(await kernels.read(overlap)), await kernels.read(all)];
    const mean = (part: 0 | 1): Float64Array =>
      Float64Array.from({ length: count }, (_, k) => {
        const total = totals[lit === 1 ? 0 : 2 * k];
        return total > 0 ? -sums[2 * k + part] / total : 0;
      });
    kernels.write(re, mean(0));
    kernels.write(im, mean(1));
    kernels.combine(have, 1, patches, re, this.#units[0]);
    kernels.combine(have, 1, have, im, this.#units[1]);
    kernels.release(overlap, all, re, im);
  }

  factor(steps: Float64Array): number {
    const { factor, steps: last } = this.memory;
    let [both, own, before] = [0, 0, 0];
    steps.forEach((step, k) => {
      if (Number.isNaN(step)) return;
      both += step * last[k];
      own += step * step;
      before += last[k] * last[k];
      last[k] = step;
    });
    const agreement = both / Math.sqrt(own * before);
    if (agreement > AGREEMENT) factor[0] = Math.min(FACTOR.most, factor[0] * LONGER);
    if (agreement < -AGREEMENT) factor[0] = Math.max(FACTOR.least, factor[0] * SHORTER);
    return factor[0];
  }
}

/** Spectra of what is to be highest, from the products of spectra A* B, (L B)* B and L* |B|²; the even part of the latter two. */
function heightsOf(towards: ArrayLike<number>, own: ArrayLike<number>, seen: ArrayLike<number>): Float64Array {
  const out = new Float64Array(towards.length);
  for (let i = 0; i < out.length; i += 2) {
    out[i] = 2 * towards[i] + 2 * own[i] - seen[i];
    out[i + 1] = 2 * towards[i + 1];
  }
  return out;
}
