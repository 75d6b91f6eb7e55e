import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ComplexArray } from "../../src/arrays.ts";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import { nodeHome } from "../../src/node/home.ts";
import { readReconstruction, writeReconstruction } from "../../src/reconstructions/reconstructionNpz.ts";
import { compareWithReference, readReference } from "../../src/runs/evaluate.ts";
import { fileProbe } from "../../src/runs/payloads.ts";
import { call } from "../cli/harness.ts";
import { writeRandomBundle, writeScan } from "./inferRun.ts";
import { runInference } from "./plainRuns.ts";

/** Reconstructions of patterns that were cut or filled up have other pixels than their scan's object. */

let folder = "";
const path = (...names: string[]): string => join(folder, ...names);
const json = (...names: string[]) => JSON.parse(readFileSync(path(...names), "utf8"));
const run = (...args: string[]) => call(args, { files: fileProbe(nodeHome), workflows: { infer: runInference } });

/** A smooth object without symmetry, sampled at pixels `ratio` times the file's. */
function sampled(height: number, width: number, [top, left]: readonly [number, number], ratio: number): ComplexArray {
  const data = new Float32Array(2 * height * width);
  for (let i = 0; i < height * width; i++) {
    const [y, x] = [(top + Math.floor(i / width)) * ratio, (left + (i % width)) * ratio];
    const phase =
      0.9 * Math.sin(y / 11) * Math.cos(x / 17) + 0.01 * x + Math.exp(-((y - 40) ** 2 + (x - 60) ** 2) / 150);
    data.set([Math.cos(phase), Math.sin(phase)], 2 * i);
  }
  return { shape: [height, width], data };
}

/** A perfect reconstruction on pixels of `ratio`, whether or not it says so. */
function writePart(name: string, ratio: number, says: boolean): string {
  const side = Math.round(70 / ratio);
  const origin = { y: Math.round(12 / ratio), x: Math.round(16 / ratio) };
  writeFileSync(
    path(name),
    writeReconstruction({
      object: sampled(side, side, [origin.y, origin.x], ratio),
      coverage: new Float32Array(side * side).fill(1),
      positions: Float64Array.of(30, 30),
      origin,
      ...(says ? { pixelRatio: [ratio, ratio] } : {}),
    }),
  );
  return path(name);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-"));
  writeScan(folder, "scan.npz", 32, { object: sampled(100, 110, [0, 0], 1) });
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a reconstruction on other pixels than its scan's object", () => {
  it.each([2, 0.5])("is compared with the object as interpolated to them, pixels of %d", async (ratio) => {
    const scan = path("scan.npz");
    const evaluate = async (file: string) => {
      const { code, stdout, stderr } = await run("evaluate", file, "--reference", scan, "--json");
      expect(code, stderr).toBe(0);
      return { error: JSON.parse(stdout).complexError, stderr };
    };
    const told = await evaluate(writePart("told.npz", ratio, true));
    // What linear interpolation leaves of periods of 70 pixels and more.
    expect(told.error).toBeLessThan(0.02);
    expect(told.stderr).toContain(`object pixels are ${ratio} times those of the scan's file`);
    expect((await evaluate(writePart("silent.npz", ratio, false))).error).toBeGreaterThan(0.1);
    const args = ["compare", path("told.npz"), "--reference", scan, "--output_dir", path(`compared${ratio}`)];
    const compared = await run(...args);
    expect(compared.code, compared.stderr).toBe(0);
    expect(json(`compared${ratio}`, "compare.json").entries[0].metrics.complexError).toBe(told.error);
    expect(json(`compared${ratio}`, "run.json").warnings).toContainEqual(expect.stringContaining("is interpolated"));
    const fromCode = compareWithReference(
      readReconstruction(readFileSync(path("told.npz"))),
      await readReference(scan, nodeHome),
    );
    expect(fromCode.complexError).toBe(told.error);
  });

  it("is not compared with reconstructions on others", async () => {
    const [coarse, fine] = [writePart("coarse.npz", 2, true), writePart("fine.npz", 1, true)];
    for (const flag of ["--reference", "--split"]) {
      const { code, stderr } = await run("evaluate", coarse, flag, fine);
      expect(code).toBe(2);
      expect(stderr).toMatch(/on different pixels.*got 1 times .*fine\.npz, 2 times .*coarse\.npz.*--crop_to/);
    }
    expect((await run("evaluate", coarse, "--split", coarse)).code).toBe(0);
    const both = ["compare", coarse, fine, "--reference", path("scan.npz"), "--output_dir", path("both")];
    const { code, stderr } = await run(...both);
    expect(code).toBe(2);
    expect(stderr).toMatch(/on different pixels.*got 2 times .*coarse\.npz, 1 times .*fine\.npz/);
  });

  it("beside another program's object, which says nothing, is worth a warning", async () => {
    const { object } = readReconstruction(readFileSync(writePart("plain.npz", 2, false)));
    writeFileSync(path("foreign.npz"), writeNpz({ psi: { ...object, dtype: "complex64" } }));
    const { code, stderr } = await run("evaluate", path("coarse.npz"), "--reference", path("foreign.npz"), "--locate");
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/foreign\.npz does not say what its pixels are; those compared are 2 times/);
    const fine = await run("evaluate", path("fine.npz"), "--reference", path("scan.npz"));
    expect(fine.stderr).not.toMatch(/pixels are|interpolated/);
  });
});

it("infer writes what it is, and evaluate measures what infer measured", async () => {
  await writeRandomBundle(folder, path("scan.npz"), 1, { model: { padTo: 40 } });
  const args = ["infer", "--model_path", path("run1"), "--test_data", path("scan.npz"), "--pad_to", "40"];
  const { code, stderr } = await run(...args, "--accelerator", "cpu", "--output_dir", path("cut"));
  expect(code, stderr).toBe(0);
  const ratio = openNpz(readFileSync(path("cut", "reconstruction.npz"))).readNumbers("pixel_ratio").data;
  expect([...ratio]).toEqual([0.8, 0.8]);
  const { stdout } = await run("evaluate", path("cut"), "--reference", path("scan.npz"), "--json");
  const { complexError, coverage, phase } = json("cut", "metrics.json");
  expect(JSON.parse(stdout)).toMatchObject({ complexError, coverage, phase });
});
