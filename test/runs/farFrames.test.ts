import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  createInferencePayload,
  createTrainingPayload,
  readScan,
  runInference,
  runTraining,
} from "../../src/node/runs.ts";
import { readReconstruction } from "../../src/reconstructions/reconstructionNpz.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { perfectNetwork, quietHooks, writeRandomBundle, writeScan } from "./inferRun.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-far-"));
const path = (name: string): string => join(folder, name);
const FAR = [5, 40, 41];
afterAll(() => rmSync(folder, { recursive: true }));
const bundles: Record<number, string> = {};
beforeAll(async () => {
  // Without its object, in which the far windows cannot lie.
  const { object: _, ...scan } = await readScan(writeScan(folder, "near.npz"));
  for (const [name, distance] of [
    ["apart", 1500],
    ["lost", 1e6],
  ] as const) {
    const positions = Float64Array.from(scan.positions);
    for (const frame of FAR) positions[2 * frame] += distance;
    writeFileSync(path(`${name}.npz`), writeScanNpz({ ...scan, positions }));
  }
  for (const gridsize of [1, 2]) bundles[gridsize] = await writeRandomBundle(folder, path("near.npz"), gridsize);
});

async function infer(gridsize: number, scan: string, overrides = {}) {
  const modelPath = bundles[gridsize];
  const outputDir = path(`object${gridsize}-${scan}-${Object.keys(overrides)[0] ?? ""}`);
  const testDataFile = path(`${scan}.npz`);
  const payload = await createInferencePayload({ modelPath, testDataFile, outputDir, overrides });
  const hooks = quietHooks();
  const outcome = runInference(payload, hooks, { loadPredictor: perfectNetwork() });
  return { outcome, outputDir, warnings: hooks.warnings };
}

const NAMED = /frames 5, 40, 41 lie \d+ pixels from/;

it("far-away patterns are in no group of others, and named where they are left out", async () => {
  for (const scan of ["apart", "lost"]) {
    const { outcome, outputDir, warnings } = await infer(2, scan);
    expect((await outcome).status).toBe("finished");
    expect(warnings.join("\n")).toMatch(NAMED);
    expect(warnings.join("\n")).toMatch(/3 patterns are in no group and left out.*frames 5, 40, 41/);
    const { object, positions } = readReconstruction(readFileSync(join(outputDir, "reconstruction.npz")), "");
    // As large as without them, so that neither time nor memory depends on how far they are.
    expect(Math.max(...object.shape)).toBeLessThan(120);
    expect(positions?.length).toBe(2 * 67);
  }
}, 180_000);

it("one by one they need a canvas with all between, which is refused before anything runs where it is too large", async () => {
  const apart = await infer(1, "apart");
  expect((await apart.outcome).status).toBe("finished");
  expect(apart.warnings.join("\n")).toMatch(NAMED);
  const lost = await infer(1, "lost");
  await expect(lost.outcome).rejects.toThrow(
    /too large a canvas.*frames 5, 40, 41 lie 999\d+ pixels.*`skip_frames`.*`max_canvas_pixels`/,
  );
  expect(existsSync(join(lost.outputDir, "reconstruction.npz"))).toBe(false);
  const skipped = await infer(1, "lost", { skipFrames: "5,40-41" });
  expect((await skipped.outcome).status).toBe("finished");
  const few = await infer(1, "near", { maxCanvasPixels: 1000 });
  await expect(few.outcome).rejects.toThrow(/at most 1000 pixels/);
}, 180_000);

it("training takes no more memory for them, and says what will not be put together", async () => {
  for (const [gridsize, warned] of [
    [1, true],
    [2, false],
  ] as const) {
    const overrides = { gridsize, nFiltersScale: 1, maxEpochs: 1, accelerator: "cpu", reconLogEveryNEpochs: 0 };
    const outputDir = path(`trained${gridsize}`);
    const payload = await createTrainingPayload({ trainDataFile: path("lost.npz"), outputDir, overrides });
    const hooks = quietHooks();
    expect((await runTraining(payload, hooks)).status).toBe("finished");
    expect(hooks.warnings.join("\n")).toMatch(NAMED);
    expect(/lost can be trained on but not put together/.test(hooks.warnings.join("\n"))).toBe(warned);
  }
}, 180_000);
