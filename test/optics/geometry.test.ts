import { describe, expect, it } from "vitest";
import { missingForPixel, resolveGeometry } from "../../src/optics/geometry.ts";

const hardXrays = { energyKev: 8.8, detectorDistanceM: 1.92, detectorPixelM: 75e-6 };

describe("geometry", () => {
  it("photons: λ = h c / E, and the object's pixel λ z / (N p)", () => {
    const geometry = resolveGeometry(hardXrays, 128, "scan");
    // h c = 12.398419843 keV Å (CODATA 2018, exact).
    expect(geometry.wavelengthM! * 1e10).toBeCloseTo(12.398419843 / 8.8, 8);
    expect(geometry.objectPixelM! * 1e9).toBeCloseTo((1.4089113458 * 0.1 * 1.92) / (128 * 75e-6), 5);
    expect(geometry).toMatchObject({ propagation: "far-field", radiation: "photons", detectorPixelM: 75e-6 });
  });

  it("electrons: the relativistic wavelength of their voltage", () => {
    // Kirkland, Advanced Computing in Electron Microscopy, table 2.1: 0.0197 Å at 300 kV, 0.0418 Å at 80 kV.
    const [high, low] = [300, 80].map((voltageKv) => resolveGeometry({ voltageKv }, 64, "scan"));
    expect(high.wavelengthM! * 1e12).toBeCloseTo(1.9687, 4);
    expect(low.wavelengthM! * 1e12).toBeCloseTo(4.1757, 4);
    expect(high.radiation).toBe("electrons");
  });

  it("what is not stated is not known, and what is missing is named", () => {
    expect(resolveGeometry({}, 64, "scan")).toEqual({ propagation: "far-field" });
    expect(missingForPixel(resolveGeometry({}, 64, "scan"))).toEqual([
      "`energy_kev` (or `voltage_kv`, `wavelength_m`)",
      "`detector_distance_m`",
      "`detector_pixel_m`",
    ]);
    const { detectorPixelM: _, ...part } = hardXrays;
    expect(missingForPixel(resolveGeometry(part, 64, "scan"))).toEqual(["`detector_pixel_m`"]);
    expect(missingForPixel(resolveGeometry({ objectPixelM: 1e-8 }, 64, "scan"))).toEqual([]);
  });

  it("a near field has the pixel that its focus magnifies, p z₁ / (z₁ + z)", () => {
    const near = { ...hardXrays, propagation: "near-field", focusDistanceM: 8e-3 } as const;
    expect(resolveGeometry(near, 128, "scan").objectPixelM! * 1e9).toBeCloseTo((75e3 * 8e-3) / 1.928, 9);
    const rounded = { ...near, objectPixelM: 311e-9 };
    expect(resolveGeometry(rounded, 128, "scan").objectPixelM).toBe(311e-9);
    expect(() => resolveGeometry({ ...near, objectPixelM: 4e-7 }, 128, "scan")).toThrow(
      /object's pixel contradicts the distance of the focus.*object_pixel_m 4e-7, p z₁ \/ \(z₁ \+ z\) = 3\.112e-7/,
    );
    const { propagation: _, ...far } = near;
    expect(() => resolveGeometry(far, 128, "scan")).toThrow(/a far field is not magnified.*propagation=near-field/);
  });

  it("a near field and frames that are not square have no pixel but a stated one", () => {
    const near = resolveGeometry({ ...hardXrays, propagation: "near-field" }, 128, "scan");
    expect(near.objectPixelM).toBeUndefined();
    expect(missingForPixel(near)).toEqual(["`focus_distance_m` (or `object_pixel_m`)"]);
    const oblong = resolveGeometry(hardXrays, undefined, "scan");
    expect(oblong.objectPixelM).toBeUndefined();
    expect(missingForPixel(oblong)).toEqual(["`object_pixel_m`"]);
  });

  it("rounded numbers agree, others are contradictions", () => {
    const exact = resolveGeometry(hardXrays, 128, "scan").objectPixelM!;
    expect(resolveGeometry({ ...hardXrays, objectPixelM: 1.005 * exact }, 128, "scan").objectPixelM).toBe(
      1.005 * exact,
    );
    for (const [statement, message] of [
      [{ ...hardXrays, objectPixelM: 2 * exact }, /object's pixel contradicts.*in scan; got object_pixel_m .*N = 128/],
      [{ energyKev: 8.8, wavelengthM: 1e-10 }, /wavelength and energy contradict/],
      [{ energyKev: 8.8, voltageKv: 300 }, /an energy and electrons a voltage, not both/],
      [{ energyKev: 8.8, radiation: "electrons" }, /radiation contradicts its energy/],
      [{ detectorPixelM: -1 }, /detector_pixel_m is no positive number/],
      [{ wavelengthM: Number.NaN }, /wavelength_m is no positive number/],
      [
        { wavelengthM: 1e-200, detectorDistanceM: 1e-200, detectorPixelM: 1e-5 },
        /no object has pixels of this size.*got 0 m/,
      ],
      [{ objectPixelM: 1e-16 }, /no object has pixels.*expected 1e-15 to 1 m; got 1e-16 m/],
      [{ objectPixelM: 1.5 }, /no object has pixels.*got 1\.5 m/],
    ] as const)
      expect(() => resolveGeometry(statement, 128, "scan")).toThrow(message);
  });
});
