import type { ComplexArray } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import { frequencies, planFft2 } from "../numerics/fft.ts";

/**
 * Every probe but a pinhole is a pupil in the lens's back focal plane, propagated past the focus. `defocus` is the distance
 * in λ Δz / dx²; positive is downstream of the focus. Of an electron lens that is overfocus, C1 > 0: the probe is the
 * inverse transform of A exp(−iχ) with χ = π λ C1 f² + (π/2) λ³ C3 f⁴.
 */
export type ProbeShape = AiryProbe | ZonePlateProbe | GaussianProbe | PinholeProbe;

/** Full circular aperture: in focus the Airy disk, first zero at radius 0.61 N / pupilRadius object pixels. */
export interface AiryProbe {
  readonly kind: "airy";
  /** Radius of the aperture in Fourier (detector) pixels, N dx NA / λ for a numerical aperture NA. */
  readonly pupilRadius: number;
  /** A square aperture of half this side instead, as that of two crossed mirrors. Default false. */
  readonly square?: boolean;
  readonly defocus?: number;
  /** Spherical aberration, λ³ C3 / dx⁴. Default 0. */
  readonly spherical?: number;
}

/** An aperture in a parallel beam, `defocus` (not below zero) upstream of the sample. */
export interface PinholeProbe {
  readonly kind: "pinhole";
  /** Diameter, or height and width of a rectangle, in object pixels. */
  readonly size: number | readonly [height: number, width: number];
  readonly defocus?: number;
}

/** Fresnel zone plate behind a central stop, first order: an annular pupil of radius N / (2 outermostZone). */
export interface ZonePlateProbe {
  readonly kind: "zonePlate";
  /** Width of the outermost zone in object pixels. */
  readonly outermostZone: number;
  /** Diameter of the central stop over that of the zone plate, 0 ≤ s < 1. */
  readonly stopFraction: number;
  readonly defocus?: number;
}

/** Gaussian beam. */
export interface GaussianProbe {
  readonly kind: "gaussian";
  /** Full width at half maximum of the intensity in focus, in object pixels. */
  readonly fwhm: number;
  readonly defocus?: number;
}

/**
 * One probe mode, `[1, n, n]`, centred at floor(n / 2), total energy Σ|P|² = 1.
 *
 * @throws PtychonautError "usage" when the aperture does not fit the Fourier window or the defocused beam does not fit
 * the probe window (either would wrap around).
 */
export function makeProbe(n: number, shape: ProbeShape): ComplexArray {
  if (shape.kind === "pinhole") return pinhole(n, shape);
  const pupil = pupilFunction(n, shape);
  const defocus = shape.defocus ?? 0;
  const { square = false, spherical = 0 } = shape.kind === "airy" ? shape : {};
  checkFits(n, pupil.radius, (frequency) => spotRadius(frequency, defocus, spherical, square));
  const frequency = frequencies(n);
  const field = new Float64Array(2 * n * n);
  let energy = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const squared = frequency[i] ** 2 + frequency[j] ** 2;
      const amplitude = square
        ? pupil.transmission(Math.abs(frequency[i]) * n) * pupil.transmission(Math.abs(frequency[j]) * n)
        : pupil.transmission(Math.sqrt(squared) * n);
      const phase = -Math.PI * defocus * squared - (Math.PI / 2) * spherical * squared * squared;
      field[2 * (i * n + j)] = amplitude * Math.cos(phase);
      field[2 * (i * n + j) + 1] = amplitude * Math.sin(phase);
      energy += amplitude * amplitude;
    }
  }
  const scale = 1 / Math.sqrt(energy);
  for (let i = 0; i < field.length; i++) field[i] *= scale;
  return { shape: [1, n, n], data: planFft2([n, n]).inverse(field, new Float32Array(2 * n * n)) };
}

interface Pupil {
  /** Amplitude at a radius in Fourier pixels. */
  readonly transmission: (radius: number) => number;
  /** Where it ends, in Fourier pixels. */
  readonly radius: number;
}

function pupilFunction(n: number, shape: Exclude<ProbeShape, PinholeProbe>): Pupil {
  switch (shape.kind) {
    case "airy":
      return { transmission: (r) => disk(r, positive(shape.pupilRadius, "pupilRadius")), radius: shape.pupilRadius };
    case "zonePlate": {
      const radius = n / (2 * positive(shape.outermostZone, "outermostZone"));
      if (!(shape.stopFraction >= 0 && shape.stopFraction < 1)) {
        throw new PtychonautError("usage", "central stop of a zone plate probe covers all or less than nothing", {
          expected: "0 ≤ stopFraction < 1",
          got: `${shape.stopFraction}`,
        });
      }
      const stop = radius * shape.stopFraction;
      return { transmission: (r) => disk(r, radius) - (stop > 0 ? disk(r, stop) : 0), radius };
    }
    case "gaussian": {
      // |P|² = exp(−4 ln2 r²/fwhm²), so P's transform falls as exp(−(π f fwhm)² / (2 ln 2)).
      const rate = (Math.PI * positive(shape.fwhm, "fwhm")) ** 2 / (2 * Math.LN2 * n * n);
      return { transmission: (r) => Math.exp(-rate * r * r), radius: Math.sqrt(1 / rate) };
    }
    default:
      return shape satisfies never;
  }
}

/** 1 inside, 0 outside, a linear edge one pixel wide so that the radius may be fractional. */
function disk(r: number, radius: number): number {
  return Math.min(1, Math.max(0, radius + 0.5 - r));
}

function positive(value: number, name: string): number {
  if (value > 0 && Number.isFinite(value)) return value;
  throw new PtychonautError("usage", `${name} of a probe must be positive`, { got: `${value}` });
}

/** Geometrical optics: how far off axis a ray at this frequency (cycles per pixel) lands, along one axis where it is square. */
function spotRadius(frequency: number, defocus: number, spherical: number, square: boolean): number {
  // Of a square the corner's ray, which has twice the squared frequency.
  const at = (f: number): number => Math.abs(defocus * f + (square ? 2 : 1) * spherical * f ** 3);
  // Between the axis and the edge they may balance, past an extremum.
  const turning = spherical === 0 ? 0 : -defocus / (3 * (square ? 2 : 1) * spherical);
  return Math.max(at(frequency), turning > 0 && turning < frequency ** 2 ? at(Math.sqrt(turning)) : 0);
}

function checkFits(n: number, radius: number, spotAt: (frequency: number) => number): void {
  if (radius > n / 2) {
    throw new PtychonautError("usage", "the probe's aperture is larger than the detector", {
      expected: `a pupil radius of at most ${n / 2} Fourier pixels`,
      got: radius.toFixed(1),
      fix: "widen the focus (smaller pupil, wider zones) or use a larger window",
    });
  }
  checkSpot(n, spotAt(radius / n));
}

function checkSpot(n: number, spot: number): void {
  if (spot > n / 2) {
    throw new PtychonautError("usage", "the defocused probe is wider than its window", {
      expected: `a spot radius of at most ${n / 2} pixels`,
      got: spot.toFixed(1),
      fix: "reduce the defocus or use a larger window",
    });
  }
}

/** Fresnel propagation in a parallel beam: the aperture's spectrum times exp(−iπ λ Δz f²). */
function pinhole(n: number, { size, defocus = 0 }: PinholeProbe): ComplexArray {
  const [height, width] = typeof size === "number" ? [size, size] : size;
  for (const side of [height, width]) positive(side, "size");
  if (!(defocus >= 0))
    throw new PtychonautError("usage", "a pinhole lies upstream of the sample", {
      expected: "a distance that is not negative",
      got: `${defocus}`,
    });
  // Half the aperture, and the first lobe of its diffraction.
  for (const side of [height, width]) checkSpot(n, side / 2 + defocus / side);
  const field = new Float64Array(2 * n * n);
  const middle = Math.floor(n / 2);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const [y, x] = [Math.abs(i - middle), Math.abs(j - middle)];
      field[2 * (i * n + j)] =
        typeof size === "number" ? disk(Math.hypot(y, x), size / 2) : disk(y, height / 2) * disk(x, width / 2);
    }
  const fft = planFft2([n, n]);
  const spectrum = fft.forward(field);
  const frequency = frequencies(n);
  let energy = 0;
  for (let i = 0; i < n * n; i++) {
    const phase = -Math.PI * defocus * (frequency[Math.floor(i / n)] ** 2 + frequency[i % n] ** 2);
    const [re, im] = [spectrum[2 * i], spectrum[2 * i + 1]];
    spectrum[2 * i] = re * Math.cos(phase) - im * Math.sin(phase);
    spectrum[2 * i + 1] = re * Math.sin(phase) + im * Math.cos(phase);
    energy += re * re + im * im;
  }
  const scale = 1 / Math.sqrt(energy);
  for (let i = 0; i < spectrum.length; i++) spectrum[i] *= scale;
  return { shape: [1, n, n], data: fft.inverse(spectrum, new Float32Array(2 * n * n)) };
}
