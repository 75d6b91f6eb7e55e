import { type TorusCentre, torusCentre } from "./torusCentre.ts";

/** The part of the brightest pixels' light from which on a pixel tells where the beam is. */
const BEAM = 0.1;
/** Below this concentration light is spread evenly and has no centre. */
const FLAT = 0.05;
/** In which masked pixels take the value opposite; the centre about which it lies then stands. */
const ROUNDS = 5;

/**
 * Where the beam is in a mean pattern: the centre of the pixels with a tenth of the light of the brightest thousandth or more, by
 * the phase of their first Fourier coefficients (`torusCentre`). What is scattered farther out, or falls beyond the detector on
 * one side, does not move it, nor does a constant background; and it may lie across the border, as at the corner. Masked pixels
 * take the value of the pixel opposite.
 * @param mean `[y, x]`, ≥ 0
 * @param mask `[y, x]`, 0 = invalid
 * @returns undefined where there is no light, or it is spread evenly
 */
export function beamCentre(
  mean: ArrayLike<number>,
  [height, width]: readonly [height: number, width: number],
  mask?: ArrayLike<number>,
): TorusCentre["index"] | undefined {
  const isValid = (at: number): boolean => mask?.[at] !== 0;
  const light = Float64Array.from({ length: height * width }, (_, i) => (isValid(i) ? mean[i] : 0));
  const sorted = light.slice().sort();
  const bright = sorted[Math.max(0, sorted.length - 1 - Math.floor(sorted.length / 1000))];
  if (!(bright > 0)) return undefined;
  const beam = light.map((value) => (value < BEAM * bright ? 0 : value));
  let found = torusCentre(beam, height, width);
  const hasGaps = beam.some((_, i) => !isValid(i));
  for (let round = 0; hasGaps && round < ROUNDS; round++) {
    const [cy, cx] = found.index;
    const filled = beam.map((value, i) => {
      if (isValid(i)) return value;
      const y = modulo(Math.round(2 * cy - Math.floor(i / width)), height);
      const x = modulo(Math.round(2 * cx - (i % width)), width);
      return beam[y * width + x];
    });
    found = torusCentre(filled, height, width);
  }
  return found.concentration < FLAT ? undefined : found.index;
}

const modulo = (value: number, n: number): number => ((value % n) + n) % n;
