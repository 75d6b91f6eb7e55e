import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readBundle } from "../../src/bundle/bundle.ts";
import { parseSettings } from "../../src/config/schema.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { memoryPatterns } from "../../src/data/memoryPatterns.ts";
import { predictionSource } from "../../src/inference/predictionSource.ts";
import { INPUT_MEAN, INPUT_SCALE } from "../../src/nets/standardise.ts";
import { createInferencePayload, createTrainingPayload } from "../../src/node/runs.ts";
import { Random } from "../../src/random.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { inputStatistics } from "../../src/training/inputStatistics.ts";
import { evaluate, maxDeviation, normals } from "../evaluate.ts";
import { buildCnn, freshValues } from "../nets/build.ts";
import { quietHooks } from "../runs/inferRun.ts";
import { runInference, runTraining } from "../runs/plainRuns.ts";
import { tolerances } from "../tolerances.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-input-"));
afterAll(() => rmSync(folder, { recursive: true }));

const scan = simulate({ n: 32, patterns: 16, seed: 3, photons: 1e5 });
const data = { ...parseSettings("data"), subsampleSeed: 0, neighborCount: 4 };
const sourceOf = (dataset: Dataset, gridsize: number) => predictionSource(dataset, data, gridsize, null);

function expectSame(found: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(maxDeviation(found, expected) / Math.max(...Array.from(expected))).toBeLessThan(tolerances.inputStatistics);
}

describe("statistics of the input", () => {
  it("are each pixel's mean and scale over the patterns, of groups too", () => {
    const { source, scales } = sourceOf(scan, 1);
    const found = inputStatistics(source);
    const pixels = 32 * 32;
    const values = new Float32Array(16 * pixels);
    scan.patterns.read(
      Array.from({ length: 16 }, (_, k) => k),
      values,
    );
    const input = (frame: number, i: number): number => scales.inputScale * Math.sqrt(values[frame * pixels + i]);
    const column = (i: number): number[] => Array.from({ length: 16 }, (_, frame) => input(frame, i));
    const average = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
    const mean = Float64Array.from({ length: pixels }, (_, i) => average(column(i)));
    const variance = mean.map((centre, i) => average(column(i).map((value) => (value - centre) ** 2)));
    const common = average([...variance]);
    expect(scan.measurement).toBe("counts");
    expectSame(found[INPUT_MEAN], mean);
    const scale = variance.map((value) => 0.25 / Math.sqrt((value + common) / 2));
    expectSame(found[INPUT_SCALE], scale);
    expect(Object.keys(inputStatistics(sourceOf(scan, 2).source))).toEqual([INPUT_MEAN, INPUT_SCALE]);
  });

  it("leave patterns that are all alike as they are, but for their mean", () => {
    const one = new Float32Array(32 * 32);
    scan.patterns.read([0], one);
    const values = new Float32Array(16 * one.length);
    for (let k = 0; k < 16; k++) values.set(one, k * one.length);
    const patterns = memoryPatterns(values, [16, 32, 32]);
    const found = inputStatistics(sourceOf({ ...scan, patterns }, 1).source);
    expect(found[INPUT_SCALE].every((value) => Number.isFinite(value) && value > 0)).toBe(true);
  });
});

it("a network that standardises sees (x − mean) · scale", async () => {
  const shape = { batch: 2, channels: 1 };
  const random = new Random(5);
  const [plain, own] = [buildCnn(shape, { N: 32 }), buildCnn(shape, { N: 32, standardiseInput: true })];
  const weights = freshValues(plain);
  const x = normals(random, plain.images.size);
  const [mean, scale] = [normals(random, 32 * 32), normals(random, 32 * 32).map((value) => 1 + Math.abs(value))];
  const seen = x.map((value, i) => (value - mean[i % 1024]) * scale[i % 1024]);
  const expected = await evaluate({ a: plain.outputs[0] }, { ...weights, x: seen });
  const got = await evaluate({ a: own.outputs[0] }, { ...weights, x, [INPUT_MEAN]: mean, [INPUT_SCALE]: scale });
  expect(maxDeviation(got.a, expected.a)).toBeLessThan(tolerances.splitStep);
});

describe("a training with a standardised input", () => {
  const file = join(folder, "scan.npz");
  const quick = { architecture: "fno_vanilla", fnoWidth: 4, fnoModes: 4, fnoBlocks: 1, gridsize: 1 };
  const settings = { ...quick, accelerator: "cpu", maxEpochs: 1, batchSize: 4, validationFraction: 0 };

  it("keeps the statistics of its patterns in the model, which inference reads", async () => {
    writeFileSync(file, writeScanNpz(scan));
    const overrides = { ...settings, standardiseInput: true };
    const payload = await createTrainingPayload({ trainDataFile: file, outputDir: join(folder, "run"), overrides });
    expect((await runTraining(payload, quietHooks())).status).toBe("finished");
    const { weights } = readBundle(readFileSync(join(folder, "run/model.zip")));
    const expected = inputStatistics(sourceOf(scan, 1).source);
    for (const name of [INPUT_MEAN, INPUT_SCALE]) expectSame(weights.get(name)?.data ?? [], expected[name]);
    const request = { modelPath: join(folder, "run"), testDataFile: file, outputDir: join(folder, "inferred") };
    expect((await runInference(await createInferencePayload(request), quietHooks())).status).toBe("finished");
  });

  it("has no other transform of the input", async () => {
    const overrides = { ...settings, standardiseInput: true, fnoInputTransform: "log1p" };
    await expect(
      createTrainingPayload({ trainDataFile: file, outputDir: join(folder, "other"), overrides }),
    ).rejects.toThrow(/fno_input_transform.*standardise_input/s);
  });
});

it("a network finds a weak phase object when it sees how patterns differ from their mean", async () => {
  const file = join(folder, "weak.npz");
  const weak = simulate({
    ...{ n: 32, patterns: 144, seed: 7, photons: 1e5, scan: "raster", step: 1.5, measurement: "counts", smoothing: 1 },
    object: { kind: "deadLeaves", radius: [0.05, 0.15] },
    contrast: { amplitude: [1, 1], phase: [0, 0.3] },
    probe: { kind: "airy", pupilRadius: 13, defocus: 14 },
  });
  writeFileSync(file, writeScanNpz(weak));
  const settings = { gridsize: 1, nFiltersScale: 1, batchSize: 8, maxEpochs: 4, accelerator: "cpu" };
  const found = async (standardiseInput: boolean): Promise<number> => {
    const outputDir = join(folder, `weak-${standardiseInput}`);
    const overrides = { ...settings, validationFraction: 0, standardiseInput };
    await runTraining(await createTrainingPayload({ trainDataFile: file, outputDir, overrides }), quietHooks());
    const request = { modelPath: outputDir, testDataFile: file, outputDir: join(outputDir, "inferred") };
    await runInference(await createInferencePayload(request), quietHooks());
    const metrics = JSON.parse(readFileSync(join(outputDir, "inferred/metrics.json"), "utf8"));
    return metrics.phase.correlation;
  };
  const [standardised, amplitudes] = [await found(true), await found(false)];
  expect(standardised).toBeGreaterThan(0.7);
  expect(amplitudes).toBeLessThan(0.4);
});
