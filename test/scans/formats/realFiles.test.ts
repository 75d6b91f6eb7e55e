import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { ArrayFile } from "../../../src/formats/arrayFile.ts";
import { openArrayFile } from "../../../src/formats/containers.ts";
import { inspectScan } from "../../../src/scans/inspect/inspectScan.ts";
import { readScanArrays } from "../../../src/scans/registry.ts";
import type { Elsewhere } from "../../../src/scans/scanFormat.ts";
import { dataFile } from "../../fixtures.ts";
import { complex, fileOf, real } from "./handMade.ts";

/** Files that other programs wrote. */

const opened = async (name: string): Promise<ArrayFile> => openArrayFile(readFileSync(dataFile(name) ?? ""), name);
const flat = (side: number): Elsewhere => ({
  probeFile: [
    { file: fileOf({ p: complex([side, side], new Float32Array(2 * side * side).fill(1)) }), key: "p", where: "p.npy" },
  ],
});
/** Patterns of which nobody reads the numbers. */
function frames(count: number, side: number): Elsewhere {
  const file = fileOf({ d: real([1, 1, 1], [1]) });
  const header = () => ({ ...file.header("d"), shape: [count, side, side] });
  return { patterns: [{ file: { ...file, header }, key: "d", where: "d.npy" }] };
}

describe.skipIf(dataFile("p25_near_field.cxi") === undefined)("a CXI file of PETRA III", () => {
  it("is read with its mask, axes, metres and energy in joules", async () => {
    const file = await opened("p25_near_field.cxi");
    const dataset = readScanArrays(file, {}, { path: "p25.cxi", elsewhere: flat(100) });
    expect([dataset.patterns.count, dataset.patterns.height, dataset.measurement]).toEqual([200, 100, "counts"]);
    expect((dataset.geometry?.wavelengthM ?? 0) * 1e12).toBeCloseTo(97.949, 2);
    expect(dataset.mask?.data.filter((value) => value === 0).length).toBe(5);
    expect(dataset.provenance.conventions).toMatchObject({
      positions_are: "sample",
      detector_rows: "(0, -1, 0)",
      detector_columns: "(-1, 0, 0)",
    });
    // Sample to (-53.4, -38.4) µm first, then to (-52.0, -38.2): the probe the other way, in x right, in y down.
    const { positions, geometry } = dataset;
    const moved = [2, 3].map((i) => (positions[i] - positions[i - 2]) * geometry!.objectPixelM! * 1e6);
    expect(moved[0]).toBeCloseTo(-38.152295 + 38.399612, 4);
    expect(moved[1]).toBeCloseTo(-52.007606 + 53.400032, 4);
  });
});

describe.skipIf(dataFile("p25_near_field.cxi") === undefined)("a near field that its file does not name", () => {
  it("is named by inspect, with the settings", async () => {
    const { findings } = inspectScan(await opened("p25_near_field.cxi"), {}, "p25.cxi");
    const found = findings.find(({ what }) => what.startsWith("near field"));
    expect(found).toMatchObject({
      severity: "error",
      flag: expect.stringMatching(/propagation=near-field.*object_pixel_m=1\.7/),
    });
  });
});

describe.skipIf(dataFile("example_nxptycho_cxi_compatible.nxs") === undefined)("NXptycho examples", () => {
  it("random numbers with an energy that is none: said, with the flag, and read with another", async () => {
    const name = "example_nxptycho_cxi_compatible.nxs";
    const { findings } = inspectScan(await opened(name), {}, name);
    expect(findings.map(({ what }) => what).join("\n")).toMatch(/no energy of photons[\s\S]*`energy_kev`/);
    const geometry = { energyKev: 9 };
    const { patterns } = readScanArrays(await opened(name), { geometry }, { path: name, elsewhere: flat(32) });
    expect([patterns.count, patterns.height]).toEqual([100, 32]);
  });

  it("a raster: energy in keV, 100 places of the sample", async () => {
    const name = "example_nxptycho_cxi_compatible_raster.nxs";
    const { positions, geometry } = readScanArrays(await opened(name), {}, { path: name, elsewhere: flat(32) });
    expect(positions.length).toBe(200);
    expect((geometry?.objectPixelM ?? 0) * 1e9).toBeCloseTo(117.4, 1);
  });
});

describe.skipIf(dataFile("dls_moonflower_scan1.ptyr") === undefined)("a result of ptypy", () => {
  it("has probe, object and 92 positions inside it, and its patterns are in another file", async () => {
    const name = "dls_moonflower_scan1.ptyr";
    const file = await opened(name);
    expect(() => readScanArrays(file, {}, { path: name })).toThrow(/no patterns[\s\S]*patterns=FILE::ARRAY/);
    const dataset = readScanArrays(file, {}, { path: name, elsewhere: frames(92, 128), unread: true });
    expect(dataset.object?.shape).toEqual([402, 416]);
    expect(dataset.provenance.warnings).toEqual([]);
    // (0, 0) m is the object's centre, which the file has at (201, 208).
    expect([dataset.positions[0], dataset.positions[1]]).toEqual([201, 208].map((value) => expect.closeTo(value, 9)));
  });
});

describe.skipIf(dataFile("ptychi_tungsten_metadata_250_truePos.hdf5") === undefined)("parameters of pty-chi", () => {
  it.each([
    ["truePos", 25.83],
    ["nominalPos", 8],
  ] as const)("%s: two modes, 961 positions; patterns are in another file", async (which, pixel) => {
    const name = `ptychi_tungsten_metadata_250_${which}.hdf5`;
    const file = await opened(name);
    expect(() => readScanArrays(file, {}, { path: name })).toThrow(/no patterns[\s\S]*patterns=FILE::ARRAY/);
    const dataset = readScanArrays(file, {}, { path: name, elsewhere: frames(961, 256), unread: true });
    expect([dataset.probe.shape, dataset.object?.shape]).toEqual([
      [2, 256, 256],
      [415, 415],
    ]);
    expect((dataset.geometry?.objectPixelM ?? 0) * 1e9).toBeCloseTo(pixel, 2);
    // At 8 nm a pixel the nominal scan is wider than the flat object beside it, and that is said.
    const said = dataset.provenance.warnings.join();
    expect(said).toMatch(which === "truePos" ? /^$/ : /windows reach outside the reference object/);
  });
});
