import type { ComplexArray } from "../arrays.ts";
import { planFft2 } from "../numerics/fft.ts";

/**
 * A probe whose far field has the modulus √mean and the phase of a defocus, exp(−iπ defocus f²), with frequencies f in cycles
 * per object pixel: what a thin object lets through unchanged. Masked pixels are filled from those around them.
 * `[1, n, n]`, total energy 1.
 * @param mean `[n, n]`, counts, zero frequency at floor(n / 2)
 * @param defocus λ Δz / dx², positive downstream of the focus
 * @param mask `[n, n]`, 1 = valid
 * @param offset of the pixels' middles from their frequencies, (y, x) in pixels
 */
export function patternProbe(
  mean: ArrayLike<number>,
  n: number,
  defocus: number,
  mask?: ArrayLike<number>,
  offset: readonly [y: number, x: number] = [0, 0],
): ComplexArray {
  const filled = mask === undefined ? mean : filledIn(mean, n, mask);
  const field = new Float64Array(2 * n * n);
  const middle = Math.floor(n / 2);
  let energy = 0;
  for (let i = 0; i < n * n; i++) {
    const y = (Math.floor(i / n) - middle + offset[0]) / n;
    const x = ((i % n) - middle + offset[1]) / n;
    const modulus = Math.sqrt(Math.max(0, filled[i]));
    const phase = -Math.PI * defocus * (y * y + x * x);
    field[2 * i] = modulus * Math.cos(phase);
    field[2 * i + 1] = modulus * Math.sin(phase);
    energy += modulus * modulus;
  }
  const scale = energy > 0 ? 1 / Math.sqrt(energy) : 0;
  for (let i = 0; i < field.length; i++) field[i] *= scale;
  return { shape: [1, n, n], data: planFft2([n, n]).inverse(field, new Float32Array(2 * n * n)) };
}

/** √mean without a phase, interleaved `[n, n]`, masked pixels filled from those around them; total energy 1. */
export function patternModulus(mean: ArrayLike<number>, n: number, mask?: ArrayLike<number>): Float64Array {
  const filled = mask === undefined ? mean : filledIn(mean, n, mask);
  const field = new Float64Array(2 * n * n);
  let energy = 0;
  for (let i = 0; i < n * n; i++) {
    field[2 * i] = Math.sqrt(Math.max(0, filled[i]));
    energy += field[2 * i] ** 2;
  }
  const scale = energy > 0 ? 1 / Math.sqrt(energy) : 0;
  return field.map((value) => value * scale);
}

/** Masked pixels take the mean of neighbours that have a value, from the rim of a gap inwards. */
function filledIn(mean: ArrayLike<number>, n: number, mask: ArrayLike<number>): Float64Array {
  const out = Float64Array.from({ length: n * n }, (_, i) => (mask[i] === 0 ? Number.NaN : mean[i]));
  let open = Array.from(out.keys()).filter((i) => Number.isNaN(out[i]));
  while (open.length > 0 && open.length < n * n) {
    const found = open.map((i) => {
      const [y, x] = [Math.floor(i / n), i % n];
      let [sum, count] = [0, 0];
      for (let row = Math.max(0, y - 1); row <= Math.min(n - 1, y + 1); row++)
        for (let column = Math.max(0, x - 1); column <= Math.min(n - 1, x + 1); column++) {
          const value = out[row * n + column];
          if (Number.isNaN(value)) continue;
          sum += value;
          count++;
        }
      return sum / count;
    });
    open.forEach((i, k) => {
      out[i] = found[k];
    });
    open = open.filter((i) => Number.isNaN(out[i]));
  }
  return out;
}
