import { frequencies, planFft2 } from "../../numerics/fft.ts";
import type { Random } from "../../random.ts";
import { type Structure, toUnitRange } from "./structure.ts";

export interface GaussianFieldObject {
  readonly kind: "gaussianField";
  /** The power spectrum falls as f^(−exponent). Default 3: smooth clouds with fine detail. */
  readonly exponent?: number;
}

/** Two independent Gaussian random fields with a power-law spectrum, one for amplitude and one for phase. Periodic. */
export function gaussianField(
  { exponent = 3 }: GaussianFieldObject,
  [height, width]: readonly [number, number],
  random: Random,
): Structure {
  const [fy, fx] = [frequencies(height), frequencies(width)];
  const spectrum = new Float64Array(2 * height * width);
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const f = Math.hypot(fy[i], fx[j]);
      const amplitude = f > 0 ? f ** (-exponent / 2) : 0;
      spectrum[2 * (i * width + j)] = amplitude * random.normal();
      spectrum[2 * (i * width + j) + 1] = amplitude * random.normal();
    }
  }
  // The transform of complex white noise is complex white noise: real and imaginary parts are independent.
  const field = planFft2([height, width]).inverse(spectrum);
  const part = (offset: 0 | 1): Float64Array =>
    Float64Array.from({ length: height * width }, (_, k) => field[2 * k + offset]);
  return { amplitude: toUnitRange(part(0)), phase: toUnitRange(part(1)) };
}
