import { amplitudeOf, type ComplexArray, joinComplex, phaseOf, splitComplex } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import { gaussianFilter } from "../numerics/gaussianFilter.ts";
import { unwrapPhase } from "../numerics/unwrapPhase.ts";

/** How a probe smaller than the patterns is brought to their size. */
export const probeScalings = ["pad_extrapolate", "pad_preserve", "interpolate"] as const;
export type ProbeScaling = (typeof probeScalings)[number];

/**
 * The benchmark's flat-phase probe: a disk, where the Gaussian of σ = n / (0.7 π²) is above one half (radius 0.17 n),
 * blurred by σ = 1 pixel, plus 1e-9. `[1, n, n]`, centred between the four middle pixels.
 */
export function idealDisk(n: number): ComplexArray {
  const sigma = n / (0.7 * Math.PI ** 2);
  const radius = sigma * Math.sqrt(2 * Math.LN2);
  const centre = (n - 1) / 2;
  const disk = Float64Array.from({ length: n * n }, (_, k) =>
    Math.hypot(Math.floor(k / n) - centre, (k % n) - centre) < radius ? 1 : 0,
  );
  const amplitude = gaussianFilter(disk, [n, n], 1).map((value) => value + 1e-9);
  return joinComplex([1, n, n], amplitude, new Float64Array(n * n));
}

/** Real and imaginary part of a probe `[1, n, n]` blurred by a Gaussian of `sigma` pixels. */
export function smoothProbe(probe: ComplexArray, sigma: number): ComplexArray {
  const n = sideOf(probe);
  const { re, im } = splitComplex(probe);
  return joinComplex(probe.shape, gaussianFilter(re, [n, n], sigma), gaussianFilter(im, [n, n], sigma));
}

/**
 * A probe `[1, m, m]` on a window of side n ≥ m, pixels of the same size but for "interpolate", which stretches it:
 *
 * - "pad_extrapolate": the amplitude continued by its edge values, under the phase a r² + b that fits the unwrapped phase of
 *   the given probe best in the least-squares sense, in place of that phase everywhere;
 * - "pad_preserve": zeros around it;
 * - "interpolate": bilinear in real and imaginary part, corners on corners.
 *
 * @throws PtychonautError "usage" when the window is smaller than the probe, or the border is odd where one is needed
 */
export function resizeProbe(probe: ComplexArray, n: number, scaling: ProbeScaling): ComplexArray {
  const m = sideOf(probe);
  if (m === n) return probe;
  if (m > n || (scaling !== "interpolate" && (n - m) % 2 !== 0)) {
    throw new PtychonautError("usage", "the probe does not fit the benchmark's patterns", {
      expected: `a side of at most ${n}, smaller by an even number of pixels`,
      got: `${m}`,
    });
  }
  switch (scaling) {
    case "pad_extrapolate":
      return extrapolated(probe, m, n);
    case "pad_preserve":
      return resampled(probe, m, n, (i) => i - (n - m) / 2);
    case "interpolate":
      return resampled(probe, m, n, (i) => (i * (m - 1)) / (n - 1));
  }
}

function extrapolated(probe: ComplexArray, m: number, n: number): ComplexArray {
  const amplitude = amplitudeOf(probe);
  const { curvature, constant } = fitQuadraticPhase(probe);
  const border = (n - m) / 2;
  const inside = (i: number): number => Math.min(m - 1, Math.max(0, i - border));
  const centre = (n - 1) / 2;
  const [re, im] = [new Float64Array(n * n), new Float64Array(n * n)];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const phase = curvature * ((i - centre) ** 2 + (j - centre) ** 2) + constant;
      const a = amplitude[inside(i) * m + inside(j)];
      re[i * n + j] = a * Math.cos(phase);
      im[i * n + j] = a * Math.sin(phase);
    }
  }
  return joinComplex([1, n, n], re, im);
}

/**
 * Least-squares fit of `curvature` r² + `constant` to the unwrapped phase of a probe, every pixel with the same weight, r
 * from the middle of the window.
 */
export function fitQuadraticPhase(probe: ComplexArray): { readonly curvature: number; readonly constant: number } {
  const m = sideOf(probe);
  const phase = unwrapPhase(phaseOf(probe), [m, m]);
  const centre = (m - 1) / 2;
  const squared = phase.map((_, k) => (Math.floor(k / m) - centre) ** 2 + ((k % m) - centre) ** 2);
  const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [middle, average] = [mean(squared), mean(phase)];
  let [covariance, variance] = [0, 0];
  phase.forEach((value, k) => {
    covariance += (squared[k] - middle) * (value - average);
    variance += (squared[k] - middle) ** 2;
  });
  const curvature = covariance / variance;
  return { curvature, constant: average - curvature * middle };
}

/** Window pixel i shows the probe at `source(i)`, bilinear; zero outside. */
function resampled(probe: ComplexArray, m: number, n: number, source: (i: number) => number): ComplexArray {
  const { re, im } = splitComplex(probe);
  const sample = (part: Float32Array, y: number, x: number): number => {
    if (y < 0 || x < 0 || y > m - 1 || x > m - 1) return 0;
    const [i, j] = [Math.min(m - 2, Math.floor(y)), Math.min(m - 2, Math.floor(x))];
    const [fy, fx] = [y - i, x - j];
    const row = (at: number): number => (1 - fx) * part[at] + fx * part[at + 1];
    return (1 - fy) * row(i * m + j) + fy * row((i + 1) * m + j);
  };
  const image = (part: Float32Array): Float64Array =>
    Float64Array.from({ length: n * n }, (_, k) => sample(part, source(Math.floor(k / n)), source(k % n)));
  return joinComplex([1, n, n], image(re), image(im));
}

const sideOf = ({ shape }: ComplexArray): number => shape[1];
