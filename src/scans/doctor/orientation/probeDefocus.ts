import type { ComplexArray } from "../../../arrays.ts";
import { frequencies, planFft2 } from "../../../numerics/fft.ts";

/**
 * λ Δz / dx² by how a probe's wave front is curved, 0 in focus: behind a focus at a distance D the ray of frequency f is at
 * r = D f, so D = Σ Re⟨f P̂, F(r P)⟩ / Σ |f|² |P̂|², over all modes. Its sign is that of `optics/probes.ts`.
 */
export function probeDefocus({ shape, data }: ComplexArray): number {
  const [modes, n] = shape as [number, number, number];
  const fft = planFft2([n, n]);
  const f = frequencies(n);
  const half = Math.floor(n / 2);
  let [along, all] = [0, 0];
  for (let mode = 0; mode < modes; mode++) {
    const wave = Float64Array.from(data.subarray(2 * mode * n * n, 2 * (mode + 1) * n * n));
    const spectrum = fft.forward(wave);
    for (const axis of [0, 1]) {
      const place = (i: number): number => (axis === 0 ? Math.floor(i / n) : i % n);
      const moment = fft.forward(wave.map((value, k) => value * (place(k >> 1) - half)));
      for (let i = 0; i < n * n; i++) {
        const frequency = f[place(i)];
        along += frequency * (spectrum[2 * i] * moment[2 * i] + spectrum[2 * i + 1] * moment[2 * i + 1]);
        all += frequency ** 2 * (spectrum[2 * i] ** 2 + spectrum[2 * i + 1] ** 2);
      }
    }
  }
  return all > 0 ? along / all : 0;
}
