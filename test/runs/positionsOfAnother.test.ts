import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readScan } from "../../src/runs/inputs/scans.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { plainHome } from "./plainHome.ts";

let folder = "";
const path = (...names: string[]): string => join(folder, ...names);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "positions-of-"));
  for (const seed of [1, 2])
    writeFileSync(path(`${seed}.npz`), writeScanNpz(simulate({ n: 16, patterns: 25, step: 3, scan: "raster", seed })));
  mkdirSync(path("run"));
  const rows = Array.from({ length: 25 }, (_, k) => `${20 + 3 * (k % 5)},${20 + 3 * Math.floor(k / 5)}`);
  writeFileSync(path("run", "positions.csv"), ["x [px],y [px]", ...rows, ""].join("\n"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As a reconstruction of the first scan leaves it. */
const record = (contents: unknown): void => writeFileSync(path("run", "run.json"), JSON.stringify(contents));
const ofFirst = () => ({
  inputs: [
    {
      path: "1.npz",
      sha256: createHash("sha256")
        .update(readFileSync(path("1.npz")))
        .digest("hex"),
    },
  ],
});
const doubts = async (scan: string, positions: string): Promise<readonly string[]> => {
  const { provenance } = await readScan(path(scan), { positions }, plainHome);
  return provenance.warnings.filter((line) => line.includes("positions are those"));
};

it("warns of positions that a run found for another file, by its folder or its table", async () => {
  record(ofFirst());
  for (const positions of [path("run"), path("run", "positions.csv")]) {
    expect(await doubts("2.npz", positions)).toEqual([expect.stringMatching(/run found for another file, 1\.npz:/)]);
    expect(await doubts("1.npz", positions)).toEqual([]);
  }
});

it("has no doubts where a record says nothing of what was read", async () => {
  for (const nothing of [{}, { inputs: [{ path: "1.npz", sha256: null }] }, { inputs: [3] }]) {
    record(nothing);
    expect(await doubts("2.npz", path("run"))).toEqual([]);
  }
});

it.each([
  [{ positionsAre: "sample" }, "positions_are"],
  [{ positionReference: "corner" }, "position_reference"],
  [{ positionOrigin: "centered", positionUnit: "um" }, "position_origin=centered`, `position_unit=um"],
  [{ positionFlip: "y" }, "position_flip"],
  [{ positionRotation: 90 }, "position_rotation"],
] as const)("refuses %j, which a run's positions have in them already", async (said, name) => {
  record(ofFirst());
  for (const positions of [path("run"), path("run", "positions.csv")]) {
    const reading = readScan(path("1.npz"), { positions, ...said }, plainHome);
    await expect(reading).rejects.toThrow(/have this in them already; in \S+positions.csv; expected nothing said/);
    await expect(reading).rejects.toThrow(name);
  }
  // What says the same as the table, and another program's table, is taken.
  await readScan(path("1.npz"), { positions: path("run"), positionsAre: "probe", positionUnit: "px" }, plainHome);
  rmSync(path("run", "run.json"));
  if (!("positionUnit" in said))
    await readScan(path("1.npz"), { positions: path("run"), ...said, positionOrigin: "centered" }, plainHome);
});
