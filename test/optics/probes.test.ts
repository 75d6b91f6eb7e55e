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
