import { describe, expect, it } from "vitest";
import { amplitudeOf, type ComplexArray, complexZeros } from "../../src/arrays.ts";
import { fitQuadraticPhase, idealDisk, resizeProbe, smoothProbe } from "../../src/benchmark/probe.ts";

/** A probe of side m with an amplitude without symmetry under the phase a r² + b. */
function curvedProbe(m: number, a: number, b: number): ComplexArray {
  const probe = complexZeros([1, m, m]);
  for (let k = 0; k < m * m; k++) {
    const [y, x] = [Math.floor(k / m) - (m - 1) / 2, (k % m) - (m - 1) / 2];
    const amplitude = Math.exp(-((y - 3) ** 2 + 2 * x * x) / (m * m)) + 0.01 * (y + m);
    const phase = a * (y * y + x * x) + b;
    probe.data[2 * k] = amplitude * Math.cos(phase);
    probe.data[2 * k + 1] = amplitude * Math.sin(phase);
  }
  return probe;
}

const amplitudeAt = (probe: ComplexArray, i: number, j: number): number => amplitudeOf(probe)[i * probe.shape[1] + j];

describe("pad_extrapolate", () => {
  // A phase of float32 values is good to 1e-7 rad; over 1000 pixels the fit is better than that, at r² up to 8000 times worse.
  const tolerance = 1e-4;

  it("fits the curvature of a quadratic phase through its wraps", () => {
    const { curvature, constant } = fitQuadraticPhase(curvedProbe(64, 0.042, -1.3));
    expect(curvature).toBeCloseTo(0.042, 8);
    const turns = (constant + 1.3) / (2 * Math.PI);
    expect(turns).toBeCloseTo(Math.round(turns), 6);
  });

  it("continues the phase over the whole window, and the amplitude by its edge", () => {
    const [probe, a, b] = [curvedProbe(64, 0.042, -1.3), 0.042, -1.3];
    const wide = resizeProbe(probe, 128, "pad_extrapolate");
    expect(wide.shape).toEqual([1, 128, 128]);
    for (let i = 0; i < 128; i++) {
      for (let j = 0; j < 128; j++) {
        const amplitude = amplitudeAt(
          probe,
          ...([i, j].map((k) => Math.min(63, Math.max(0, k - 32))) as [number, number]),
        );
        const phase = a * ((i - 63.5) ** 2 + (j - 63.5) ** 2) + b;
        const at = 2 * (128 * i + j);
        if (Math.abs(wide.data[at] - amplitude * Math.cos(phase)) > tolerance) expect.fail(`real part at ${i}, ${j}`);
        if (Math.abs(wide.data[at + 1] - amplitude * Math.sin(phase)) > tolerance)
          expect.fail(`imaginary at ${i}, ${j}`);
      }
    }
  });

  it("leaves a probe of the right size alone and refuses a larger or an off-centre one", () => {
    const probe = curvedProbe(32, 0.01, 0);
    expect(resizeProbe(probe, 32, "pad_extrapolate")).toBe(probe);
    expect(() => resizeProbe(probe, 24, "pad_extrapolate")).toThrow(/does not fit/);
    expect(() => resizeProbe(probe, 33, "pad_preserve")).toThrow(/even number/);
  });
});

describe("the other scalings", () => {
  const probe = curvedProbe(32, 0.02, 0.4);

  it("pad_preserve puts zeros around the probe", () => {
    const wide = resizeProbe(probe, 64, "pad_preserve");
    for (const [i, j] of [
      [0, 0],
      [5, 30],
      [31, 12],
    ] as const) {
      expect(amplitudeAt(wide, i + 16, j + 16)).toBe(amplitudeAt(probe, i, j));
    }
    const energy = ({ data }: ComplexArray): number => data.reduce((sum, value) => sum + value * value, 0);
    expect(energy(wide)).toBeCloseTo(energy(probe), 6);
    expect(amplitudeAt(wide, 15, 30)).toBe(0);
  });

  it("interpolate stretches a plane to the same plane, corners on corners", () => {
    const plane = complexZeros([1, 32, 32]);
    for (let k = 0; k < 32 * 32; k++) {
      plane.data[2 * k] = 2 * Math.floor(k / 32) - (k % 32);
      plane.data[2 * k + 1] = k % 32;
    }
    const wide = resizeProbe(plane, 63, "interpolate");
    for (const [i, j] of [
      [0, 0],
      [62, 62],
      [7, 40],
    ] as const) {
      expect(wide.data[2 * (63 * i + j)]).toBeCloseTo(i - j / 2, 5);
      expect(wide.data[2 * (63 * i + j) + 1]).toBeCloseTo(j / 2, 5);
    }
  });
});

describe("the ideal probe", () => {
  it("is a flat-phase disk of radius 0.17 n, as bright as its area, symmetric about the middle", () => {
    const n = 64;
    const probe = idealDisk(n);
    const amplitude = amplitudeOf(probe);
    const radius = (n / (0.7 * Math.PI ** 2)) * Math.sqrt(2 * Math.LN2);
    // A blur keeps the sum; pixels of a disk count its area to within its rim.
    const area = Math.PI * radius ** 2;
    expect(Math.abs(amplitude.reduce((sum, value) => sum + value, 0) - area)).toBeLessThan(0.02 * area);
    expect([...amplitude].reverse()).toEqual([...amplitude]);
    expect(amplitudeAt(probe, 32, 32)).toBeCloseTo(1, 6);
    expect(probe.data.every((value, k) => k % 2 === 0 || value === 0)).toBe(true);
  });

  it("keeps its sum when blurred", () => {
    const sum = (probe: ComplexArray): number => probe.data.reduce((total, value) => total + value, 0);
    expect(sum(smoothProbe(idealDisk(64), 0.5))).toBeCloseTo(sum(idealDisk(64)), 3);
  });
});
