import { expect, it } from "vitest";
import { writeNpz } from "../../../src/formats/npz.ts";
import { propagatorOf } from "../../../src/physics/propagation/propagators.ts";
import { readScanNpz } from "../../../src/scans/scanNpz.ts";
import type { ScanOptions } from "../../../src/scans/scanOptions.ts";
import { norm } from "../../evaluate.ts";
import { tolerances } from "../../tolerances.ts";

const [N, FRAMES] = [32, 4];
const geometry = {
  propagation: "near-field",
  ...{ wavelengthM: 1e-10, detectorDistanceM: 0.4, detectorPixelM: 20e-6, focusDistanceM: 2e-3 },
} as const;

/** Frames of a smooth, uneven light. */
const light = Float32Array.from({ length: N * N }, (_, i) => {
  const [y, x] = [Math.floor(i / N) - 14, (i % N) - 17];
  return 100 * Math.exp(-(y * y + 2 * x * x) / 90) + 3;
});
const bytes = writeNpz({
  diffraction: {
    shape: [FRAMES, N, N],
    dtype: "float32",
    data: Float32Array.from({ length: FRAMES * N * N }, (_, i) => light[i % (N * N)]),
  },
  xcoords: { shape: [FRAMES], dtype: "float64", data: Float64Array.of(30, 34, 30, 34) },
  ycoords: { shape: [FRAMES], dtype: "float64", data: Float64Array.of(30, 30, 34, 34) },
});
const read = (options: ScanOptions) => readScanNpz(bytes, { measurement: "counts", geometry, ...options });

it("the mean pattern of a near field, back at the sample, makes that pattern again", () => {
  const { probe, provenance, geometry: known } = read({ probeModel: "mean" });
  const far = propagatorOf(known)
    .plan([N, N])
    .forward(probe.data, new Float64Array(2 * N * N));
  const modulus = Float64Array.from({ length: N * N }, (_, i) => Math.hypot(far[2 * i], far[2 * i + 1]));
  expect(norm(modulus.map((value, i) => value - Math.sqrt(light[i])))).toBeLessThan(
    tolerances.float32Rounding * norm(modulus),
  );
  expect(provenance.conversions.join("\n")).toMatch(
    /the root of the mean pattern, back from the detector through 1\.99 mm of a parallel beam/,
  );
});

it.each([
  [{ probeModel: "zone_plate", outermostZoneM: 5e-8 }, /without the front that its focus gives it.*focus_distance_m/],
  [{ probeModel: "aperture", semiAngleMrad: 1 }, /a probe that is made from its focus/],
  [{ probeModel: "mean", defocusM: 1e-3 }, /got `defocus_m=0.001`/],
] as const)("a front that a focus makes is not the probe's: %o", (options, message) => {
  expect(() => read(options)).toThrow(message);
});
