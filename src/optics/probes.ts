import type { ComplexArray } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import { frequencies, planFft2 } from "../numerics/fft.ts";

/**
 * Every probe is a pupil in the lens's back focal plane, propagated past the focus. `defocus` is the distance in
 * λ Δz / dx²; positive is downstream of the focus.
 */
export type ProbeShape = AiryProbe | ZonePlateProbe | GaussianProbe;

/** Full circular aperture: in focus the Airy disk, first zero at radius 0.61 N / pupilRadius object pixels. */
export interface AiryProbe {
  readonly kind: "airy";
  /** Radius of the aperture in Fourier (detector) pixels, N dx NA / λ for a numerical aperture NA. */
  readonly pupilRadius: number;
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
  const pupil = pupilFunction(n, shape);
  const defocus = shape.defocus ?? 0;
  checkFits(n, pupil.radius, defocus);
  const frequency = frequencies(n);
  const field = new Float64Array(2 * n * n);
  let energy = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const squared = frequency[i] ** 2 + frequency[j] ** 2;
      const amplitude = pupil.transmission(Math.sqrt(squared) * n);
      const phase = -Math.PI * defocus * squared;
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

function pupilFunction(n: number, shape: ProbeShape): Pupil {
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

/** Geometrical optics: a ray at Fourier radius ρ lands ρ · defocus / N pixels off axis. */
function checkFits(n: number, radius: number, defocus: number): void {
  if (radius > n / 2) {
    throw new PtychonautError("usage", "the probe's aperture is larger than the detector", {
      expected: `a pupil radius of at most ${n / 2} Fourier pixels`,
      got: radius.toFixed(1),
      fix: "widen the focus (smaller pupil, wider zones) or use a larger window",
    });
  }
  const spot = (radius * Math.abs(defocus)) / n;
  if (spot > n / 2) {
    throw new PtychonautError("usage", "the defocused probe is wider than its window", {
      expected: `a spot radius of at most ${n / 2} pixels`,
      got: spot.toFixed(1),
      fix: "reduce the defocus or use a larger window",
    });
  }
}
