import { describe, expect, it } from "vitest";
import { transferFunction } from "../../../src/numerics/angularSpectrum.ts";
import { resolveGeometry } from "../../../src/optics/geometry.ts";
import { freeSpaceOf, nearFieldSampling, parallelBeam } from "../../../src/optics/nearField.ts";
import { nearField } from "../../../src/physics/propagation/nearField.ts";
import { Random } from "../../../src/random.ts";
import { maxDeviation, norm, normals } from "../../evaluate.ts";
import { tolerances } from "../../tolerances.ts";

/** Interleaved `[n, n]`, x and y counted from the centre. */
function field(n: number, value: (y: number, x: number) => readonly [re: number, im: number]): Float64Array {
  const out = new Float64Array(2 * n * n);
  for (let i = 0; i < n * n; i++) out.set(value(Math.floor(i / n) - (n >> 1), (i % n) - (n >> 1)), 2 * i);
  return out;
}

const phasor = (angle: number): [number, number] => [Math.cos(angle), Math.sin(angle)];
const propagated = (wave: Float64Array, n: number, travel: number, wavelength = 0): Float64Array =>
  nearField({ travel, wavelength }).plan([n, n]).forward(wave, new Float64Array(wave.length));

describe("closed forms", () => {
  it.each([30, -45, 90])("a Gaussian beam spreads and its front bends: λz = %d pixels²", (travel) => {
    const [n, waist] = [96, 6];
    // ψ(r, z) = w² / q exp(−r² / q), q = w² + iλz/π.
    const [a, b] = [waist ** 2, travel / Math.PI];
    const expected = field(n, (y, x) => {
      const [scale, square] = [1 / (a * a + b * b), y * y + x * x];
      const amplitude = waist ** 2 * Math.sqrt(scale) * Math.exp(-square * a * scale);
      return phasor(square * b * scale - Math.atan2(b, a)).map((part) => amplitude * part) as [number, number];
    });
    const start = field(n, (y, x) => [Math.exp(-(y * y + x * x) / waist ** 2), 0]);
    expect(maxDeviation(propagated(start, n, travel), expected)).toBeLessThan(tolerances.gaussianTails);
  });

  it.each([0, 0.1, 1.5])("an oblique plane wave turns by 2π z/λ (cos θ − 1), λ/p = %d", (wavelength) => {
    const [n, travel] = [32, 20];
    for (const [v, u] of [
      [0, 0],
      [3, -5],
      [-7, 6],
    ]) {
      const square = (v * v + u * u) / n ** 2;
      const cosine = Math.sqrt(1 - wavelength ** 2 * square);
      const expected =
        wavelength === 0 ? -Math.PI * travel * square : (2 * Math.PI * travel * (cosine - 1)) / wavelength ** 2;
      const plane = (angle: number) => field(n, (y, x) => phasor((2 * Math.PI * (v * y + u * x)) / n + angle));
      const moved = propagated(plane(0), n, travel, wavelength);
      expect(maxDeviation(moved, plane(expected))).toBeLessThan(tolerances.float64Fft);
    }
  });

  it("a grating images itself after the Talbot length 2 d²/λ, shifted by half its period halfway", () => {
    const [n, period] = [64, 4];
    const stripes = (shift: number) => field(n, (_, x) => [(x - shift + n) % period < 1 ? 1 : 0.3, 0]);
    expect(maxDeviation(propagated(stripes(0), n, 2 * period ** 2), stripes(0))).toBeLessThan(tolerances.float64Fft);
    const halfway = propagated(stripes(0), n, period ** 2);
    expect(maxDeviation(halfway, stripes(period / 2))).toBeLessThan(tolerances.float64Fft);
  });

  it("energy is conserved where nothing is left out", () => {
    const n = 31;
    const wave = Float64Array.from(normals(new Random(3), 2 * n * n));
    expect(norm(propagated(wave, n, 25, 0.2)) / norm(wave)).toBeCloseTo(1, 12);
  });
});

describe("a beam that spreads from a focus is a parallel one, magnified", () => {
  it("as the Fresnel integral of the spherical wave has it", () => {
    // Metres: 0.1 nm, focus 2 mm before the sample, detector 0.4 m behind it.
    const [wavelengthM, focusDistanceM, detectorDistanceM, n] = [1e-10, 2e-3, 0.4, 64];
    const geometry = resolveGeometry(
      { wavelengthM, focusDistanceM, detectorDistanceM, detectorPixelM: 20e-6, propagation: "near-field" },
      n,
      "scan",
    );
    const { magnification, pixelM } = parallelBeam(geometry);
    expect(magnification).toBeCloseTo(201, 9);
    // Two slits with soft edges, separable, so that one axis is enough.
    const slits = (x: number): number =>
      Math.exp(-(((x / pixelM + 7) / 4) ** 2)) + 0.5 * Math.exp(-(((x / pixelM - 6) / 3) ** 2));
    const line = (X: number): [number, number] => {
      const [step, sum] = [pixelM / 40, [0, 0]];
      for (let k = -25 * 40; k <= 25 * 40; k++) {
        const x = k * step;
        const angle =
          (Math.PI / wavelengthM) * (x ** 2 / focusDistanceM + (X ** 2 - 2 * X * x + x ** 2) / detectorDistanceM);
        sum[0] += slits(x) * Math.cos(angle) * step;
        sum[1] += slits(x) * Math.sin(angle) * step;
      }
      return [sum[0], sum[1]];
    };
    const wave = propagatedBy(
      geometry,
      field(n, (y, x) => [slits(x * pixelM) * Math.exp(-((y / 8) ** 2)), 0]),
      n,
    );
    const row = Array.from({ length: n }, (_, x) => Math.hypot(wave[2 * (32 * n + x)], wave[2 * (32 * n + x) + 1]));
    const expected = row.map((_, x) => Math.hypot(...line((x - 32) * pixelM * magnification)));
    const scale = Math.max(...row) / Math.max(...expected);
    expect(
      maxDeviation(
        row,
        expected.map((value) => scale * value),
      ),
    ).toBeLessThan(tolerances.paraxialFocus);
  });

  it("a measured one, P25 at PETRA III: 307.85 times, 178.659 nm, 3.63814 mm", () => {
    const known = { wavelengthM: 97.949e-12, detectorDistanceM: 1.12, detectorPixelM: 55e-6 } as const;
    const by = (statement: object) =>
      parallelBeam(resolveGeometry({ ...known, propagation: "near-field", ...statement }, 100, "p25"));
    const beam = by({ focusDistanceM: 3.65e-3 });
    expect(beam.magnification).toBeCloseTo(307.85, 2);
    expect(beam.pixelM * 1e9).toBeCloseTo(178.659, 3);
    expect(beam.distanceM * 1e3).toBeCloseTo(3.63814, 5);
    // The object's pixel says the same as the focus.
    expect(by({ objectPixelM: beam.pixelM }).distanceM).toBeCloseTo(beam.distanceM, 12);
    const { reach, finest } = nearFieldSampling(freeSpaceOf(beam), 100);
    expect(reach).toBeCloseTo((97.949e-12 * 3.63814e-3) / (2 * 178.659e-9 ** 2), 3);
    expect(finest).toBe(2);
  });
});

function propagatedBy(geometry: Parameters<typeof parallelBeam>[0], wave: Float64Array, n: number): Float64Array {
  return nearField(freeSpaceOf(parallelBeam(geometry)))
    .plan([n, n])
    .forward(wave, new Float64Array(wave.length));
}

describe("limits of sampling", () => {
  it("what would travel beyond half a window is left out, and all else kept", () => {
    const [n, travel] = [64, 128];
    const modulus = transferFunction({ travel, wavelength: 0 }, [n, n]);
    for (let x = 0; x < n; x++) {
      const i = 2 * ((n / 2) * n + x);
      const sideways = (travel * Math.abs(x - n / 2)) / n;
      expect(Math.hypot(modulus[i], modulus[i + 1])).toBeCloseTo(sideways <= n / 2 ? 1 : 0, 12);
    }
    expect(nearFieldSampling({ travel, wavelength: 0 }, n)).toMatchObject({ reach: 64, finest: 4, frequencies: 32 });
  });

  it("no wave is shorter than the wavelength", () => {
    const values = transferFunction({ travel: 1, wavelength: 3 }, [16, 16]);
    expect(Math.hypot(values[2 * (8 * 16 + 13)], values[2 * (8 * 16 + 13) + 1])).toBeCloseTo(1, 12);
    expect(Math.hypot(values[2 * (8 * 16 + 14)], values[2 * (8 * 16 + 14) + 1])).toBe(0);
  });

  it("a far field is refused, with numbers", () => {
    expect(() => propagated(new Float64Array(2 * 64 * 64), 64, 2000)).toThrow(
      /travels too far for a near field.*expected λ z \/ p² of at most 512.*got 2000: 2\.0 frequencies.*propagation=far-field/,
    );
  });
});
