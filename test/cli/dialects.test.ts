import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeHome } from "../../src/node/home.ts";
import { fileProbe } from "../../src/runs/payloads.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { call } from "./harness.ts";

/** A scan in other programs' formats, from one command to the next, without a flag about the file. */

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-dialects-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string): string => join(folder, name);
const files = fileProbe(nodeHome);
const scan = simulate({ n: 32, patterns: 60, seed: 5, photons: 1e5 });
beforeAll(() => writeFileSync(path("scan.npz"), writeScanNpz(scan)));

const geometry = ["--energy_kev", "8", "--detector_distance_m", "2", "--detector_pixel_m", "75e-6"];

describe("what convert writes, inspect and train read", () => {
  it.each([
    ["cxi", "a.cxi", "a.cxi"],
    ["nx_ptycho", "a.nxs", "a.nxs"],
    ["product", "a_dp.hdf5", "a_para.hdf5"],
    ["product", "b_product.npz", "b_patterns.npz"],
  ])("%s as %s", async (format, written, given) => {
    const converted = await call(["convert", path("scan.npz"), path(written), ...geometry], { files });
    expect(converted.code, converted.stderr).toBe(0);
    const { code, stdout } = await call(["inspect", path(given), "--json"], { files });
    const found = JSON.parse(stdout);
    expect([code, found.format.name, found.findings]).toEqual([0, format, []]);
    expect(found.format.says).toMatchObject({ measurement: "counts", dc_at: "center", position_unit: "m" });
    for (const axis of [0, 1]) {
      const own = scan.positions.filter((_, i) => i % 2 === axis);
      const extent = Math.max(...own) - Math.min(...own);
      expect(found.scan.greatest[axis] - found.scan.least[axis]).toBeCloseTo(extent, 9);
    }
    const { training, stderr } = await call(["train", path(given), "--output_dir", path("out")], { files });
    expect(training, stderr).toMatchObject({ trainDataFile: path(given), model: { N: 32 } });
  });

  it("of a pair either file is the scan, and neither is written over while it is read", async () => {
    await call(["convert", path("scan.npz"), path("pair_dp.hdf5"), ...geometry], { files });
    const pixel = ["--detector_pixel_m", "75e-6"];
    for (const given of ["pair_dp.hdf5", "pair_para.hdf5"]) {
      const back = await call(["convert", path(given), path(`${given}.cxi`), ...pixel], { files });
      expect([back.code, back.stderr]).toEqual([0, expect.stringMatching(/60 patterns/)]);
      for (const target of ["pair_dp.hdf5", "pair_para.hdf5"]) {
        const over = ["convert", path(given), path(target), "--to", "pair", "--overwrite"];
        const { code, stderr } = await call(over, { files });
        expect(code, stderr).toBe(2);
      }
    }
  });

  it("what a format has no place for is asked for by name", async () => {
    await call(["convert", path("scan.npz"), path("a.ptyd"), ...geometry], { files });
    const without = await call(["train", path("a.ptyd"), "--output_dir", path("out")], { files });
    expect([without.code, without.stderr]).toEqual([2, expect.stringMatching(/no probe.*--probe_file FILE::ARRAY/)]);
    const probe = ["--probe_file", `${path("scan.npz")}::probeGuess`];
    const { training, stderr } = await call(["train", path("a.ptyd"), ...probe, "--output_dir", path("out")], {
      files,
    });
    expect(training, stderr).toMatchObject({ model: { N: 32 } });
  });

  it("a stated word wins over the format's, and is recorded", async () => {
    const { stdout } = await call(["inspect", path("a.cxi"), "--positions_are", "probe", "--json"], { files });
    const [least] = JSON.parse(stdout).scan.least;
    const { stdout: own } = await call(["inspect", path("a.cxi"), "--json"], { files });
    expect(least).toBeCloseTo(-JSON.parse(own).scan.greatest[0], 9);
  });
});
