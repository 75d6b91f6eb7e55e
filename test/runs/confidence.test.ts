import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Settings } from "../../src/config/group.ts";
import { openNpz } from "../../src/formats/npz.ts";
import { onCanvas } from "../../src/inference/onCanvas.ts";
import { ontoWhole } from "../../src/metrics/halfData.ts";
import { nodeHome } from "../../src/node/home.ts";
import { createInferencePayload, createReconstructionPayload } from "../../src/node/runs.ts";
import { fadingGaussianFilter } from "../../src/numerics/gaussianFilter.ts";
import { median } from "../../src/numerics/median.ts";
import { DOUBTFUL_PHASE, hatched } from "../../src/pictures/confidenceFigure.ts";
import type { RunHooks } from "../../src/runs/hooks.ts";
import { silentProgress } from "../../src/runs/progress.ts";
import { runReconstruction } from "../../src/runs/reconstruct/reconstruct.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { rankCorrelation } from "../metrics/rankCorrelation.ts";
import { perfectNetwork, quietHooks, writeRandomBundle, writeScan } from "./inferRun.ts";
import { plainHome } from "./plainHome.ts";
import { runInference } from "./plainRuns.ts";

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

async function reconstruct(outputDir: string, overrides: Settings, hooks: RunHooks = quietHooks(), home = plainHome) {
  const request = { scan: path("scan.npz"), outputDir: path(outputDir), overwrite: true };
  const payload = await createReconstructionPayload({ ...request, overrides: { ...quick, ...overrides } });
  return runReconstruction(payload, hooks, home);
}

it("an engine's expected errors rank as the true ones around each pixel do", async () => {
  expect((await reconstruct("judged", { confidence: true }, quietHooks(), nodeHome)).status).toBe("finished");
  const confidence = arrays("judged", "confidence.npz");
  const sigma = Float64Array.from(confidence.readNumbers("amplitude_sigma").data);
  const { data, shape } = arrays("judged", "reconstruction.npz").readNumbers("object");
  const object = { shape, data: Float32Array.from(data) };
  const known = Uint8Array.from(sigma, (value) => (Number.isNaN(value) ? 0 : 1));
  const [top, left] = confidence.readNumbers("origin").data;
  if (scan.object === undefined) throw new Error("no truth");
  const canvas = { height: shape[0], width: shape[1], origin: { y: Number(top), x: Number(left) } };
  const found = ontoWhole(onCanvas(scan.object, [0, 0], canvas), object, known);
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

it("a run that was gone on with has halves that began as the whole did", async () => {
  await reconstruct("guess", { epochs: 3 });
  const begun = { init: path("guess"), confidence: true };
  await reconstruct("straight", { ...begun, epochs: 6 });
  await reconstruct("parted", { ...begun, epochs: 3 });
  await reconstruct("parted", { ...begun, epochs: 6, resume: "last" });
  const left = (name: string) => [
    readFileSync(path(name, "confidence.npz")).toString("base64"),
    { ...json(name, "metrics.json"), positions: undefined },
  ];
  expect(left("parted")).toEqual(left("straight"));
  // What is gone in between is said, and costs no more than that.
  rmSync(path("guess"), { recursive: true });
  const hooks = quietHooks();
  await reconstruct("parted", { ...begun, epochs: 7, resume: "last" }, hooks);
  expect(hooks.warnings.join()).toMatch(/what the run began with cannot be read again/);
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

/** The scan's object with errors, as a network would make it of every pattern: of phase in one place, of amplitude in another. */
const places = { phase: [46, 40], amplitude: [30, 58] } as const;
const wrong = (() => {
  if (scan.object === undefined) throw new Error("no object");
  const { shape, data } = scan.object;
  const out = data.slice();
  for (let k = 0; k < data.length / 2; k++) {
    const bump = ([y, x]: readonly [number, number]): number =>
      Math.exp(-((Math.floor(k / shape[1]) - y) ** 2 + ((k % shape[1]) - x) ** 2) / (2 * 4 ** 2));
    const [level, angle] = [1 - 0.3 * bump(places.amplitude), 0.5 * bump(places.phase)];
    const [c, s] = [level * Math.cos(angle), level * Math.sin(angle)];
    out[2 * k] = c * data[2 * k] - s * data[2 * k + 1];
    out[2 * k + 1] = s * data[2 * k] + c * data[2 * k + 1];
  }
  return { object: { shape, data: out }, positions: scan.positions };
})();

async function infer(
  outputDir: string,
  {
    file = path("scan.npz"),
    network = perfectNetwork(() => {}, wrong),
    physics = {},
    overrides = {},
    hooks = quietHooks(),
  }: {
    readonly file?: string;
    readonly network?: ReturnType<typeof perfectNetwork>;
    readonly physics?: Readonly<Record<string, number>>;
    readonly overrides?: Settings;
    readonly hooks?: RunHooks & { readonly warnings: string[] };
  } = {},
): Promise<string> {
  const modelPath = await writeRandomBundle(folder, file, 1, { name: `model_${outputDir}`, physics });
  const settings = { confidence: true, threads: 1, ...overrides };
  const request = { modelPath, testDataFile: file, outputDir: path(outputDir), overrides: settings };
  const { status } = await runInference(await createInferencePayload(request), hooks, { loadPredictor: network });
  expect(status).toBe("finished");
  return hooks.warnings.join();
}

it("what a network has wrong is in its map, there and nowhere else", async () => {
  expect(await infer("network")).not.toContain("lower bound");
  const confidence = arrays("network", "confidence.npz");
  const { shape } = arrays("network", "reconstruction.npz").readNumbers("object");
  for (const name of ["amplitude_sigma", "phase_sigma", "coverage", "photons"])
    expect(confidence.readNumbers(name).shape).toEqual(shape);
  const [top, left] = confidence.readNumbers("origin").data;
  const map = (name: string) => Float64Array.from(confidence.readNumbers(name).data);
  const [amplitude, phase] = [map("amplitude_sigma"), map("phase_sigma")];
  const at = (values: Float64Array, [y, x]: readonly [number, number]): number =>
    values[(y - Number(top)) * shape[1] + x - Number(left)];
  const elsewhere = (values: Float64Array): number => median(values.filter((value) => !Number.isNaN(value)));
  expect(at(phase, places.phase)).toBeGreaterThan(4 * elsewhere(phase));
  expect(at(amplitude, places.amplitude)).toBeGreaterThan(4 * elsewhere(amplitude));
  expect(at(phase, places.amplitude)).toBeLessThan(2 * elsewhere(phase));
  expect(at(amplitude, places.phase)).toBeLessThan(2 * elsewhere(amplitude));
  // The bump's RMS in the map's window of 3 pixels is √(σ² / (σ² + 2 · 3²)) of its height, σ being 4.
  const seen = 0.5 * Math.sqrt(16 / 34);
  expect(at(phase, places.phase) / seen).toBeGreaterThan(0.7);
  expect(at(phase, places.phase) / seen).toBeLessThan(1.5);
  const { halfData } = json("network", "metrics.json");
  expect(halfData.patterns).toEqual([50, 50]);
  expect(halfData.refined).toMatchObject({ engine: "lsqml", epochs: 30 });
  // The halves as they were predicted are of the same patches, without noise.
  expect(halfData.frc.halfBit).toBeLessThan(halfData.refined.frc.halfBit);
  const { outcome, seconds } = json("network", "run.json");
  expect(outcome.halvesRefinedBy).toBe("lsqml:30");
  expect(seconds.expectedErrors).toBeGreaterThan(0);
});

it("where no engine refines a network's halves their difference is a lower bound, and that is said", async () => {
  const warnings = await infer("offset", { physics: { beta: 0.05 } });
  expect(warnings).toContain("a lower bound");
  expect(warnings).toContain("added at the detector");
  const bound = arrays("offset", "confidence.npz").readNumbers("phase_sigma").data;
  expect(median(Array.from(bound, Number).filter((value) => !Number.isNaN(value)))).toBeLessThan(
    json("network", "metrics.json").halfData.phaseSigma,
  );
  expect(json("offset", "metrics.json").halfData.refined).toBeUndefined();
  expect(json("offset", "run.json").outcome.halvesRefinedBy).toBeUndefined();
});

it("a prediction is kept where refining its halves is interrupted, with the lower bound", async () => {
  const hooks = interruptedIn("refining halves");
  expect(await infer("left", { hooks })).toContain("refining them was interrupted");
  expect(existsSync(path("left", "confidence.npz"))).toBe(true);
});

it("an engine that goes on from a prediction has expected errors of its own", async () => {
  await infer("both", { overrides: { refine: "rpie:3" } });
  expect(existsSync(path("both", "confidence.npz"))).toBe(true);
  expect(arrays("both", "refined", "confidence.npz").readNumbers("phase_sigma").shape).toEqual(
    arrays("both", "refined", "reconstruction.npz").readNumbers("object").shape,
  );
  expect(json("both", "refined", "metrics.json").halfData.refined).toBeUndefined();
});

it("patterns that do not tell what a network has wrong are named", async () => {
  const dim = simulate({ n: 32, patterns: 100, step: 4, seed: 7, object: "deadLeaves", smoothing: 1, photons: 3 });
  writeFileSync(path("dim.npz"), writeScanNpz(dim));
  expect(await infer("dim", { file: path("dim.npz") })).toContain("agrees in nothing");
});

it("halves that do not overlap enough to be compared have no map", async () => {
  const warnings = await infer("sparse", { file: writeScan(folder, "sparse.npz"), network: perfectNetwork() });
  expect(warnings).toContain("no expected errors: too little is covered");
  expect(warnings).not.toContain("lower bound");
  expect(existsSync(path("sparse", "reconstruction.npz"))).toBe(true);
});

/** Stops the run when something of this name begins. */
function interruptedIn(what: string): RunHooks & { readonly warnings: string[] } {
  const controller = new AbortController();
  return {
    ...quietHooks(controller.signal),
    progress: (label) => ({
      ...silentProgress,
      update: () => {
        if (label === what) controller.abort();
      },
    }),
  };
}

it("a reconstruction is kept where its halves are interrupted, and it is said why there is no more", async () => {
  const hooks = interruptedIn("reconstructing halves");
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
