import { describe, expect, test } from "vitest";
import type { ComplexArray } from "../../src/arrays.ts";
import { planFft2 } from "../../src/numerics/fft.ts";
import { geometricPowers, withHermiteModes } from "../../src/optics/probeModes.ts";
import { makeProbe, type ProbeShape } from "../../src/optics/probes.ts";
import { tolerances } from "../tolerances.ts";

const intensityAt = (probe: ComplexArray, y: number, x: number): number => {
  const at = 2 * (y * probe.shape[2] + x);
  return probe.data[at] ** 2 + probe.data[at + 1] ** 2;
};

const energy = (data: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i] ** 2;
  return sum;
};

/** Variance of the intensity along x, in squared pixels. */
function varianceX(probe: ComplexArray): number {
  const n = probe.shape[1];
  let sum = 0;
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) sum += intensityAt(probe, i, j) * (j - n / 2) ** 2;
  return sum / energy(probe.data);
}

const shapes: readonly ProbeShape[] = [
  { kind: "airy", pupilRadius: 9.3, defocus: 80 },
  { kind: "zonePlate", outermostZone: 3, stopFraction: 0.4, defocus: 60 },
  { kind: "gaussian", fwhm: 12, defocus: 100 },
];

test.each(shapes)("$kind has unit energy and lies in the middle", (shape) => {
  const probe = makeProbe(64, shape);
  expect(energy(probe.data)).toBeCloseTo(1, 5);
  for (const [dy, dx] of [
    [3, 5],
    [0, 7],
    [11, 2],
  ] as const) {
    expect(intensityAt(probe, 32 + dy, 32 + dx)).toBeCloseTo(intensityAt(probe, 32 - dy, 32 - dx), 7);
  }
});

test("an Airy disk has its first zero at 0.61 N / pupil radius and the profile of a Bessel function", () => {
  const probe = makeProbe(256, { kind: "airy", pupilRadius: 20 });
  const profile = Array.from({ length: 12 }, (_, r) => intensityAt(probe, 128, 128 + r) / intensityAt(probe, 128, 128));
  const zero = (0.6098 * 256) / 20;
  expect(profile.indexOf(Math.min(...profile))).toBe(Math.round(zero));
  // [2 J₁(v)/v]² at v = 2π · 20 · 4 / 256 = 1.963: J₁ by its series.
  const v = (2 * Math.PI * 20 * 4) / 256;
  let term = v / 2;
  let bessel = term;
  for (let k = 1; k < 20; k++) {
    term *= -(v * v) / (4 * k * (k + 1));
    bessel += term;
  }
  expect(profile[4]).toBeCloseTo(((2 * bessel) / v) ** 2, 2);
});

test("a Gaussian has the width asked for and spreads as a Gaussian beam", () => {
  const [fwhm, defocus] = [12, 150];
  const variance = fwhm ** 2 / (8 * Math.LN2);
  expect(varianceX(makeProbe(128, { kind: "gaussian", fwhm }))).toBeCloseTo(variance, 3);
  // σ²(z) = σ₀² + (λz / 4πσ₀)², with λz in squared pixels the defocus.
  const spread = variance + (defocus / (4 * Math.PI)) ** 2 / variance;
  expect(varianceX(makeProbe(128, { kind: "gaussian", fwhm, defocus }))).toBeCloseTo(spread, 3);
});

test("positive defocus curves the wave front like a diverging beam", () => {
  const probe = makeProbe(64, { kind: "gaussian", fwhm: 10, defocus: 120 });
  const phase = (x: number): number => Math.atan2(probe.data[2 * (32 * 64 + x) + 1], probe.data[2 * (32 * 64 + x)]);
  // exp(+iπ r² / λR) with λR = λz [1 + (λz_R / λz)²] and λz_R = 4πσ².
  const rayleigh = (4 * Math.PI * 10 ** 2) / (8 * Math.LN2);
  const radius = 120 * (1 + (rayleigh / 120) ** 2);
  expect(phase(36) - phase(32)).toBeCloseTo((Math.PI * 4 ** 2) / radius, 3);
});

test("a zone plate's stop leaves the middle of the far field dark and its ring bright", () => {
  const probe = makeProbe(64, { kind: "zonePlate", outermostZone: 2, stopFraction: 0.5 });
  const far = planFft2([64, 64]).forward(probe.data);
  const at = (r: number): number => Math.hypot(far[2 * (32 * 64 + 32 + r)], far[2 * (32 * 64 + 32 + r) + 1]);
  expect(at(0)).toBeLessThan(1e-6);
  expect(at(6)).toBeLessThan(1e-6);
  expect(at(12)).toBeGreaterThan(0.01);
  expect(at(18)).toBeLessThan(1e-6);
});

test("refuses apertures and defoci that do not fit the window", () => {
  expect(() => makeProbe(64, { kind: "airy", pupilRadius: 33 })).toThrow(/larger than the detector/);
  expect(() => makeProbe(64, { kind: "airy", pupilRadius: 16, defocus: 200 })).toThrow(/wider than its window/);
  expect(() => makeProbe(64, { kind: "gaussian", fwhm: -1 })).toThrow(/must be positive/);
  expect(() => makeProbe(64, { kind: "zonePlate", outermostZone: 3, stopFraction: 1 })).toThrow(/central stop/);
});

describe("Hermite modes", () => {
  const n = 64;
  const powers = geometricPowers(4, 0.5);
  const modes = withHermiteModes(makeProbe(n, { kind: "gaussian", fwhm: 9, defocus: 40 }), powers);
  const mode = (k: number): Float32Array => modes.data.subarray(k * 2 * n * n, (k + 1) * 2 * n * n);

  test("share the power as asked", () => {
    const total = powers.reduce((a, b) => a + b);
    powers.forEach((power, k) => {
      expect(energy(mode(k))).toBeCloseTo(power / total, 5);
    });
  });

  test("are orthogonal", () => {
    for (let a = 0; a < 4; a++) {
      for (let b = 0; b < a; b++) {
        let [re, im] = [0, 0];
        for (let i = 0; i < 2 * n * n; i += 2) {
          re += mode(a)[i] * mode(b)[i] + mode(a)[i + 1] * mode(b)[i + 1];
          im += mode(a)[i] * mode(b)[i + 1] - mode(a)[i + 1] * mode(b)[i];
        }
        expect(Math.hypot(re, im)).toBeLessThan(tolerances.float32Orthogonality);
      }
    }
  });

  test("are the Hermite–Gauss modes of a Gaussian in focus: the second is odd in x with zero at the centre", () => {
    const focused = withHermiteModes(makeProbe(n, { kind: "gaussian", fwhm: 9 }), [1, 1]);
    const sigma = 9 / Math.sqrt(8 * Math.LN2);
    const at = (x: number): number => focused.data[2 * n * n + 2 * (32 * n + 32 + x)];
    expect(Math.abs(at(0))).toBeLessThan(1e-6);
    expect(at(5)).toBeCloseTo(-at(-5), 6);
    // H₁ · Gaussian: ratio of values at 5 and 2 pixels.
    expect(at(5) / at(2)).toBeCloseTo((5 / 2) * Math.exp(-(25 - 4) / (4 * sigma ** 2)), 4);
  });

  test("refuse powers that make no sense", () => {
    const probe = makeProbe(32, { kind: "gaussian", fwhm: 6 });
    expect(() => withHermiteModes(probe, [1, 0])).toThrow(/must be positive/);
    expect(() => withHermiteModes(modes, [1])).toThrow(/single probe/);
  });
});

describe("focal depth and aberrations", () => {
  const n = 256;
  const pupilRadius = 24;
  const onAxis = (defocus: number, spherical = 0): number =>
    intensityAt(makeProbe(n, { kind: "airy", pupilRadius, defocus, spherical }), n / 2, n / 2);

  test("on the axis the light goes as sinc², dark at 2 λ / NA² from the focus", () => {
    // u = 2π (NA²/λ) Δz = 2π (R/n)² D with D = λ Δz / dx²; I = (sin(u/4) / (u/4))².
    const dark = 2 * (n / pupilRadius) ** 2;
    for (const part of [0.25, 0.5, 0.75, -0.5]) {
      const quarter = (Math.PI / 2) * part * 2;
      expect(onAxis(part * dark) / onAxis(0)).toBeCloseTo((Math.sin(quarter) / quarter) ** 2, 1);
    }
    expect(onAxis(dark) / onAxis(0)).toBeLessThan(0.01);
    expect(onAxis(-dark) / onAxis(0)).toBeLessThan(0.01);
  });

  test("spherical aberration S is balanced best by underfocus, D = −S f² / 2 with the frequency f of the edge", () => {
    // Of all defoci D with a phase π D f² + (π/2) S f⁴ the best one is that of least variance over the disk: D = −S f²/2.
    const spherical = 3 * (n / pupilRadius) ** 4;
    const best = (-spherical * (pupilRadius / n) ** 2) / 2;
    const here = onAxis(best, spherical);
    for (const other of [0.5, 0.8, 1.2, 1.5]) expect(onAxis(other * best, spherical), `${other}`).toBeLessThan(here);
    expect(onAxis(-best, spherical)).toBeLessThan(here / 2);
  });

  test("a square aperture has zeros at N / (2 R) pixels along its sides", () => {
    const probe = makeProbe(n, { kind: "airy", pupilRadius: 16, square: true });
    expect(intensityAt(probe, n / 2, n / 2 + n / 32)).toBeLessThan(1e-3 * intensityAt(probe, n / 2, n / 2));
    expect(intensityAt(probe, n / 2 + 3, n / 2 + 4) * intensityAt(probe, n / 2, n / 2)).toBeCloseTo(
      intensityAt(probe, n / 2 + 3, n / 2) * intensityAt(probe, n / 2, n / 2 + 4),
      7,
    );
  });

  test("refuses aberrations that throw the light out of the window", () => {
    expect(() => onAxis(0, 400 * (n / pupilRadius) ** 3)).toThrow(/wider than its window/);
    expect(() => makeProbe(64, { kind: "pinhole", size: 20, defocus: -1 })).toThrow(/upstream of the sample/);
    expect(() => makeProbe(64, { kind: "pinhole", size: 4, defocus: 200 })).toThrow(/wider than its window/);
  });
});

describe("a pinhole", () => {
  const n = 256;

  test("at the sample is its own shape", () => {
    const round = makeProbe(n, { kind: "pinhole", size: 40 });
    const rectangle = makeProbe(n, { kind: "pinhole", size: [20, 60] });
    const lit = (probe: ComplexArray, y: number, x: number): boolean => intensityAt(probe, n / 2 + y, n / 2 + x) > 1e-5;
    expect([lit(round, 18, 0), lit(round, 22, 0), lit(round, 13, 13), lit(round, 16, 16)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect([lit(rectangle, 8, 28), lit(rectangle, 12, 0), lit(rectangle, 0, 32)]).toEqual([true, false, false]);
    expect(energy(round.data)).toBeCloseTo(1, 5);
  });

  test("is dark on the axis at Fresnel number 2 and four times as bright at 1", () => {
    // Behind a round hole of radius a in a plane wave I/I₀ = 4 sin²(π F / 2) with F = a² / λz.
    const size = 80;
    const wave = intensityAt(makeProbe(n, { kind: "pinhole", size }), n / 2, n / 2);
    const at = (fresnel: number): number =>
      intensityAt(makeProbe(n, { kind: "pinhole", size, defocus: (size / 2) ** 2 / fresnel }), n / 2, n / 2) / wave;
    expect(at(1)).toBeGreaterThan(3.6);
    expect(at(1)).toBeLessThan(4.2);
    expect(at(2)).toBeLessThan(0.2);
    expect(at(3)).toBeGreaterThan(3.5);
  });
});
