import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ComplexArray } from "../../src/arrays.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { labelSource, labelsOf } from "../../src/data/labels.ts";
import { writeNpz } from "../../src/formats/npz.ts";
import type { Metrics } from "../../src/metrics/evaluate.ts";
import { nodeHome } from "../../src/node/home.ts";
import { readScan } from "../../src/node/runs.ts";
import { readReconstruction, writeReconstruction } from "../../src/reconstructions/reconstructionNpz.ts";
import { readReference, type SplitData } from "../../src/runs/evaluate.ts";
import { maxDeviation } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";
import { call } from "./harness.ts";

let folder = "";
const path = (name: string): string => join(folder, name);

/** A part of an object, times a constant: what a perfect reconstruction may look like. */
function part(object: ComplexArray, top: number, left: number, side: number): ComplexArray {
  const [, width] = object.shape as [number, number];
  const data = new Float32Array(2 * side * side);
  const [c, s] = [0.8 * Math.cos(1.1), 0.8 * Math.sin(1.1)];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const from = 2 * ((top + y) * width + left + x);
      const [re, im] = [object.data[from], object.data[from + 1]];
      data.set([c * re - s * im, c * im + s * re], 2 * (y * side + x));
    }
  }
  return { shape: [side, side], data };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-"));
  const { code } = await call(
    [
      "simulate",
      "--output",
      path("scan.npz"),
      "--n",
      "32",
      "--patterns",
      "60",
      "--object",
      "dead_leaves",
      "--seed",
      "3",
    ],
    { stderr: () => {} },
  );
  expect(code).toBe(0);
  const { object } = await readScan(path("scan.npz"));
  const side = 40;
  writeFileSync(
    path("reconstruction.npz"),
    writeReconstruction({
      object: part(object!, 9, 12, side),
      coverage: new Float32Array(side * side).fill(1),
      positions: Float64Array.of(20, 20),
      origin: { y: 9, x: 12 },
      pixelSizeM: 2e-8,
    }),
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

it("of a folder takes the reconstruction in it", async () => {
  const dir = path("folder");
  mkdirSync(dir);
  const empty = await call(["evaluate", dir, "--reference", path("scan.npz")]);
  expect([empty.code, empty.stderr]).toEqual([
    2,
    expect.stringMatching(/holds no reconstruction; in .*folder.*reconstruction\.npz/),
  ]);
  copyFileSync(path("scan.npz"), join(dir, "reconstruction.npz"));
  const { code, stdout, stderr } = await call(["evaluate", dir, "--reference", path("scan.npz"), "--json"]);
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout).complexError).toBeLessThan(1e-6);
  const other = await call(["evaluate", path("scan.npz"), "--reference", dir]);
  expect(other.code, other.stderr).toBe(0);
});

describe("evaluate", () => {
  it("finds a perfect reconstruction perfect, whatever its phase and scale", async () => {
    const args = ["evaluate", path("reconstruction.npz"), "--reference", path("scan.npz"), "--json"];
    const { code, stdout, stderr } = await call([...args, "--output", path("metrics.json")]);
    expect([code, stderr]).toEqual([0, `wrote ${path("metrics.json")}\n`]);
    const metrics = JSON.parse(stdout) as Metrics;
    expect(metrics.complexError).toBeLessThan(1e-3);
    expect(metrics.phase.correlation).toBeGreaterThan(0.999);
    expect(metrics.gauge.shift.map((value) => Math.round(100 * value) + 0)).toEqual([0, 0]);
    expect(Object.keys(metrics)).toEqual(
      expect.arrayContaining(["complexError", "amplitude", "phase", "frc", "deviance", "gauge", "coverage", "compat"]),
    );
    expect(JSON.parse(readFileSync(path("metrics.json"), "utf8"))).toEqual(metrics);
  });

  it.each(["--ms_ssim_sigma", "--frc_sigma"])("refuses a %s that is wider than the image", async (flag) => {
    for (const sigma of ["1e7", "1e9", "20"]) {
      const args = ["evaluate", path("reconstruction.npz"), "--reference", path("reconstruction.npz"), flag, sigma];
      const { code, stderr } = await call(args);
      expect([code, stderr]).toEqual([2, expect.stringMatching(`wider than the image; in ${flag}; expected at most`)]);
    }
  });

  it("prints a table for people", async () => {
    const { stdout } = await call(["evaluate", path("reconstruction.npz"), "--reference", path("scan.npz")]);
    expect(stdout).toMatch(/^complex error +\d/);
    expect(stdout).toMatch(/correlation +\S+ +\S+/);
  });

  it("takes another reconstruction as the reference, at its own origin", async () => {
    expect((await readReference(path("reconstruction.npz"), nodeHome)).origin).toEqual({ y: 9, x: 12 });
    const self = ["evaluate", path("reconstruction.npz"), "--reference", path("reconstruction.npz"), "--json"];
    const metrics = JSON.parse((await call(self)).stdout) as Metrics;
    expect(metrics.complexError).toBeLessThan(1e-6);
  });

  it("measures the resolution of two halves of the data, and sees that they are not independent", async () => {
    const args = ["evaluate", path("reconstruction.npz"), "--split", path("reconstruction.npz")];
    const { code, stdout, stderr } = await call([...args, "--json"]);
    expect(code).toBe(0);
    const { split, frc } = JSON.parse(stdout) as Metrics & { split: SplitData };
    expect(split).toEqual({ resolution: frc.halfBit, resolutionM: (frc.halfBit ?? 0) * 2e-8, sharedPositions: 1 });
    expect(stderr).toMatch(/1 positions are in both reconstructions/);
    expect((await call(args)).stdout).toMatch(/^resolution +2\.000 px = 40 nm \(split data, half-bit\)/);
    const both = await call([...args, "--reference", path("scan.npz")]);
    expect(both.code).toBe(2);
    expect(both.stderr).toMatch(/--reference and --split exclude each other/);
  });

  it("has no resolution to state where a half is flat", async () => {
    const { object, ...rest } = readReconstruction(readFileSync(path("reconstruction.npz")));
    const data = object.data.map((_, i) => 1 - (i % 2));
    writeFileSync(path("flat.npz"), writeReconstruction({ ...rest, object: { ...object, data } }));
    const args = ["evaluate", path("reconstruction.npz"), "--split", path("flat.npz")];
    const { stdout, stderr } = await call([...args, "--json"]);
    expect((JSON.parse(stdout) as { split: SplitData }).split).toMatchObject({ resolution: null, resolutionM: null });
    expect(stderr).toMatch(/one of the two images is flat/);
    expect((await call(args)).stdout).toMatch(/^resolution +none \(split data, half-bit\)/);
  });

  it("takes the object of another program by its name, finds its place and its orientation", async () => {
    const foreign = path("foreign.npz");
    const { object } = await readScan(path("scan.npz"));
    const image = part(object!, 14, 7, 36);
    const conjugate = image.data.map((value, i) => (i % 2 === 0 ? value : -value));
    const psi = { dtype: "complex64", shape: [1, ...image.shape], data: conjugate } as const;
    writeFileSync(foreign, writeNpz({ psi, probe: { ...psi, shape: [36, 36] } }));
    const args = ["evaluate", `${foreign}::psi`, "--reference", path("scan.npz"), "--conjugate", "--json"];
    const { code, stdout, stderr } = await call(args);
    expect(code).toBe(0);
    const { gauge, complexError } = JSON.parse(stdout) as Metrics;
    expect(gauge).toMatchObject({ conjugated: true, turned: false, placement: "found" });
    expect(gauge.origin.map((value) => Math.round(10 * value) / 10)).toEqual([14, 7]);
    expect(complexError).toBeLessThan(1e-3);
    expect(stderr).toMatch(/the reconstruction is the complex conjugate/);
    const unnamed = await call(["evaluate", foreign, "--reference", path("scan.npz"), "--json"]);
    expect(unnamed.code).toBe(0);
  });

  it("suspects a conjugate that it was not told to try", async () => {
    const { object, ...rest } = readReconstruction(readFileSync(path("reconstruction.npz")));
    const data = object.data.map((value, i) => (i % 2 === 0 ? value : -value));
    writeFileSync(path("conjugate.npz"), writeReconstruction({ ...rest, object: { ...object, data } }));
    const args = ["evaluate", path("conjugate.npz"), "--reference", path("scan.npz")];
    expect((await call(args)).stderr).toMatch(/phases correlate with -0\.\d+: it may be the complex conjugate/);
    expect((await call([...args, "--conjugate"])).stderr).toMatch(
      /^warning: the reconstruction is the complex conj[^\n]*\n$/,
    );
  });

  it.each([
    ["--coverage", "1", /wrong value for --coverage; expected from 0 to below 1; got 1/],
    ["--taper", "-1", /wrong value for --taper; expected 0 or more/],
    ["--frc_sigma", "-0.5", /wrong value for --frc_sigma/],
    ["--phase_align_method", "none", /wrong value for --phase_align_method; expected plane or mean/],
  ])("refuses %s %s", async (flag, value, message) => {
    const args = ["evaluate", path("reconstruction.npz"), "--reference", path("scan.npz"), flag, value];
    const { code, stderr } = await call(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  it("obeys the options of the reference system's variants and of the taper", async () => {
    const args = ["evaluate", path("reconstruction.npz"), "--reference", path("scan.npz"), "--json"];
    const measured = async (...flags: string[]) => JSON.parse((await call([...args, ...flags])).stdout) as Metrics;
    const plain = await measured();
    const { frc, compat } = await measured("--taper", "1", "--phase_align_method", "mean", "--frc_sigma", "2");
    expect(frc.curve.correlation).not.toEqual(plain.frc.curve.correlation);
    expect(compat.phase.mae).not.toBe(plain.compat.phase.mae);
    expect(compat.rings.amplitude.curve).not.toEqual(plain.compat.rings.amplitude.curve);
  });

  it("says what is missing", async () => {
    const none = await call(["evaluate", path("reconstruction.npz")]);
    expect(none.code).toBe(2);
    expect(none.stderr).toContain("missing --reference or --split");
    const args = ["evaluate", path("reconstruction.npz"), "--reference", path("scan.npz"), "--object_key", "psi"];
    const { code, stderr } = await call(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(/no object in this file.*expected an array "psi"/);
    const noArgument = await call(["evaluate", "--reference", path("scan.npz")]);
    expect(noArgument.code).toBe(2);
    expect(noArgument.stderr).toContain("expected RECONSTRUCTION");
  });
});

describe("simulate", () => {
  it("saves the true patches where asked for", async () => {
    for (const labels of [[], ["--labels"]]) {
      const file = path(`labels${labels.length}.npz`);
      await call(["simulate", "--output", file, "--n", "32", "--patterns", "6", ...labels]);
      const dataset = await readScan(file);
      expect(dataset.patches?.shape).toEqual(labels.length === 0 ? undefined : [6, 32, 32]);
      const cut = (scan: Dataset) => labelsOf([labelSource(scan)], [0, 5], 32);
      const { patches: _, ...objectOnly } = dataset;
      expect(maxDeviation(cut(dataset).amplitude, cut(objectOnly).amplitude)).toBeLessThan(tolerances.float32Rounding);
    }
  });

  it("makes the same file from the same seed, and another from another", async () => {
    const make = async (name: string, seed: string) => {
      await call(["simulate", "--output", path(name), "--n", "32", "--patterns", "10", "--seed", seed]);
      return readFileSync(path(name));
    };
    const first = await make("a.npz", "5");
    expect(first.equals(await make("b.npz", "5"))).toBe(true);
    expect(first.equals(await make("c.npz", "6"))).toBe(false);
  });

  it("refuses unknown names and impossible numbers", async () => {
    const object = await call(["simulate", "--output", path("x.npz"), "--object", "circles"]);
    expect(object.code).toBe(2);
    expect(object.stderr).toMatch(/wrong value for --object; expected one of lines, dead_leaves.*got "circles"/);
    expect((await call(["simulate", "--output", path("x.npz"), "--n", "1"])).code).toBe(2);
    const folderless = await call(["simulate", "--output", path("no/such/x.npz"), "--n", "32", "--patterns", "4"]);
    expect(folderless.code).toBe(2);
    expect(folderless.stderr).toMatch(/cannot be written/);
  });
});
