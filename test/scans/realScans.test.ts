import { describe, expect, it } from "vitest";
import { computeScales } from "../../src/data/normalisation.ts";
import { readBytes } from "../../src/node/files/readBytes.ts";
import { readScan } from "../../src/node/runs.ts";
import { inspectScan } from "../../src/scans/inspect/inspectScan.ts";
import { dataFile } from "../fixtures.ts";

const raw = dataFile("siemens_raw.npz");
const contract = dataFile("siemens_ptychopinn.npz");

/** A measured scan in two forms; skipped where the folder of PTYCHONAUT_DATA is absent. */
describe.skipIf(raw === undefined || contract === undefined)("the measured Siemens star", () => {
  it("raw counts with everything stated are the scan in the contract", async () => {
    const a = await readScan(raw!, {
      patternsKey: "data",
      probeKey: "probe",
      positionsKey: "scan_px",
      measurement: "counts",
      dcAt: "corner",
      positionOrder: "yx",
      positionReference: "corner",
      positionOrigin: "centered",
    });
    const b = await readScan(contract!);
    expect(a.patterns.count).toBe(b.patterns.count);
    const size = a.patterns.height * a.patterns.width;
    const counts = new Float32Array(3 * size);
    const amplitudes = new Float32Array(3 * size);
    a.patterns.read([0, 100, 515], counts);
    b.patterns.read([0, 100, 515], amplitudes);
    const roots = counts.map(Math.sqrt);
    expect(farthest(roots, amplitudes)).toBeLessThan(1e-5);
    expect(farthest(a.positions, b.positions)).toBeLessThan(1e-4); // one file holds float32
    const frames = Array.from({ length: a.patterns.count }, (_, frame) => frame);
    const ours = computeScales(a, frames);
    expect(ours.photonsPerPattern).toBeCloseTo(461213, -1);
    expect(computeScales(b, frames).inputScale / ours.inputScale).toBeCloseTo(1, 5);
    expect(a.provenance.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(a.provenance.conversions.length).toBe(5);
  });

  it("inspection points out what the raw file leaves unsaid, and nothing in the other", async () => {
    const { findings } = inspectScan(await readBytes(raw!));
    const text = findings.map(({ what, flag }) => `${what} ${flag ?? ""}`).join("\n");
    for (const part of [
      /integer patterns.*`measurement=counts`/,
      /corner `dc_at=corner`/,
      /centred on zero `position_origin/,
      /minimum corner.*`position_reference/,
      /probe is not scaled/,
    ])
      expect(text).toMatch(part);
    expect(inspectScan(await readBytes(contract!)).findings.filter(({ severity }) => severity !== "note")).toEqual([]);
  });
});

/** Files that hold no whole scan, or leave open how it is to be read, and what each is told to say. */
const refused: Readonly<Record<string, RegExp>> = {
  "siemens_raw.npz": /no patterns.*name the array with `patterns_key=data`/i,
  "aps_fragment_20x512.npz": /no patterns.*name the array with `patterns_key=reciprocal`/i,
  "run1084_probe_object.npz": /no patterns.*another file that has them: `patterns=FILE::ARRAY`/i,
  "gold_balls_recon.mat": /no patterns.*another file: `patterns=FILE::ARRAY`/i,
};

describe("a file that is no whole scan", () => {
  for (const [name, message] of Object.entries(refused)) {
    const path = dataFile(name);
    it.skipIf(path === undefined)(`${name} says in one line what is to be said`, async () => {
      const error: unknown = await readScan(path!).catch((caught: unknown) => caught);
      expect(String(error)).toMatch(message);
      expect(String(error)).not.toContain("\n");
    });
  }

  const fragment = dataFile("aps_fragment_20x512.npz");
  it.skipIf(fragment === undefined)("and is read once it is", async () => {
    const { patterns, positions } = await readScan(fragment!, {
      ...{ patternsKey: "reciprocal", positionsKey: "position", positionOrder: "yx", positionUnit: "m" },
      ...{ measurement: "counts", geometry: { objectPixelM: 8e-9 }, probeModel: "mean" },
    });
    expect([patterns.count, patterns.height, positions.length]).toEqual([20, 512, 40]);
  });
});

function farthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let worst = 0;
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i] - b[i]));
  return worst;
}
