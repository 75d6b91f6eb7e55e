import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBundle } from "../../src/bundle/bundle.ts";
import type { Settings } from "../../src/config/group.ts";
import { createInferencePayload, createTrainingPayload, runInference, runTraining } from "../../src/node/runs.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { quietHooks } from "../runs/inferRun.ts";

/** The real workflow on one scan, with its patterns in memory and with them left in the file. */

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-storage-"));
const path = (...names: string[]): string => join(folder, ...names);
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => {
  const scan = simulate({ n: 32, patterns: 20, seed: 3, photons: 1e5 });
  writeFileSync(path("scan.npz"), writeScanNpz(scan));
});

const small = {
  nFiltersScale: 1,
  maxEpochs: 1,
  reconLogEveryNEpochs: 0,
  batchSize: 8,
  accelerator: "cpu",
  validationFraction: 0.2,
};

async function train(name: string, scan: string, settings: Settings): Promise<string> {
  const overrides = { ...small, ...settings };
  const payload = await createTrainingPayload({ trainDataFile: path(scan), outputDir: path(name), overrides });
  expect((await runTraining(payload, quietHooks())).status).toBe("finished");
  return name;
}

async function infer(model: string, name: string, scan: string, settings: Settings): Promise<string> {
  const payload = await createInferencePayload({
    modelPath: path(model),
    testDataFile: path(scan),
    outputDir: path(name),
    overrides: { accelerator: "cpu", ...settings },
  });
  expect((await runInference(payload, quietHooks())).status).toBe("finished");
  return name;
}

const json = (run: string, file: string) => JSON.parse(readFileSync(path(run, file), "utf8"));

describe("a scan left in its file", () => {
  it("gives the same bits: compressed, groups of four, read by worker threads", async () => {
    const more = { numWorkers: 2 };
    const settings = { ...more, gridsize: 2 };
    const memory = await train("memory", "scan.npz", { ...settings, patternsInMemory: "yes" });
    const file = await train("file", "scan.npz", { ...settings, patternsInMemory: "no" });
    const weights = [memory, file].map((run) => readBundle(readFileSync(path(run, "model.zip"))).model);
    expect(weights[1]).toEqual(weights[0]);
    const losses = (run: string) =>
      json(run, "training.json").history.map(({ seconds: _seconds, ...record }: Record<string, unknown>) => record);
    expect(losses(file)).toEqual(losses(memory));
    const objects = [
      await infer(memory, "object_memory", "scan.npz", { ...more, patternsInMemory: "yes" }),
      await infer(file, "object_file", "scan.npz", { ...more, patternsInMemory: "no" }),
    ];
    const [first, second] = objects.map((run) => readFileSync(path(run, "reconstruction.npz")));
    expect(second).toEqual(first);
    expect(json(objects[1], "metrics.json")).toEqual(json(objects[0], "metrics.json"));
    // What was written beside the output is gone.
    for (const run of [file, objects[1]])
      expect(readdirSync(path(run)).filter((entry) => entry.startsWith("."))).toEqual([]);
  }, 180_000);
});
