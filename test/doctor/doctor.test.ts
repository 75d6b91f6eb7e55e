import { describe, expect, it } from "vitest";
import type { NpyArray } from "../../src/formats/npy.ts";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import { Random } from "../../src/random.ts";
import { examineScan } from "../../src/scans/doctor/examine.ts";
import { latticeOf } from "../../src/scans/doctor/lattice.ts";
import { examinationReport } from "../../src/scans/doctor/report.ts";
import type { DoctorRow } from "../../src/scans/doctor/row.ts";
import type { ScanOptions } from "../../src/scans/scanOptions.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import type { SimulationOptions } from "../../src/simulation/options.ts";
import { simulate } from "../../src/simulation/simulate.ts";

type Arrays = Record<string, NpyArray>;

function simulated(options: Partial<SimulationOptions> = {}): Arrays {
  const npz = openNpz(writeScanNpz(simulate({ n: 32, patterns: 64, step: 3, ...options })), "scan");
  return Object.fromEntries(npz.keys.map((key) => [key, npz.read(key)]));
}

async function rowsOf(arrays: Arrays, stated: ScanOptions = {}): Promise<readonly DoctorRow[]> {
  return (await examineScan(openNpz(writeNpz(arrays), "scan"), stated)).examination.rows;
}

describe("values that are multiples of one number", () => {
  const random = new Random(3);
  const counts = Float32Array.from({ length: 4000 }, () => random.poisson(30));

  it.each([1, 0.37, 12, 1 / 3, 1e-6])("the gain %s is found", (gain) => {
    const found = latticeOf(counts.map((value) => gain * value));
    expect((found?.spacing ?? 0) / gain).toBeCloseTo(1, 3);
    expect(found?.falseAlarm).toBeLessThan(1e-12);
  });

  it("there is none in noise, nor in roots", () => {
    expect(latticeOf(counts.map(() => random.uniform()))?.falseAlarm ?? 1).toBeGreaterThan(1e-4);
    expect(latticeOf(counts.map(Math.sqrt))?.falseAlarm ?? 1).toBeGreaterThan(1e-4);
  });
});

describe("an examination", () => {
  it("of a scan in the contract has nothing to say", async () => {
    const rows = await rowsOf(simulated());
    expect(rows.filter(({ state }) => state === "say" || state === "trouble")).toEqual([]);
  });

  it("is a table for people, with the flags that are sure", async () => {
    const { diff3d, ...others } = simulated();
    const data = Uint16Array.from(diff3d.data as Float32Array, (value) => Math.round(value ** 2));
    const raw = { ...others, data: { shape: diff3d.shape, dtype: "uint16", data } } as Arrays;
    const { examination } = await examineScan(openNpz(writeNpz(raw), "scan"));
    expect(examinationReport(examination)).toMatch(/Flags {2}`patterns_key=data` `measurement=counts`\n$/);
  });
});
