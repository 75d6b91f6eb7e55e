import { describe, expect, it } from "vitest";
import { scanOptions } from "../../src/config/dataConfig.ts";
import { camelCase } from "../../src/config/names.ts";
import { parseSettings } from "../../src/config/schema.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { memoryPatterns } from "../../src/data/memoryPatterns.ts";
import type { ArrayFile } from "../../src/formats/arrayFile.ts";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import { chooseFormat, readScanArrays, scanFormats } from "../../src/scans/registry.ts";
import type { ScanFormat } from "../../src/scans/scanFormat.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";

const scan = (): ArrayFile => openNpz(writeScanNpz(simulate({ n: 16, patterns: 5, seed: 1 })), "scan.npz");
const others = (): ArrayFile =>
  openNpz(writeNpz({ frames: { shape: [1, 2, 2], dtype: "float32", data: new Float32Array(4) } }), "other.npz");

/** A format that is as sure as it is told. */
const stub = (name: string, confidence: number): ScanFormat => ({
  name,
  title: `the ${name} layout`,
  recognise: () => ({ confidence, evidence: `${name} says so` }),
  shape: () => ({ count: 1, height: 2, width: 2, patternBytes: 16, photonsPerPattern: undefined }),
  read: (): Dataset => ({
    name,
    patterns: memoryPatterns(new Float32Array(4), [1, 2, 2]),
    measurement: "counts",
    positions: new Float64Array(2),
    probe: { shape: [1, 2, 2], data: new Float32Array(8) },
    provenance: { conversions: [], warnings: [] },
  }),
});

describe("scan formats", () => {
  it("the NPZ contract is sure by its names, and by those that are stated", () => {
    const [npz] = scanFormats;
    expect(npz.recognise(scan(), {}).confidence).toBe(0.9);
    const stated = { patternsKey: "frames", probeKey: "frames", positionsKey: "frames" };
    expect(npz.recognise(others(), stated).confidence).toBe(0.9);
    expect(npz.recognise(others(), {})).toEqual({
      confidence: 0.1,
      evidence: "an NPZ without diffraction or diff3d, probeGuess, xcoords, ycoords",
    });
    expect(npz.recognise({ ...others(), container: "HDF5" }, stated).confidence).toBe(0);
  });

  it("reading records the format and what told that it is this one", () => {
    const { format } = readScanArrays(scan()).provenance;
    expect(format).toEqual({
      name: "npz",
      evidence: expect.stringContaining("names of patterns, probe and positions"),
    });
    expect(readScanArrays(scan(), { format: "npz" }).provenance.format?.evidence).toBe("as stated");
  });

  it("reading records every convention by the setting that would say it, so that they can be said", () => {
    const { conventions } = readScanArrays(scan()).provenance;
    expect(conventions).toEqual({
      ...{ patterns_key: "diff3d", probe_key: "probeGuess", measurement: "amplitude", frame_axis: "first" },
      ...{ dc_at: "center", probe_at: "center", mask_valid: "1" },
      ...{ position_reference: "center", position_origin: "absolute", position_unit: "px" },
    });
    const said = Object.fromEntries(
      Object.entries(conventions!).map(([name, value]) => [
        camelCase(name),
        name === "mask_valid" ? Number(value) : value,
      ]),
    );
    const { patterns: _, ...again } = readScanArrays(scan(), scanOptions(parseSettings("data", said)));
    const { patterns: __, ...first } = readScanArrays(scan());
    expect({ ...again, provenance: again.provenance.conventions }).toEqual({ ...first, provenance: conventions });
  });

  it("the surest format reads, whatever the order; a named one reads in any case", () => {
    const formats = [stub("weak", 0.3), ...scanFormats, stub("sure", 1), stub("none", 0)];
    expect(chooseFormat(scan(), {}, "scan.npz", formats).format.name).toBe("sure");
    expect(chooseFormat(scan(), {}, "scan.npz", [...formats].reverse()).evidence).toBe("sure says so");
    expect(chooseFormat(scan(), { format: "weak" }, "scan.npz", formats).format.name).toBe("weak");
  });

  it("nothing is guessed: none, two alike, and an unknown name are errors that list what there is", () => {
    const choose = (options: { format?: string }, ...formats: ScanFormat[]) =>
      chooseFormat(scan(), options, "f", formats);
    expect(() => choose({}, stub("a", 0))).toThrow(
      /no scan format knows this file.*a \(the a layout\).*got the arrays/,
    );
    expect(() => choose({}, stub("a", 0.9), stub("b", 0.9), stub("c", 0.5))).toThrow(
      /several scan formats fit.*a \(the a layout\), b \(the b layout\); got a says so; b says so.*`format=…`/,
    );
    expect(() => choose({ format: "nzp" }, ...scanFormats)).toThrow(
      /unknown scan format "nzp".*one of npz.*did you mean/i,
    );
  });
});
