import { describe, expect, it } from "vitest";
import { openNpz, writeNpz } from "../../../src/formats/npz.ts";
import { inspectScan } from "../../../src/scans/inspect/inspectScan.ts";
import { readScanArrays } from "../../../src/scans/registry.ts";
import { complex, float32, real } from "./handMade.ts";
import { expectKnown, knownScan } from "./knownScan.ts";

/** LCLS's archives: `diffraction` (y, x, frame), nominal positions in object pixels, probe and object. */
const known = knownScan({ N: 8 });
const { N, positions, counts, object, probe } = known;
const n = positions.length / 2;
const bytes = writeNpz({
  diffraction: float32(
    [N, N, n],
    Float32Array.from(counts, (_, i) => counts[(i % n) * N * N + Math.floor(i / n)]),
  ),
  xcoords_start: real(
    [n],
    Array.from({ length: n }, (_, k) => positions[2 * k + 1]),
  ),
  ycoords_start: real(
    [n],
    Array.from({ length: n }, (_, k) => positions[2 * k]),
  ),
  probeGuess: complex([N, N], probe.data),
  objectGuess: complex(object.shape, object.data),
});

describe("archives with nominal positions alone and frames last", () => {
  it("are read, and say which positions these are", () => {
    const dataset = readScanArrays(openNpz(bytes, "slac.npz"), { measurement: "counts" });
    expectKnown(dataset, known);
    expect(dataset.provenance.conversions.join("\n")).toMatch(/transposed from \(y, x, frame\)[\s\S]*nominal/);
    expect(dataset.nominalPositions).toBeUndefined();
  });

  it("are inspected without asking for names", () => {
    const { findings, roles } = inspectScan(bytes, { measurement: "counts" });
    expect(roles.positions).toEqual(["xcoords_start", "ycoords_start"]);
    expect(findings.filter(({ flag }) => flag?.includes("_key"))).toEqual([]);
  });
});
