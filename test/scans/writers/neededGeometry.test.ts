import { describe, expect, it } from "vitest";
import { PtychonautError } from "../../../src/errors.ts";
import type { Geometry } from "../../../src/optics/geometry.ts";
import { scanWriterNamed } from "../../../src/scans/writers/registry.ts";
import { checkGeometry } from "../../../src/scans/writers/scanContent.ts";
import { simulate } from "../../../src/simulation/simulate.ts";

const scan = simulate({ n: 32, patterns: 4, seed: 1 });

/** What a format in metres asks for of a scan that says so much. */
function asked(geometry: Omit<Geometry, "propagation">, propagation: Geometry["propagation"] = "far-field"): string {
  const stated = { ...scan, shape: [4, 32, 32] as const, geometry: { ...geometry, propagation } };
  try {
    checkGeometry(scanWriterNamed("cxi"), stated, "scan");
  } catch (error) {
    if (error instanceof PtychonautError) return error.message;
    throw error;
  }
  return "";
}

describe("what a format in metres asks for", () => {
  it("is all that is missing, and formats that do without", () => {
    const message = asked({});
    for (const name of ["energy_kev", "detector_distance_m", "detector_pixel_m", "npz, hdf5"])
      expect(message).toContain(name);
    // Not every command that writes has a flag of this name.
    expect(message).not.toMatch(/`to=/);
  });

  it("is not what follows from the object's pixel, in the far field", () => {
    const known = { wavelengthM: 1.97e-12, objectPixelM: 4.65e-10 };
    expect(asked(known)).toContain("detector_distance_m");
    expect(asked(known)).not.toContain("detector_pixel_m");
    expect(asked(known, "near-field")).toContain("detector_pixel_m");
    // Where it is all that is missing, it did not follow.
    expect(asked({ ...known, detectorDistanceM: 1 })).toContain("detector_pixel_m");
  });
});
