import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Settings } from "../../src/config/group.ts";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import {
  createInferencePayload,
  createReconstructionPayload,
  createTrainingPayload,
  readReconstructionFile,
} from "../../src/node/runs.ts";
import { writeReconstruction } from "../../src/reconstructions/reconstructionNpz.ts";
import { runInference } from "../../src/runs/infer/inferAndRefine.ts";
import { runReconstruction } from "../../src/runs/reconstruct/reconstruct.ts";
import { runTraining } from "../../src/runs/train/train.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { quietHooks } from "./inferRun.ts";
import { plainHome } from "./plainHome.ts";

/** From network to engine and back, and from engine to engine. */

let folder = "";
let scan = "";
const path = (...names: string[]): string => join(folder, ...names);
const quick = { threads: 1, reconLogEveryNEpochs: 0, loggerBackend: "none" };
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hybrid-"));
  scan = path("scan.npz");
  writeFileSync(
    scan,
    writeScanNpz(
      simulate({
        ...{ n: 32, patterns: 64, step: 4, seed: 3, object: "deadLeaves", scan: "raster", jitter: 0, noise: false },
        ...{ photons: 1e5, smoothing: 1 },
      }),
    ),
  );
  await reconstruct("engine", { epochs: 12 });
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function reconstruct(name: string, overrides: Settings): Promise<void> {
  const request = { scan, outputDir: path(name), overrides: { ...quick, engine: "rpie", ...overrides } };
  const outcome = await runReconstruction(await createReconstructionPayload(request), quietHooks(), plainHome);
  expect(outcome.status).toBe("finished");
}

const history = (...names: string[]): { error: number }[] =>
  JSON.parse(readFileSync(path(...names, "reconstruction.json"), "utf8")).history;

test("an engine goes on from a run's object and probe, and from an object alone", async () => {
  const before = history("engine");
  await reconstruct("again", { epochs: 1, init: path("engine") });
  expect(history("again")[0].error).toBeLessThan(1.05 * before[before.length - 1].error);
  await reconstruct("object", { epochs: 1, init: path("engine", "reconstruction.npz") });
  expect(history("object")[0].error).toBeLessThan(before[1].error);
});

test("positions and probe that a run refined are read from its folder", async () => {
  const moving = { wrappers: ["positions"], positionStart: 0, subPixel: "bilinear" };
  await reconstruct("moved", { epochs: 3, ...moving });
  const refined = { initProbe: path("moved"), positionsFrom: path("moved") };
  await reconstruct("taken", { epochs: 1, subPixel: "bilinear", probeStep: 0, ...refined });
  const places = (name: string): number[] =>
    readFileSync(path(name, "positions.csv"), "utf8").split("\n").slice(1, -1).join().split(",").map(Number);
  const [moved, taken, nominal] = [places("moved"), places("taken"), places("engine")];
  const apart = (a: readonly number[], b: readonly number[]): number =>
    Math.max(...a.map((v, k) => Math.abs(v - b[k])));
  expect(apart(moved, nominal)).toBeGreaterThan(1e-3);
  const { positions: report } = JSON.parse(readFileSync(path("moved", "metrics.json"), "utf8"));
  expect(report.largestPixels).toBeGreaterThan(1e-3);
  expect(report.affine.scale).toBeNull();
  expect(JSON.parse(readFileSync(path("moved", "run.json"), "utf8")).outcome.positions).toBeInstanceOf(Array);
  expect(apart(taken, moved)).toBeLessThan(1e-9);
});

test("an object half a pixel off the scan's pixels is put between them", async () => {
  const found = await readReconstructionFile(path("engine", "reconstruction.npz"));
  const { y, x } = found.origin;
  // Its values stay, so that the place alone is what differs: half a pixel spoils, and less than two pixels do.
  const errors: number[] = [];
  for (const off of [0, 0.5, 2]) {
    const file = path(`moved${off}.npz`);
    writeFileSync(file, writeReconstruction({ ...found, origin: { y: y + off, x } }));
    await reconstruct(`from${off}`, { epochs: 1, init: file });
    errors.push(history(`from${off}`)[0].error);
  }
  expect(errors[0]).toBeLessThan(errors[1]);
  expect(errors[1]).toBeLessThan(errors[2]);
});

test("an object without a place is refused, with what is missing", async () => {
  const file = path("nowhere.npz");
  const data = new Float32Array(2 * 60 * 60).fill(1);
  writeFileSync(file, writeNpz({ object: { shape: [60, 60], dtype: "complex64", data } }));
  await expect(reconstruct("nowhere", { epochs: 1, init: file })).rejects.toThrow(/where its object lies/);
});

test("an engine begins with what a network predicts, and infer goes on with an engine", async () => {
  const overrides = { ...{ gridsize: 1, nFiltersScale: 1, maxEpochs: 1, loggerBackend: "none" }, seed: 1 };
  await runTraining(
    await createTrainingPayload({ trainDataFile: scan, outputDir: path("model"), overrides }),
    quietHooks(),
    plainHome,
  );
  await reconstruct("begun", { epochs: 1, init: path("model") });
  expect(existsSync(path("begun", "network", "reconstruction.npz"))).toBe(true);
  const request = { modelPath: path("model"), testDataFile: scan, outputDir: path("inferred") };
  const refine = { refine: "rpie:3" };
  await runInference(await createInferencePayload({ ...request, overrides: refine }), quietHooks(), plainHome);
  expect(history("inferred", "refined")).toHaveLength(3);
  await expect(createInferencePayload({ ...request, overrides: { refine: "rpie" } })).rejects.toThrow(/rpie:20/);
  await expect(createInferencePayload({ ...request, overrides: { refine: "rpei:3" } })).rejects.toThrow(/"rpie"/);
  const threaded = await createInferencePayload({
    ...request,
    outputDir: path("one"),
    overrides: { ...refine, threads: 1 },
  });
  await runInference(threaded, quietHooks(), plainHome);
  expect(JSON.parse(readFileSync(path("one", "refined", "run.json"), "utf8")).runtime).toMatch(
    /^WebAssembly, 1 thread\b/,
  );
}, 120_000);

test("the probe that a network was trained with stays with its object, whoever goes on from there", async () => {
  const overrides = { gridsize: 1, nFiltersScale: 1, maxEpochs: 1, loggerBackend: "none", seed: 1 };
  const train = async (more: Settings): Promise<void> => {
    const request = { trainDataFile: scan, outputDir: path("trained"), overwrite: true };
    await runTraining(
      await createTrainingPayload({ ...request, overrides: { ...overrides, ...more } }),
      quietHooks(),
      plainHome,
    );
  };
  await train({ probeTrainable: true });
  await reconstruct("fromNetwork", { epochs: 2, init: path("trained") });
  const request = { modelPath: path("trained"), testDataFile: scan, outputDir: path("predicted") };
  const infer = async (): Promise<void> => {
    const asked = await createInferencePayload({ ...request, overrides: { refine: "rpie:2", threads: 1 } });
    await runInference(asked, quietHooks(), plainHome);
  };
  await infer();
  const record = (...names: string[]) => JSON.parse(readFileSync(path(...names, "run.json"), "utf8"));
  expect(record("predicted").probe).toBe("training");
  const same = ["object", "probeGuess"].map((name, i) => {
    const file = i === 0 ? "reconstruction.npz" : "probe.npz";
    return [path("fromNetwork", file), path("predicted", "refined", file)].map(
      (each) => openNpz(readFileSync(each)).readNumbers(name).data,
    );
  });
  for (const [direct, refined] of same) expect(refined).toEqual(direct);
  // Records name all that was left.
  for (const name of ["reconstruction.npz", "metrics.json", "probe.npz"])
    expect(record("predicted").files).toContain(path("predicted", name));
  for (const name of ["reconstruction.npz", "metrics.json", "probe.npz", "reconstruction.json"])
    expect(record("fromNetwork").files).toContain(path("fromNetwork", name));

  // A training that replaces it, with the file's probe, leaves none, and neither does what is predicted then.
  writeFileSync(path("trained", "notes.txt"), "somebody's own");
  await train({});
  expect(existsSync(path("trained", "probe.npz"))).toBe(false);
  expect(existsSync(path("trained", "notes.txt"))).toBe(true);
  await infer();
  expect(existsSync(path("predicted", "probe.npz"))).toBe(false);
}, 120_000);
