import type { ComplexArray } from "../arrays.ts";
import { planFft2 } from "../numerics/fft.ts";

/** A probe `[mode, h, w]` moved by parts of pixels, by ramps in Fourier space: what leaves its window on one side comes in on the other. */
export function movedProbe(
  { shape, data }: ComplexArray,
  [down, right]: readonly [y: number, x: number],
): ComplexArray {
  const [modes, height, width] = shape as [number, number, number];
  const plan = planFft2([height, width]);
  const size = 2 * height * width;
  const out = new Float32Array(data.length);
  for (let mode = 0; mode < modes; mode++) {
    const spectrum = plan.forward(Float64Array.from(data.subarray(mode * size, (mode + 1) * size)));
    for (let i = 0; i < size; i += 2) {
      const v = Math.floor(i / 2 / width) - Math.floor(height / 2);
      const u = ((i / 2) % width) - Math.floor(width / 2);
      const angle = -2 * Math.PI * ((v * down) / height + (u * right) / width);
      const [c, s, re, im] = [Math.cos(angle), Math.sin(angle), spectrum[i], spectrum[i + 1]];
      spectrum[i] = re * c - im * s;
      spectrum[i + 1] = re * s + im * c;
    }
    out.set(plan.inverse(spectrum), mode * size);
  }
  return { shape, data: out };
}
