import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBundle } from "../../src/bundle/bundle.ts";
import type { Settings } from "../../src/config/group.ts";
import { writeScanNpz } from "../../src/io/writeScanNpz.ts";
import { runInference } from "../../src/node/infer.ts";
import { createInferencePayload, createTrainingPayload } from "../../src/node/payloads.ts";
import { runTraining } from "../../src/node/train.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { quietHooks } from "../node/inferRun.ts";

/** The real workflow on one scan, with its patterns in memory and with them left in the file. */

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-storage-"));
const path = (...names: string[]): string => join(folder, ...names);
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => {
  const scan = simulate({ n: 32, patterns: 24, seed: 3, photons: 1e5 });
  writeFileSync(path("stored.npz"), writeScanNpz(scan, { compress: false }));
  writeFileSync(path("packed.npz"), writeScanNpz(scan));
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
  it.each([
    ["compressed, one pattern a group", "packed.npz", { gridsize: 1 }],
    ["stored, groups of four, read by worker threads", "stored.npz", { gridsize: 2, numWorkers: 2 }],
  ] as [string, string, Settings][])("%s: training and inference give the same bits", async (_, scan, settings) => {
    const title = scan.replace(".npz", "");
    const { gridsize: _gridsize, ...more } = settings;
    const memory = await train(`memory_${title}`, scan, { ...settings, patternsInMemory: "yes" });
    const file = await train(`file_${title}`, scan, { ...settings, patternsInMemory: "no" });
    const weights = [memory, file].map((run) => readBundle(readFileSync(path(run, "model.zip"))).model);
    expect(weights[1]).toEqual(weights[0]);
    const losses = (run: string) =>
      json(run, "training.json").history.map(({ seconds: _seconds, ...record }: Record<string, unknown>) => record);
    expect(losses(file)).toEqual(losses(memory));
    const objects = [
      await infer(memory, `object_memory_${title}`, scan, { ...more, patternsInMemory: "yes" }),
      await infer(file, `object_file_${title}`, scan, { ...more, patternsInMemory: "no" }),
    ];
    const [first, second] = objects.map((run) => readFileSync(path(run, "reconstruction.npz")));
    expect(second).toEqual(first);
    expect(json(objects[1]!, "metrics.json")).toEqual(json(objects[0]!, "metrics.json"));
    // What was written beside the output is gone.
    for (const run of [file, objects[1]!])
      expect(readdirSync(path(run)).filter((entry) => entry.startsWith("."))).toEqual([]);
  });
});
