import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createInferencePayload, runInference } from "../../src/node/runs.ts";
import { readReconstruction } from "../../src/reconstructions/reconstructionNpz.ts";
import { silentProgress } from "../../src/runs/progress.ts";
import { maxDeviation } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";
import { chromiumPath, foundInPage } from "./harness.ts";
import type { Page } from "./page/page.ts";
import type { ScenarioResults } from "./page/runsScenario.ts";

/** Training, resuming and inference by the functions of `runs/`, in a worker in Chromium, on WebAssembly and a store in memory. */
describe.skipIf(chromiumPath === undefined)("whole runs in a worker", () => {
  let results: ScenarioResults;
  const folder = mkdtempSync(join(tmpdir(), "ptychonaut-browser-"));

  beforeAll(async () => {
    results = await foundInPage((page) =>
      page.evaluate(() => (globalThis as unknown as { readonly page: Page }).page.runs()),
    );
  }, 240_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  it("end as they do elsewhere, and leave the same files", () => {
    expect(results.patterns).toBe(40);
    expect(results.statuses).toEqual([
      ...["finished", "finished", "finished", "interrupted", "finished"],
      ...["finished", "finished", "finished"],
    ]);
    expect(results.files).toEqual(
      [
        ...["checkpoints", "lightning_logs", "model.zip", "object", "run.json", "training.json", "training.svg"],
        ...["amplitude.svg", "phase.svg", "scan.svg", "probe.svg"],
        ...["metrics.json", "reconstruction.npz", "run.json", "confidence.npz", "confidence.svg"],
        // Of the training and of the inference.
        ...["run-log.txt", "run-settings.json", "run-log.txt", "run-settings.json"],
      ].sort(),
    );
    expect(results.metrics).toMatchObject({ halfData: { refined: { engine: "lsqml", epochs: 30 } } });
    expect(results.record).toMatchObject({
      command: "train",
      runtime: "WebAssembly on the CPU, as asked",
      inputs: [{ path: "scan.npz", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }],
      machine: { platform: "browser" },
    });
    expect(JSON.stringify(results.record)).not.toContain("bit-identical");
  });

  it.each(["epochs", "middle"])("stopped (%s) and resumed, they equal uninterrupted ones bit for bit", (name) => {
    const { straight } = results.trained;
    expect(straight.losses).toHaveLength(2);
    expect(straight.losses[1][0]).toBeLessThan(straight.losses[0][0]);
    expect(results.trained[name]).toEqual(straight);
    expect(results.objects[name]).toEqual(results.objects["straight"]);
  });

  it("reconstruct what the CPU in Node does with the same network", async () => {
    const path = (name: string): string => join(folder, name);
    writeFileSync(path("scan.npz"), Buffer.from(results.scan, "base64"));
    writeFileSync(path("model.zip"), Buffer.from(results.bundle, "base64"));
    const payload = await createInferencePayload({
      ...{ modelPath: path("model.zip"), testDataFile: path("scan.npz"), outputDir: path("object") },
      overrides: { accelerator: "cpu" },
    });
    const hooks = { log: () => {}, warn: () => {}, progress: () => silentProgress };
    await runInference(payload, { ...hooks, signal: new AbortController().signal });
    const here = readReconstruction(await readFile(path("object/reconstruction.npz")));
    const there = readReconstruction(Buffer.from(results.object, "base64"));
    expect(there.object.shape).toEqual(here.object.shape);
    expect(maxDeviation(there.object.data, here.object.data)).toBeLessThan(tolerances.wasmTrainingSteps);
  });
});
