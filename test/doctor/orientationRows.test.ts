import { describe, expect, it } from "vitest";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import { examineScan } from "../../src/scans/doctor/examine.ts";
import type { DoctorRow } from "../../src/scans/doctor/row.ts";
import type { ScanOptions } from "../../src/scans/scanOptions.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";

/** The orientation's rows of a simulated scan in a file whose arrays were changed. */
async function rows(
  change: (arrays: Record<string, unknown>) => Record<string, unknown>,
  stated: ScanOptions = {},
): Promise<readonly DoctorRow[]> {
  const scan = simulate({ n: 64, patterns: 121, seed: 2, object: "deadLeaves", photons: 1e5 });
  const { object: _, ...withoutObject } = scan;
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
    const found = await rows(({ xcoords, ycoords, ...others }) => {
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
});
