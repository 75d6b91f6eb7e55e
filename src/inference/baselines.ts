import { type Communicator, sumsOf } from "../communicator.ts";
import type { Scales } from "../data/normalisation.ts";
import { poissonNoise } from "../metrics/poissonNoise.ts";
import { BACKGROUND_COUNTS } from "../physics/likelihood.ts";

/** Deviances per pixel with which that of a model is compared. */
export interface Baselines {
  /** Of a flat object: the probe's own diffraction in every pattern, scaled to the counts. */
  readonly flatDeviance: number;
  /**
   * Of the patterns' mean in every pattern: the best that one and the same patch everywhere can do. The mean of J patterns is
   * nearer to each of them than to another one; J/(J − 1) makes up for it. Null of a single pattern.
   */
  readonly constantDeviance: number | null;
  /**
   * Expected from counting photons, of the patterns' mean: right where patterns differ little, which is where it matters.
   * Null where the unit of the patterns is unknown, and with it how many photons they hold.
   */
  readonly noiseDeviance: number | null;
  /** Standard deviation of the mean deviance that counting makes. */
  readonly noiseSpread: number;
}

/** Whole numbers, squared from float32 amplitudes, are off by 1e-3 at most; others by 0.25 on average, or by themselves. */
const mostBroken = 0.02;
/** Part of the lit values below half a count, beyond which values that are not whole cannot be counts. */
const mostDim = 0.5;

/** Somebody says how many photons there are; or the values are counts, as far as they can be; or only where they are whole. */
export type Dose = "said" | "counts" | "unknown";

/** By where scales have their photons from. */
export const doseOf = ({ photonsFrom }: Pick<Scales, "photonsFrom">): Dose =>
  photonsFrom === "amplitude" ? "unknown" : photonsFrom === "counts" ? "counts" : "said";

export interface BaselineSums {
  /** @param counts `[N, N]`, photons of one pattern */
  add(counts: Float64Array): void;
  /** Goes on, in every process, with what all have added. */
  join(ranks: Communicator): Promise<void>;
  /** @param rate `[N, N]`, the flat object's intensity in any unit */
  finish(rate: ArrayLike<number>): Baselines;
}

/**
 * Sums over patterns from which the baselines follow in closed form, so that each is looked at once:
 * Σ 2 [λ − k + k ln(k/λ)] over patterns of one rate λ needs only Σ k of every pixel, and Σ k ln k over all.
 *
 * @param options.mask `[N, N]`, 0 = invalid
 * @param options.frameIntensity each pattern's rate is scaled to its counts
 * @param options.dose how photons are known
 */
export function baselineSums(
  pixels: number,
  {
    mask,
    frameIntensity,
    dose,
  }: {
    readonly mask: ArrayLike<number> | undefined;
    readonly frameIntensity: boolean;
    readonly dose: Dose;
  },
): BaselineSums {
  const counts = new Float64Array(pixels);
  const valid = (i: number): boolean => mask === undefined || mask[i] !== 0;
  let [patterns, entropy, total, beam, lit, broken, dim] = [0, 0, 0, 0, 0, 0, 0];
  return {
    add(pattern) {
      let sum = 0;
      for (let i = 0; i < pixels; i++) {
        const k = pattern[i];
        if (!valid(i) || !(k > 0)) continue;
        counts[i] += k;
        entropy += k * Math.log(k);
        sum += k;
        lit++;
        broken += Math.abs(k - Math.max(1, Math.round(k)));
        if (k < 0.5) dim++;
      }
      total += sum;
      beam += sum > 0 ? sum * Math.log(sum) : 0;
      patterns++;
    },
    async join(ranks) {
      await ranks.sum(counts);
      [patterns, entropy, total, beam, lit, broken, dim] = await sumsOf(ranks, [
        ...[patterns, entropy, total, beam, lit, broken, dim],
      ]);
    },
    finish(rate) {
      let [light, size] = [0, 0];
      for (let i = 0; i < pixels; i++) {
        if (!valid(i)) continue;
        light += rate[i];
        size++;
      }
      const factor = light > 0 ? total / patterns / light : 0;
      // Of beams s_j with Σ s_j = patterns, Σ k_j ln s_j is what they explain by themselves.
      const explained = frameIntensity && total > 0 ? beam - total * Math.log(total / patterns) : 0;
      const noise = poissonNoise(BACKGROUND_COUNTS);
      const sums = { flat: entropy - total - explained, constant: entropy - total - explained, noise: 0, variance: 0 };
      for (let i = 0; i < pixels; i++) {
        if (!valid(i)) continue;
        const [flat, mean] = [factor * rate[i], counts[i] / patterns];
        sums.flat += halfDevianceOf(flat + BACKGROUND_COUNTS, counts[i], patterns);
        sums.constant += halfDevianceOf(mean + BACKGROUND_COUNTS, counts[i], patterns);
        const expected = noise(mean);
        sums.noise += expected.mean;
        sums.variance += expected.variance;
      }
      const number = size * patterns;
      const photons = dose === "said" || broken < mostBroken * lit || (dose === "counts" && dim < mostDim * lit);
      return {
        flatDeviance: (2 * sums.flat) / number,
        constantDeviance: patterns > 1 ? ((2 * sums.constant) / number) * (patterns / (patterns - 1)) : null,
        ...(photons
          ? { noiseDeviance: sums.noise / size, noiseSpread: Math.sqrt(sums.variance / size / number) }
          : { noiseDeviance: null, noiseSpread: 0 }),
      };
    },
  };
}

/** Σ (λ − k ln λ) over patterns of one rate; the rest does not depend on it. */
const halfDevianceOf = (rate: number, counts: number, patterns: number): number =>
  patterns * rate - counts * Math.log(rate);
