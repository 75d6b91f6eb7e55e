import type { ComplexArray } from "../../src/arrays.ts";
import type { ComplexImage, Image } from "../../src/metrics/image.ts";

/** Images given by formulas, so that tests in other languages and shifts by fractions of a pixel are exact. */

export function imageOf(shape: readonly [number, number], f: (i: number, j: number) => number): Image {
  const data = new Float64Array(shape[0] * shape[1]);
  for (let i = 0; i < shape[0]; i++) for (let j = 0; j < shape[1]; j++) data[i * shape[1] + j] = f(i, j);
  return { shape, data };
}

/** Amplitude and phase in radians. */
export function complexOf(
  shape: readonly [number, number],
  f: (i: number, j: number) => readonly [amplitude: number, phase: number],
): ComplexImage {
  const data = new Float64Array(2 * shape[0] * shape[1]);
  for (let k = 0; k < data.length / 2; k++) {
    const [amplitude, phase] = f(Math.floor(k / shape[1]), k % shape[1]);
    data[2 * k] = amplitude * Math.cos(phase);
    data[2 * k + 1] = amplitude * Math.sin(phase);
  }
  return { shape, data };
}

export const toArray = ({ shape, data }: ComplexImage): ComplexArray => ({ shape, data: Float32Array.from(data) });

/** A smooth object of many incommensurate waves, band-limited to 0.2 cycles per pixel, amplitude 0.6 … 1, phase ±0.9. */
export function specimen(y: number, x: number): readonly [amplitude: number, phase: number] {
  const wave = (ky: number, kx: number, start: number): number => Math.cos(ky * y + kx * x + start);
  const amplitude = 0.8 + 0.1 * wave(0.31, 0.47, 1) + 0.1 * wave(-0.83, 0.29, 2);
  const phase = 0.3 * (wave(0.57, -0.21, 0) + wave(0.13, 0.91, 4) + wave(-0.41, -0.36, 5));
  return [amplitude, phase];
}
