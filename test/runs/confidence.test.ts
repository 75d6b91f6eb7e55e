import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Settings } from "../../src/config/group.ts";
import { openNpz } from "../../src/formats/npz.ts";
import { ontoWhole } from "../../src/metrics/halfData.ts";
import { nodeHome } from "../../src/node/home.ts";
import { createInferencePayload, createReconstructionPayload, runInference } from "../../src/node/runs.ts";
import { fadingGaussianFilter } from "../../src/numerics/gaussianFilter.ts";
import { DOUBTFUL_PHASE, hatched } from "../../src/pictures/confidenceFigure.ts";
import type { RunHooks } from "../../src/runs/hooks.ts";
import { silentProgress } from "../../src/runs/progress.ts";
import { runReconstruction } from "../../src/runs/reconstruct/reconstruct.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { rankCorrelation } from "../metrics/rankCorrelation.ts";
import { quietHooks, writeRandomBundle, writeScan } from "./inferRun.ts";

let folder = "";
const path = (...names: string[]): string => join(folder, ...names);
const scan = simulate({
  ...{ n: 32, patterns: 100, step: 4, seed: 7, object: "deadLeaves", scan: "fermat", smoothing: 1, photons: 1e4 },
});
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-confidence-"));
  writeFileSync(path("scan.npz"), writeScanNpz(scan));
});
afterAll(() => rmSync(folder, { recursive: true }));

const arrays = (...names: string[]) => openNpz(readFileSync(path(...names)), "test");
const json = (...names: string[]) => JSON.parse(readFileSync(path(...names), "utf8"));
const quick = { engine: "rpie", epochs: 30, threads: 1, reconLogEveryNEpochs: 0, loggerBackend: "none" };

async function reconstruct(outputDir: string, overrides: Settings, hooks: RunHooks = quietHooks()) {
  const request = { scan: path("scan.npz"), outputDir: path(outputDir), overwrite: true };
  const payload = await createReconstructionPayload({ ...request, overrides: { ...quick, ...overrides } });
  return runReconstruction(payload, hooks, nodeHome);
}

it("an engine's expected errors rank as the true ones around each pixel do", async () => {
  expect((await reconstruct("judged", { confidence: true })).status).toBe("finished");
  const confidence = arrays("judged", "confidence.npz");
  const sigma = Float64Array.from(confidence.readNumbers("amplitude_sigma").data);
  const { data, shape } = arrays("judged", "reconstruction.npz").readNumbers("object");
  const object = { shape, data: Float32Array.from(data) };
  const known = Uint8Array.from(sigma, (value) => (Number.isNaN(value) ? 0 : 1));
  const [top, left] = confidence.readNumbers("origin").data;
  if (scan.object === undefined) throw new Error("no truth");
  const truth = new Float32Array(object.data.length);
  for (let k = 0; k < truth.length / 2; k++) {
    const [y, x] = [Math.floor(k / shape[1]) + Number(top), (k % shape[1]) + Number(left)];
    if (y < 0 || x < 0 || y >= scan.object.shape[0] || x >= scan.object.shape[1]) continue;
    const from = 2 * (y * scan.object.shape[1] + x);
    truth.set(scan.object.data.subarray(from, from + 2), 2 * k);
  }
  const found = ontoWhole({ shape, data: truth }, object, known);
  const error = sigma.map((_, k) => {
    const [a, b] = [object.data, found.image.data].map((values) => Math.hypot(values[2 * k], values[2 * k + 1]));
    return found.known[k] === 1 ? (a - b) ** 2 : 0;
  });
  const size = [shape[0], shape[1]] as const;
  const weight = fadingGaussianFilter(found.known, size, 3);
  const nearby = fadingGaussianFilter(error, size, 3).map((sum, k) => Math.sqrt(sum / weight[k]));
  const inside = (values: Float64Array) => values.filter((_, k) => found.known[k] === 1);
  expect(rankCorrelation(inside(sigma), inside(nearby))).toBeGreaterThan(0.6);
  const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
  const ratio = Math.sqrt(mean(inside(nearby)) / mean(inside(sigma)));
  expect(ratio).toBeGreaterThan(0.5);
  expect(ratio).toBeLessThan(2);
  const { halfData } = json("judged", "metrics.json");
  expect(halfData.patterns[0] + halfData.patterns[1]).toBe(95);
  expect(halfData.frc.halfBit).toBeGreaterThan(2);
  expect(halfData.doubtfulAbove).toBe(DOUBTFUL_PHASE);
  expect(existsSync(path("judged", "confidence.png"))).toBe(true);
});

it("the whole is the same bytes with and without, and what is not asked for any more goes", async () => {
  const object = () => Array.from(arrays("judged", "reconstruction.npz").readNumbers("object").data);
  const before = object();
  await reconstruct("judged", {});
  expect(object()).toEqual(before);
  expect(existsSync(path("judged", "confidence.npz"))).toBe(false);
  expect(existsSync(path("judged", "confidence.png"))).toBe(false);
  expect(json("judged", "metrics.json").halfData).toBeUndefined();
});

it("a network's patches of both halves are put together apart, where they overlap enough to be compared", async () => {
  const infer = async (file: string, outputDir: string): Promise<readonly string[]> => {
    const modelPath = await writeRandomBundle(folder, file, 1, { name: `model_${outputDir}` });
    const hooks = quietHooks();
    const request = { modelPath, testDataFile: file, outputDir: path(outputDir), overrides: { confidence: true } };
    await runInference(await createInferencePayload(request), hooks);
    return hooks.warnings;
  };
  await infer(path("scan.npz"), "network");
  const confidence = arrays("network", "confidence.npz");
  const { shape } = arrays("network", "reconstruction.npz").readNumbers("object");
  for (const name of ["amplitude_sigma", "phase_sigma", "coverage", "photons"])
    expect(confidence.readNumbers(name).shape).toEqual(shape);
  expect(json("network", "metrics.json").halfData.patterns).toEqual([50, 50]);
  const sparse = await infer(writeScan(folder, "sparse.npz"), "sparse");
  expect(sparse.join()).toContain("no expected errors: too little is covered");
  expect(existsSync(path("sparse", "reconstruction.npz"))).toBe(true);
});

it("a reconstruction is kept where its halves are interrupted, and it is said why there is no more", async () => {
  const controller = new AbortController();
  const hooks: RunHooks & { warnings: string[] } = {
    ...quietHooks(controller.signal),
    progress: (label) => ({
      ...silentProgress,
      update: () => {
        if (label === "reconstructing halves") controller.abort();
      },
    }),
  };
  expect((await reconstruct("stopped", { confidence: true }, hooks)).status).toBe("finished");
  expect(existsSync(path("stopped", "reconstruction.npz"))).toBe(true);
  expect(existsSync(path("stopped", "confidence.npz"))).toBe(false);
  expect(hooks.warnings.join()).toContain("was interrupted, so there are no expected errors");
});

it("hatching goes through what is doubtful and nowhere else", () => {
  const [height, width] = [40, 50];
  const values = Float32Array.from({ length: height * width }, (_, k) => (k % width >= 30 ? 1 : 0));
  const strokes = hatched(values, height, width);
  expect(strokes.length).toBeGreaterThan(10);
  for (const [from, to] of strokes) {
    expect(Math.min(from[1], to[1])).toBeGreaterThanOrEqual(29.5);
    expect(from[0] + from[1]).toBeCloseTo(to[0] + to[1], 12);
  }
  expect(hatched(new Float32Array(height * width), height, width)).toEqual([]);
});
