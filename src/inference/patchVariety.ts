import type { ComplexArray } from "../arrays.ts";
import { type Communicator, sumsOf } from "../communicator.ts";
import { probeLight } from "../optics/probeLight.ts";

/** How much predicted patches differ from each other, where the probe lights them. */
export interface PatchVariety {
  /** Σ w |O_k − M|² / Σ w |M|², the mean over patches k, M being the mean patch. */
  readonly variation: number;
  /** Σ w |M − c|² / Σ w |M|², c being the mean of M. */
  readonly commonStructure: number;
  readonly patches: number;
}

export interface VarietySums {
  /** @param patches `[patch, N, N]` */
  add(patches: ComplexArray): void;
  /** Goes on, in every process, with what all have added. */
  join(ranks: Communicator): Promise<void>;
  /** Undefined without a finite patch that holds light. */
  finish(): PatchVariety | undefined;
}

/**
 * Compares patches as they come, in the memory of two. A phase of its own, which no pattern tells, is taken out of every
 * patch first: that of its weighted mean.
 * @param probe `[mode, N, N]`, whose intensity weights the pixels
 */
export function patchVariety(probe: ComplexArray): VarietySums {
  const weights = probeLight(probe);
  const size = weights.length;
  const sum = new Float64Array(2 * size);
  let [energy, count] = [0, 0];
  return {
    add({ shape, data }) {
      for (let k = 0; k < shape[0]; k++) {
        const patch = data.subarray(2 * k * size, 2 * (k + 1) * size);
        const [re, im] = weightedMean(patch, weights);
        const modulus = Math.hypot(re, im);
        if (!Number.isFinite(modulus)) continue;
        const [c, s] = modulus > 0 ? [re / modulus, -im / modulus] : [1, 0];
        for (let i = 0; i < size; i++) {
          const [x, y] = [patch[2 * i], patch[2 * i + 1]];
          sum[2 * i] += c * x - s * y;
          sum[2 * i + 1] += s * x + c * y;
          energy += weights[i] * (x * x + y * y);
        }
        count++;
      }
    },
    async join(ranks) {
      await ranks.sum(sum);
      [energy, count] = await sumsOf(ranks, [energy, count]);
    },
    finish() {
      const mean = sum.map((value) => value / count);
      const [re, im] = weightedMean(mean, weights);
      let [common, structure] = [0, 0];
      for (let i = 0; i < size; i++) {
        common += weights[i] * (mean[2 * i] ** 2 + mean[2 * i + 1] ** 2);
        structure += weights[i] * ((mean[2 * i] - re) ** 2 + (mean[2 * i + 1] - im) ** 2);
      }
      if (!(common > 0)) return undefined;
      return {
        variation: Math.max(0, energy / count / common - 1),
        commonStructure: structure / common,
        patches: count,
      };
    },
  };
}

function weightedMean(patch: ArrayLike<number>, weights: Float64Array): [re: number, im: number] {
  let [re, im, total] = [0, 0, 0];
  for (let i = 0; i < weights.length; i++) {
    re += weights[i] * patch[2 * i];
    im += weights[i] * patch[2 * i + 1];
    total += weights[i];
  }
  return [re / total, im / total];
}
