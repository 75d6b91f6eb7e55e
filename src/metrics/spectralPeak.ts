import { frequencies, planFft2 } from "../numerics/fft.ts";
import type { ComplexImage } from "./image.ts";

/** A frequency as cycles over the whole height and width, fractional, within ±half the number of pixels. */
export type SpectralPeak = readonly [y: number, x: number];

/** Fourier pixels between the points at which the surroundings of the largest pixel are looked at, and how many each way. */
const gridStep = 0.25;
const gridReach = 4;

/**
 * The frequency at which |Σ g(r) exp(−2πi k·r)| is largest, to a small fraction of a Fourier pixel: the largest pixel of
 * the discrete transform, the largest point of a finer grid around it (a narrow peak between pixels, on the slope of a
 * broad one, is no maximum of the pixels), then Newton's method on the logarithm of the modulus, which is concave there.
 *
 * Of g = b conj(a) it is the phase ramp between two images; of two images' cross spectrum it is their shift.
 *
 * @param limit search only frequencies up to this far from zero, in Fourier pixels
 */
export function spectralPeak(g: ComplexImage, limit: number = Number.POSITIVE_INFINITY): SpectralPeak {
  const start = largestGridPoint(g, largestPixel(g, limit));
  let [ky, kx] = start;
  for (let iteration = 0; iteration < 20; iteration++) {
    const [dy, dx] = newtonStep(g, ky, kx);
    [ky, kx] = [ky + dy, kx + dx];
    // The maximum is within a step of the point that is nearest to it; farther away there is no peak to refine.
    if (!(Math.hypot(ky - start[0], kx - start[1]) < 2 * gridStep)) return start;
    if (Math.hypot(dy, dx) < 1e-9) break;
  }
  return [ky, kx];
}

/** Σ g(r) exp(−2πi k·r) at one frequency, r from the centre in units of the height and width. */
export function spectralSum(g: ComplexImage, [ky, kx]: SpectralPeak): readonly [re: number, im: number] {
  return phasedMoments(g, ky, kx).s;
}

function largestPixel(g: ComplexImage, limit: number): SpectralPeak {
  const [height, width] = g.shape;
  const spectrum = planFft2(g.shape).forward(g.data);
  let largest = 0;
  let peak: SpectralPeak = [0, 0];
  for (let i = 0; i < height; i++) {
    const ky = i - Math.floor(height / 2);
    for (let j = 0; j < width; j++) {
      const kx = j - Math.floor(width / 2);
      const at = 2 * (i * width + j);
      const power = spectrum[at] ** 2 + spectrum[at + 1] ** 2;
      if (power > largest && Math.abs(ky) <= limit && Math.abs(kx) <= limit) {
        largest = power;
        peak = [ky, kx];
      }
    }
  }
  return peak;
}

/** As two products with the exponentials of the grid's frequencies (Guizar-Sicairos, Thurman & Fienup 2008). */
function largestGridPoint({ shape: [height, width], data }: ComplexImage, [ky, kx]: SpectralPeak): SpectralPeak {
  const count = 2 * gridReach + 1;
  const steps = Array.from({ length: count }, (_, i) => (i - gridReach) * gridStep);
  const [ys, xs] = [frequencies(height), frequencies(width)];
  const across = steps.map((step) => exponentials(xs, kx + step));
  const down = steps.map((step) => exponentials(ys, ky + step));
  const sums = new Float64Array(2 * count * count);
  for (let i = 0; i < height; i++) {
    const row = data.subarray(2 * i * width, 2 * (i + 1) * width);
    for (let b = 0; b < count; b++) {
      const [re, im] = dotted(row, across[b]);
      for (let a = 0; a < count; a++) {
        const [c, s] = [down[a][2 * i], down[a][2 * i + 1]];
        sums[2 * (a * count + b)] += re * c - im * s;
        sums[2 * (a * count + b) + 1] += re * s + im * c;
      }
    }
  }
  let best = gridReach * (count + 1);
  const power = (k: number): number => sums[2 * k] ** 2 + sums[2 * k + 1] ** 2;
  for (let k = 0; k < count * count; k++) if (power(k) > power(best)) best = k;
  return [ky + steps[Math.floor(best / count)], kx + steps[best % count]];
}

/** exp(−2πi k x), interleaved. */
function exponentials(xs: Float64Array, k: number): Float64Array {
  const out = new Float64Array(2 * xs.length);
  xs.forEach((x, i) => {
    out[2 * i] = Math.cos(2 * Math.PI * k * x);
    out[2 * i + 1] = -Math.sin(2 * Math.PI * k * x);
  });
  return out;
}

/** Σ a b over interleaved complex numbers. */
function dotted(a: Float64Array, b: Float64Array): Complex {
  let [re, im] = [0, 0];
  for (let i = 0; i < a.length; i += 2) {
    re += a[i] * b[i] - a[i + 1] * b[i + 1];
    im += a[i] * b[i + 1] + a[i + 1] * b[i];
  }
  return [re, im];
}

/** One Newton step towards the maximum of ln |S(k)|, S(k) = Σ g(y, x) exp(−2πi (k_y y + k_x x)), y and x in −½ … ½. */
function newtonStep(g: ComplexImage, ky: number, kx: number): [number, number] {
  const m = phasedMoments(g, ky, kx);
  // With a = ∂S/S: gradient of ln|S| = Re a, Hessian = Re(∂²S/S − a aᵀ). Derivatives bring down factors −2πi y.
  const s2 = m.s[0] ** 2 + m.s[1] ** 2;
  const ratio = ([re, im]: Complex): Complex => [(re * m.s[0] + im * m.s[1]) / s2, (im * m.s[0] - re * m.s[1]) / s2];
  const [y, x, yy, xx, yx] = [ratio(m.y), ratio(m.x), ratio(m.yy), ratio(m.xx), ratio(m.yx)];
  const tau = 2 * Math.PI;
  const gradient = [tau * y[1], tau * x[1]];
  const hessian = (second: Complex, a: Complex, b: Complex): number =>
    -tau * tau * (second[0] - (a[0] * b[0] - a[1] * b[1]));
  const [hyy, hxx, hyx] = [hessian(yy, y, y), hessian(xx, x, x), hessian(yx, y, x)];
  const determinant = hyy * hxx - hyx * hyx;
  return [
    -(hxx * gradient[0] - hyx * gradient[1]) / determinant,
    -(hyy * gradient[1] - hyx * gradient[0]) / determinant,
  ];
}

type Complex = readonly [re: number, im: number];

interface Moments {
  readonly s: Complex;
  readonly y: Complex;
  readonly x: Complex;
  readonly yy: Complex;
  readonly xx: Complex;
  readonly yx: Complex;
}

/** Σ g e, Σ g e y, Σ g e x, Σ g e y², Σ g e x², Σ g e y x with e = exp(−2πi (k_y y + k_x x)). */
function phasedMoments({ shape: [height, width], data }: ComplexImage, ky: number, kx: number): Moments {
  const [ys, xs] = [frequencies(height), frequencies(width)];
  const cos = xs.map((x) => Math.cos(2 * Math.PI * kx * x));
  const sin = xs.map((x) => -Math.sin(2 * Math.PI * kx * x));
  const sums = new Float64Array(12);
  for (let i = 0; i < height; i++) {
    const row = new Float64Array(6);
    for (let j = 0; j < width; j++) {
      const at = 2 * (i * width + j);
      const re = data[at] * cos[j] - data[at + 1] * sin[j];
      const im = data[at] * sin[j] + data[at + 1] * cos[j];
      row[0] += re;
      row[1] += im;
      row[2] += re * xs[j];
      row[3] += im * xs[j];
      row[4] += re * xs[j] * xs[j];
      row[5] += im * xs[j] * xs[j];
    }
    const c = Math.cos(2 * Math.PI * ky * ys[i]);
    const s = -Math.sin(2 * Math.PI * ky * ys[i]);
    for (let k = 0; k < 6; k += 2) {
      const re = row[k] * c - row[k + 1] * s;
      const im = row[k] * s + row[k + 1] * c;
      // Slots: s, x, xx by k; then y, yx; then yy.
      sums[k] += re;
      sums[k + 1] += im;
      if (k < 4) {
        sums[6 + k] += re * ys[i];
        sums[7 + k] += im * ys[i];
      }
      if (k === 0) {
        sums[10] += re * ys[i] * ys[i];
        sums[11] += im * ys[i] * ys[i];
      }
    }
  }
  const at = (slot: number): Complex => [sums[2 * slot], sums[2 * slot + 1]];
  return { s: at(0), x: at(1), xx: at(2), y: at(3), yx: at(4), yy: at(5) };
}
