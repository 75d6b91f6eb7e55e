import { describe, expect, it } from "vitest";
import { scanOptions } from "../../src/config/dataConfig.ts";
import { camelCase } from "../../src/config/names.ts";
import { parseSettings } from "../../src/config/schema.ts";
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
  parts: () => ({ geometry: {} }),
});

describe("scan formats", () => {
  it("the contract is sure by its names, and by those that are stated, in any container", () => {
    const [named] = scanFormats;
    expect(named.recognise(scan(), {}).confidence).toBe(0.9);
    const stated = { patternsKey: "frames", probeKey: "frames", positionsKey: "frames" };
    expect(named.recognise(others(), stated).confidence).toBe(0.9);
    expect(named.recognise(others(), {})).toEqual({
      confidence: 0.1,
      evidence: "NPZ without diffraction or diff3d, probeGuess, xcoords, ycoords",
    });
    expect(named.recognise({ ...others(), container: "HDF5" }, stated)).toEqual({
      confidence: 0.9,
      evidence: "HDF5 with the names of patterns, probe and positions",
    });
  });

  it("reading records the format and what told that it is this one", () => {
    const { format } = readScanArrays(scan()).provenance;
    expect(format).toEqual({
      name: "named",
      evidence: expect.stringContaining("names of patterns, probe and positions"),
    });
    expect(readScanArrays(scan(), { format: "named" }).provenance.format?.evidence).toBe("as stated");
  });

  it("reading records every convention by the setting that would say it, so that they can be said", () => {
    const { conventions } = readScanArrays(scan()).provenance;
    expect(conventions).toEqual({
      ...{ patterns_key: "diff3d", probe_key: "probeGuess", measurement: "amplitude", frame_axis: "first" },
      ...{ dc_at: "center", probe_at: "center", mask_valid: "1" },
      ...{ position_reference: "center", position_origin: "absolute", position_unit: "px" },
      positions_are: "probe",
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
    expect(() => choose({ format: "nmaed" }, ...scanFormats)).toThrow(
      /unknown scan format "nmaed".*one of named.*did you mean/i,
    );
  });
});
