import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Settings } from "../../src/config/group.ts";
import { createInferencePayload, createTrainingPayload } from "../../src/node/runs.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import type { SimulationOptions } from "../../src/simulation/options.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { nearGeometry } from "../engines/problem.ts";
import { quietHooks } from "../runs/inferRun.ts";
import { runInference, runTraining } from "../runs/plainRuns.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-unrolled-"));
afterAll(() => rmSync(folder, { recursive: true }));

const small = { architecture: "unrolled", unrolledStages: 2, unrolledWidth: 8, gridsize: 1, batchSize: 8 };

interface Metrics {
  readonly complexError: number;
  readonly phase: { readonly correlation: number };
}

/** What a network makes of a simulated scan that it was trained on, against the truth. */
async function found(name: string, options: SimulationOptions, settings: Settings): Promise<Metrics> {
  const file = join(folder, `${name}.npz`);
  writeFileSync(file, writeScanNpz(simulate(options)));
  const outputDir = join(folder, name);
  const overrides = { accelerator: "cpu", maxEpochs: 4, validationFraction: 0, ...settings };
  await runTraining(await createTrainingPayload({ trainDataFile: file, outputDir, overrides }), quietHooks());
  const request = { modelPath: outputDir, testDataFile: file, outputDir: join(outputDir, "inferred") };
  await runInference(await createInferencePayload(request), quietHooks());
  return JSON.parse(readFileSync(join(outputDir, "inferred/metrics.json"), "utf8")) as Metrics;
}

describe("a network with the physics inside", () => {
  it("finds a weak phase object behind a beam that converges, where a convolutional one does not", async () => {
    const weak: SimulationOptions = {
      ...{
        n: 32,
        patterns: 144,
        seed: 7,
        photons: 1e5,
        scan: "raster",
        step: 1.5,
        measurement: "counts",
        smoothing: 1,
      },
      object: { kind: "deadLeaves", radius: [0.05, 0.15] },
      contrast: { amplitude: [1, 1], phase: [0, 0.3] },
      probe: { kind: "airy", pupilRadius: 13, defocus: -14 },
    };
    const cnn = { gridsize: 1, nFiltersScale: 1, batchSize: 8, standardiseInput: true };
    expect((await found("weak", weak, small)).phase.correlation).toBeGreaterThan(0.7);
    expect((await found("weak-cnn", weak, cnn)).phase.correlation).toBeLessThan(0.5);
  });

  it("tells an object from its twin in groups: under a flat, symmetric beam one pattern fits both", async () => {
    const scan: SimulationOptions = { n: 32, patterns: 144, seed: 5, photons: 1e6, scan: "raster", probe: "gaussian" };
    const groups = { gridsize: 2, trainingPatchWeighting: "probe", batchSize: 4 };
    const alone = await found("alone", scan, small);
    const together = await found("together", scan, { ...small, ...groups });
    expect(together.complexError).toBeLessThan(alone.complexError / 2);
  });

  it("knows that a beamstop hides the middle of the patterns", async () => {
    const scan: SimulationOptions = { n: 32, patterns: 144, seed: 3, photons: 1e6, scan: "raster", step: 2 };
    const open = await found("open", scan, small);
    const stopped = await found("stopped", { ...scan, beamstop: 3 }, small);
    expect(stopped.phase.correlation).toBeGreaterThan(0.8 * open.phase.correlation);
  });

  it("goes the scan's own way to the detector: a near field", async () => {
    const scan: SimulationOptions = {
      ...{ n: 32, patterns: 100, seed: 3, photons: 1e6, scan: "raster", step: 2, geometry: nearGeometry },
    };
    const near = await found("near", scan, small);
    expect(near.phase.correlation).toBeGreaterThan(0.8);
  });
});
