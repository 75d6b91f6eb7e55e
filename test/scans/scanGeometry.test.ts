import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NpyArray } from "../../src/formats/npy.ts";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import { readBytes } from "../../src/node/files/readBytes.ts";
import { geometryQuantities } from "../../src/optics/geometry.ts";
import { inspectScan } from "../../src/scans/inspect/inspectScan.ts";
import { inspectReport } from "../../src/scans/inspect/report.ts";
import { readScanArrays, readScanShape } from "../../src/scans/registry.ts";
import { readGeometry } from "../../src/scans/scanGeometry.ts";
import { readScanNpz } from "../../src/scans/scanNpz.ts";
import { lengthUnits, type ScanOptions } from "../../src/scans/scanOptions.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { caseFile, dataFile } from "../fixtures.ts";

const number = (...data: number[]): NpyArray => ({
  shape: data.length === 1 ? [] : [data.length],
  dtype: "float64",
  data: Float64Array.from(data),
});
const text = (word: string): NpyArray => ({ shape: [], dtype: "string", data: [word] });

const N = 32;
const simulated = simulate({ n: N, patterns: 20, seed: 3 });

/** The simulated scan with more arrays, or others. */
function scan(arrays: Record<string, NpyArray> = {}): Uint8Array {
  const file = openNpz(writeScanNpz(simulated));
  return writeNpz({ ...Object.fromEntries(file.keys.map((key) => [key, file.read(key)])), ...arrays });
}

const geometryOf = (arrays: Record<string, NpyArray>, options: ScanOptions = {}) =>
  readScanNpz(scan(arrays), options).geometry!;

describe("geometry in files", () => {
  it("comes back as it was written", () => {
    const distance = fc.double({ min: 1e-3, max: 10, noNaN: true });
    const pixel = fc.double({ min: 1e-6, max: 1e-3, noNaN: true });
    fc.assert(
      fc.property(
        fc.option(fc.constantFrom({ energyKev: 8.8 }, { voltageKv: 200 }, { wavelengthM: 2e-10 }), { nil: {} }),
        fc.option(fc.record({ detectorDistanceM: distance, detectorPixelM: pixel }), { nil: {} }),
        (wave, detector) => {
          const { geometry } = simulate({ n: N, patterns: 1, geometry: { ...wave, ...detector } });
          const back = readScanNpz(writeScanNpz({ ...simulated, geometry: geometry! })).geometry;
          expect(back).toEqual(geometry);
        },
      ),
      { numRuns: 30 },
    );
    const near = { propagation: "near-field", objectPixelM: 1.8e-7 } as const;
    expect(readScanNpz(writeScanNpz({ ...simulated, geometry: near })).geometry).toEqual(near);
  });

  it("a scan of which nothing is known says nothing", () => {
    const { keys } = openNpz(writeScanNpz({ ...simulated, geometry: { propagation: "far-field" } }));
    expect(keys).toEqual(openNpz(writeScanNpz(simulated)).keys);
    expect(geometryOf({})).toEqual({ propagation: "far-field" });
  });

  it("names with other units are understood, and attributes as arrays are", () => {
    const geometry = geometryOf({ voltage_kV: number(300), object_pixel_A: number(4.65) });
    expect(geometry.radiation).toBe("electrons");
    expect(geometry.objectPixelM! * 1e10).toBeCloseTo(4.65, 12);
    expect(geometry.wavelengthM! * 1e12).toBeCloseTo(1.9687, 4);
    const file = {
      ...openNpz(scan()),
      attributes: () => ({ energy_kev: number(6.2), propagation: text("nearfield") }),
    };
    expect(readGeometry(file, {}, N, "scan", [])).toMatchObject({ propagation: "near-field", radiation: "photons" });
  });

  it("options give what the file lacks; what both say must agree", () => {
    const options = { geometry: { detectorDistanceM: 2, detectorPixelM: 55e-6 } };
    expect(geometryOf({ wavelength_m: number(1e-10) }, options).objectPixelM).toBeCloseTo(2e-10 / (N * 55e-6), 15);
    expect(geometryOf({ detector_distance_m: number(2.01) }, options).detectorDistanceM).toBe(2.01);
    expect(() => geometryOf({ detector_distance_m: number(3) }, options)).toThrow(
      /detector_distance_m is stated twice and differs.*3 in the file, 2 as a setting/,
    );
    expect(() => geometryOf({ propagation: text("far") }, { geometry: { propagation: "near-field" } })).toThrow(
      /propagation is stated twice/,
    );
  });

  it("values that are no use are said, words and shapes that mean nothing are refused", () => {
    for (const value of [number(0), number(Number.NaN), number(-5), text("8 keV")]) {
      const { geometry, provenance } = readScanNpz(scan({ energy_kev: value }));
      expect(geometry).toEqual({ propagation: "far-field" });
      expect(provenance.warnings).toEqual([
        expect.stringMatching(/^energy_kev is .*: no finite number above zero, and was ignored$/),
      ]);
    }
    expect(geometryOf({ detector_pixel_m: number(1e-5, 1e-5) }).detectorPixelM).toBe(1e-5);
    for (const [arrays, message] of [
      [{ detector_pixel_m: number(1e-5, 2e-5) }, /differs along y and x.*object pixels are square.*0.00001, 0.00002/],
      [{ detector_pixel_m: number(1, 2, 3) }, /no single value.*got \(3\)/],
      [{ propagation: text("sideways") }, /unknown propagation.*far-field.*got sideways/],
    ] as const)
      expect(() => geometryOf(arrays)).toThrow(message);
  });

  it("a near field without a probe is told at once of all that it lacks", () => {
    const file = openNpz(scan({ propagation: text("near-field"), energy_kev: number(8.8) }));
    const bare = file.keys.filter((key) => !/probe/i.test(key)).map((key) => [key, file.read(key)] as const);
    const shape = (options: ScanOptions) =>
      readScanShape(openNpz(writeNpz(Object.fromEntries(bare))), options, "near.npz");
    const geometry = { focusDistanceM: 1e-3, detectorDistanceM: 1, detectorPixelM: 1e-6 };
    expect(() => shape({})).toThrow(
      /needs its geometry, and a probe.*expected .*`focus_distance_m` .*State these, and make a probe.*`probe_model=mean`/s,
    );
    expect(() => shape({ geometry })).toThrow(/the scan has no probe.*make a probe of the mean.*`probe_model=mean`/is);
    expect(() => shape({ probeModel: "mean" })).toThrow(/needs its geometry; in near\.npz/);
    expect(shape({ geometry, probeModel: "mean" }).count).toBe(20);
  });

  it("inspect says what it found and what is missing", () => {
    const report = (arrays: Record<string, NpyArray>) => inspectReport(inspectScan(scan(arrays)));
    expect(report({})).toMatch(/geometry +far-field\n +object pixel +not known without `energy_kev` \(or .*`detector_/);
    const known = { energy_kev: number(8.8), detector_distance_m: number(1.92), detector_pixel_m: number(75e-6) };
    expect(report(known)).toMatch(
      /geometry +far-field, photons of 1\.409 Å, 1\.92 m to the detector, detector pixels of 75 µm\n +object pixel +112\.7 nm/,
    );
    const near = inspectScan(scan({ propagation: text("near-field") }));
    expect(near.findings).toContainEqual(
      expect.objectContaining({ severity: "error", what: expect.stringMatching(/a near field needs its geometry/) }),
    );
  });
});

describe("positions in units of length", () => {
  const pixel = 2.5e-8;
  const shifted = (unit: keyof typeof lengthUnits): Record<string, NpyArray> => {
    const file = openNpz(scan());
    const inUnit = (key: string): NpyArray =>
      number(...Float64Array.from(file.readNumbers(key).data, (value) => (value * pixel) / lengthUnits[unit]));
    return Object.fromEntries(
      ["xcoords", "ycoords", "xcoords_start", "ycoords_start"].map((key) => [key, inUnit(key)]),
    );
  };

  it("become object pixels by the geometry, nominal ones too", () => {
    const geometry = { objectPixelM: pixel };
    for (const unit of Object.keys(lengthUnits) as (keyof typeof lengthUnits)[]) {
      const { positions, nominalPositions, provenance } = readScanNpz(scan(shifted(unit)), {
        positionUnit: unit,
        geometry,
      });
      for (const list of [positions, nominalPositions!])
        list.forEach((value, i) => void expect(value).toBeCloseTo(simulated.positions[i], 9));
      expect(provenance.conversions).toEqual([`positions converted from ${unit} to object pixels of ${pixel} m`]);
    }
  });

  it("inspect counts them in pixels as well", () => {
    const { scan: statistics } = inspectScan(scan(shifted("um")), {
      positionUnit: "um",
      geometry: { objectPixelM: pixel },
    });
    expect(statistics!.step).toBeCloseTo(inspectScan(scan()).scan!.step, 9);
  });

  it("without a pixel they are an error that names what would give it", () => {
    expect(() =>
      readScanNpz(scan(), { positionUnit: "m", geometry: { energyKev: 8.8, detectorPixelM: 5e-5 } }),
    ).toThrow(
      /positions in m need the size of an object pixel.*`detector_distance_m`, in the file or as settings.*`object_pixel_m`/,
    );
  });
});

it.skipIf(caseFile("positions_in_metres.npz") === undefined)(
  "a scan in metres reads as the one in pixels",
  async () => {
    const inMetres = openNpz(await readBytes(caseFile("positions_in_metres.npz")!));
    const inPixels = openNpz(await readBytes(caseFile("scan.npz")!));
    const objectPixelM = inMetres.readNumbers("xcoords").data[5] / inPixels.readNumbers("xcoords").data[5];
    const converted = readScanArrays(inMetres, { positionUnit: "m", geometry: { objectPixelM } });
    readScanArrays(inPixels).positions.forEach((value, i) => void expect(converted.positions[i]).toBeCloseTo(value, 6));
  },
);

it.skipIf(dataFile("electron_4dstem_32x32_256.npz") === undefined)(
  "a measured scan of electrons states its geometry",
  async () => {
    const file = openNpz(await readBytes(dataFile("electron_4dstem_32x32_256.npz")!));
    const geometry = readGeometry(file, {}, 256, "electrons", []);
    expect(geometry.radiation).toBe("electrons");
    expect(geometry.objectPixelM! * 1e10).toBeCloseTo(4.65, 12);
    expect(geometry.wavelengthM! * 1e12).toBeCloseTo(1.9687, 4);
  },
);

it("each number has a name in files that is its setting's", () => {
  const names = geometryQuantities.map((name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
  for (const name of names) {
    const near = { propagation: text("near-field"), detector_distance_m: number(2), detector_pixel_m: number(3) };
    const found = (arrays: Record<string, NpyArray>) =>
      readGeometry(openNpz(writeNpz({ ...near, ...arrays })), {}, undefined, "file", []);
    expect(found({ [name]: number(1) })).not.toEqual(found({}));
  }
});
