import { frequencies, planFft2 } from "../optics/fft.ts";
import type { ComplexImage } from "./image.ts";

/** A frequency as cycles over the whole height and width, fractional, within ±half the number of pixels. */
export type SpectralPeak = readonly [y: number, x: number];

/**
 * The frequency at which |Σ g(r) exp(−2πi k·r)| is largest, to a small fraction of a Fourier pixel: the largest pixel of
 * the discrete transform, then Newton's method on the logarithm of the modulus, which is concave over the main lobe of
 * a peak.
 *
 * Of g = b conj(a) it is the phase ramp between two images; of two images' cross spectrum it is their shift.
 *
 * @param limit search only frequencies up to this far from zero, in Fourier pixels
 */
export function spectralPeak(g: ComplexImage, limit: number = Number.POSITIVE_INFINITY): SpectralPeak {
  const start = largestPixel(g, limit);
  let [ky, kx] = start;
  for (let iteration = 0; iteration < 20; iteration++) {
    const [dy, dx] = newtonStep(g, ky, kx);
    [ky, kx] = [ky + dy, kx + dx];
    // A peak wanders less than a pixel from the pixel that shows it; farther away there is no peak to refine.
    if (!(Math.hypot(ky - start[0], kx - start[1]) < 1.5)) return start;
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
