import { describe, expect, it } from "vitest";
import type { NpyArray } from "../../src/formats/npy.ts";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import { electronWavelength } from "../../src/optics/units.ts";
import { examineScan } from "../../src/scans/doctor/examine.ts";
import type { DoctorRow } from "../../src/scans/doctor/row.ts";
import type { ScanOptions } from "../../src/scans/scanOptions.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";

const simulated = simulate({ n: 64, patterns: 121, seed: 2, object: "deadLeaves", photons: 1e5 });

/** The orientation's rows of a simulated scan in a file whose arrays were changed. */
async function rows(
  change: (arrays: Record<string, unknown>) => Record<string, unknown>,
  stated: ScanOptions = {},
): Promise<readonly DoctorRow[]> {
  const { object: _, ...withoutObject } = simulated;
  const npz = openNpz(writeScanNpz(withoutObject), "scan");
  const arrays = Object.fromEntries(npz.keys.map((key) => [key, npz.read(key)]));
  const file = openNpz(writeNpz(change(arrays) as typeof arrays), "scan");
  const { examination } = await examineScan(file, stated, "scan", {}, {});
  return examination.rows.filter(({ quantity }) => /orientation|half turn|^defocus/.test(quantity));
}

const row = (found: readonly DoctorRow[], quantity: string): DoctorRow | undefined =>
  found.find((each) => each.quantity === quantity);

describe("the rows of the orientation", () => {
  it("are fine where all is as it should be", async () => {
    const found = await rows((arrays) => arrays);
    expect(row(found, "orientation")).toMatchObject({ sure: "sure", state: "fine" });
    expect(row(found, "half turn")).toMatchObject({ sure: "sure", state: "fine" });
    // Two thirds of 64 pixels.
    expect(Math.abs((row(found, "defocus")?.value as number) - 43)).toBeLessThan(5);
  });

  it("say what the positions must be turned by, as settings", async () => {
    const found = await rows(({ xcoords, ycoords, ...others }) => ({ ...others, xcoords: ycoords, ycoords: xcoords }));
    expect(row(found, "orientation")).toMatchObject({ sure: "sure", state: "say", says: { positionSwap: true } });
  });

  it("know the order of columns that the positions do not tell", async () => {
    // Nominal positions would be taken instead.
    const found = await rows(({ xcoords, ycoords, xcoords_start: _, ycoords_start: __, ...others }) => {
      const [x, y] = [xcoords, ycoords].map((array) => (array as { data: Float64Array }).data);
      const data = Float64Array.from({ length: 2 * x.length }, (_, k) => (k % 2 === 0 ? x : y)[k >> 1]);
      return { ...others, at: { shape: [x.length, 2], dtype: "float64", data } };
    });
    expect(row(found, "orientation")).toMatchObject({ sure: "sure", state: "say", says: { positionOrder: "xy" } });
  });

  it("ask for nothing when a scan cannot be read, but say why", async () => {
    const found = await rows(({ xcoords: _, ...others }) => others);
    expect(row(found, "orientation")).toMatchObject({ state: "open" });
    expect(row(found, "orientation")?.evidence).toMatch(/cannot be read yet.*xcoords/);
  });

  it("advise nothing further than what was said of the positions", async () => {
    const found = await rows((arrays) => arrays, { positionFlip: "y" });
    expect(row(found, "orientation")).toMatchObject({ state: "say" });
    expect(row(found, "orientation")?.says).toBeUndefined();
    expect(row(found, "orientation")?.advice).toMatch(/^beyond what was said of them: .*position_flip=y/);
  });

  it("are not measured where windows do not meet, or all lie on one pixel", async () => {
    const scaled = (factor: number) => (arrays: Record<string, unknown>) =>
      Object.fromEntries(
        Object.entries(arrays).map(([key, array]) => {
          const { data, ...others } = array as { data: Float64Array };
          return [key, /coords/.test(key) ? { ...others, data: data.map((value) => value * factor) } : array];
        }),
      );
    for (const [factor, why] of [
      [1e7, /no window of 64 × 64 meets another/],
      [1e-8, /all windows lie on one pixel/],
    ] as const)
      expect(row(await rows(scaled(factor)), "orientation")).toMatchObject({
        state: "open",
        evidence: expect.stringMatching(why),
      });
  });

  /** A raster of electrons in a file that says how it is turned. */
  const electrons = (saidAngle: number): Record<string, NpyArray> => {
    const [n, side, pixel] = [64, 13, 4e-10];
    const [radius, defocus] = [16, 43];
    const { patterns, positions } = simulate({
      ...{ n, patterns: side ** 2, seed: 3, object: "deadLeaves", photons: 1e5, scan: "raster", jitter: 0 },
      ...{ probe: { kind: "airy", pupilRadius: radius, defocus }, contrast: { amplitude: [1, 1], phase: [0, 0.8] } },
    });
    // The first axis of such files runs along x.
    const frames = Array.from({ length: side ** 2 }, (_, k) => (k % side) * side + Math.floor(k / side));
    const amplitudes = new Float32Array(frames.length * n * n);
    patterns.read(frames, amplitudes);
    const number = (value: number): NpyArray => ({ shape: [], dtype: "float64", data: Float64Array.of(value) });
    const lambda = electronWavelength(300);
    return {
      dps: { shape: [side, side, n, n], dtype: "uint32", data: Uint32Array.from(amplitudes, (a) => Math.round(a * a)) },
      voltage_kV: number(300),
      object_pixel_A: number(pixel * 1e10),
      scan_step_A: number((positions[3] - positions[1]) * pixel * 1e10),
      scan_angle_deg: number(saidAngle),
      semiangle_mrad: number((1e3 * radius * lambda) / (n * pixel)),
      defocus_nm: number((1e9 * defocus * pixel ** 2) / lambda),
    };
  };

  it("take a probe for known that a file's own optics build: its defocus tells the half turn", async () => {
    const { examination } = await examineScan(openNpz(writeNpz(electrons(0)), "stem"), {}, "stem", {}, {});
    expect(row(examination.rows, "orientation")).toMatchObject({ sure: "sure", state: "fine" });
    expect(row(examination.rows, "half turn")).toMatchObject({ sure: "sure", state: "fine" });
    expect(row(examination.rows, "defocus")?.value as number).toBeGreaterThan(0);
  });

  it("say how far a raster lies from the angle that its file says, how sure that is, and what turns it", async () => {
    const { examination } = await examineScan(openNpz(writeNpz(electrons(7)), "stem"), {}, "stem", {}, {});
    const found = row(examination.rows, "orientation");
    expect(found).toMatchObject({ sure: "sure", state: "say" });
    const { positionRotation = Number.NaN } = found?.says ?? {};
    expect(Math.abs(positionRotation + 7)).toBeLessThan(1.5);
    expect(found?.found).toMatch(/rotated by -\d\.\d° ± \d\.\d° beyond the file's 7\.0° to lie as the detector does$/);
    expect(found?.evidence).toMatch(
      /the file says y and x exchanged and turned by 7\.0°, which reading has done; found is y and x exchanged and turned by -?[01]\.\d° ± \d\.\d°, \d\.\d° from it; beyond what the file says: shadows -\d\.\d° ± \d\.\d°, reconstructions -\d\.\d° ± \d\.\d°.*: the angle moves by [0-3]\.\d° between the kinds/,
    );
  });
});
