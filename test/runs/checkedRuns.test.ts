import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Dataset } from "../../src/data/dataset.ts";
import { memoryPatterns } from "../../src/data/memoryPatterns.ts";
import { createInferencePayload, createTrainingPayload, runInference, runTraining } from "../../src/node/runs.ts";
import { readReconstruction } from "../../src/reconstructions/reconstructionNpz.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { quietHooks } from "./inferRun.ts";

/** What the checks on a scan say and leave out, in training and inference as people run them. */

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-checks-"));
const path = (...names: string[]): string => join(folder, ...names);
afterAll(() => rmSync(folder, { recursive: true }));

const N = 32;
const PATTERNS = 20;

/** A scan with a faulty frame 6, and a mask over a part of the detector. */
function faulty(): Dataset {
  const scan = simulate({ n: N, patterns: PATTERNS, measurement: "amplitude", step: 3 });
  const patterns = new Float32Array(PATTERNS * N * N);
  const frames = Array.from({ length: PATTERNS }, (_, frame) => frame);
  scan.patterns.read(frames, patterns);
  for (let i = 6 * N * N; i < 7 * N * N; i++) patterns[i] *= 60;
  const mask = Float32Array.from({ length: N * N }, (_, i) => (i < 2 * N ? 0 : 1));
  return { ...scan, patterns: memoryPatterns(patterns, [PATTERNS, N, N]), mask: { shape: [N, N], data: mask } };
}

/** The same with the probe where a Fourier transform leaves it. */
function cornered(scan: Dataset): Dataset {
  const half = N / 2;
  const data = scan.probe.data.map((_, i, all) => {
    const [y, x] = [Math.floor((i >> 1) / N), (i >> 1) % N];
    return all[2 * (((y + half) % N) * N + ((x + half) % N)) + (i % 2)];
  });
  return { ...scan, probe: { ...scan.probe, data } };
}

function write(name: string, scan: Dataset): string {
  writeFileSync(path(name), writeScanNpz(scan));
  return path(name);
}

const json = (...names: string[]) => JSON.parse(readFileSync(path(...names), "utf8"));
const small = {
  nFiltersScale: 1,
  batchSize: 4,
  maxEpochs: 1,
  gridsize: 1,
  accelerator: "cpu",
  reconLogEveryNEpochs: 0,
};

async function train(scan: string, name: string, overrides: Record<string, unknown> = {}) {
  const request = { trainDataFile: scan, outputDir: path(name), overrides: { ...small, ...overrides } };
  const hooks = quietHooks();
  await runTraining(await createTrainingPayload(request), hooks);
  return { warnings: hooks.warnings, record: json(name, "run.json") };
}

async function infer(scan: string, name: string, overrides: Record<string, unknown> = {}, model = "kept") {
  const request = {
    modelPath: path(model),
    testDataFile: scan,
    outputDir: path(name),
    overrides: { accelerator: "cpu", ...overrides },
  };
  const hooks = quietHooks();
  await runInference(await createInferencePayload(request), hooks);
  return { warnings: hooks.warnings, record: json(name, "run.json") };
}

const outlying = /frames unlike their neighbours.*1 of 20: frame 6 has the counts.*`skip_frames=6`/;

describe("a scan with a frame that stands out", () => {
  const scan = write("faulty.npz", faulty());

  it("is trained on with a warning, or without that frame", async () => {
    const kept = await train(scan, "kept");
    expect(kept.warnings).toContainEqual(expect.stringMatching(outlying));
    expect(kept.record.warnings).toContainEqual(expect.stringMatching(outlying));
    expect(kept.record.inputs[0].masked.pixels).toBe(2 / N);
    expect(kept.record.inputs[0].masked.counts).toBeGreaterThanOrEqual(0);
    const left = await train(scan, "left", { skipOutlyingFrames: true });
    expect(left.warnings.join()).not.toMatch(/unlike/);
    expect(left.record.inputs[0].conversions).toContainEqual("1 of 20 frames left out, as asked: 6");
    expect(left.record.settings.data).toMatchObject({ skipOutlyingFrames: true, skipFrames: null });
  });

  it("is reconstructed without it: its position is in the scan, and not in the result", async () => {
    const { record } = await infer(scan, "named", { skipFrames: "6,10-11" });
    expect(record.inputs[1].conversions).toContainEqual("3 of 20 frames left out, as asked: 6,10-11");
    const { positions } = readReconstruction(readFileSync(path("named", "reconstruction.npz")));
    const { positions: all } = faulty();
    expect(Array.from(positions)).toEqual(Array.from(all).filter((_, i) => ![6, 10, 11].includes(Math.floor(i / 2))));
    const whole = await infer(scan, "whole");
    expect(whole.warnings).toContainEqual(expect.stringMatching(outlying));
  });

  it("names frames of a single scan only", async () => {
    const other = write("other.npz", faulty());
    const request = { outputDir: path("two"), overrides: { ...small, skipFrames: "6" } };
    await expect(createTrainingPayload({ ...request, trainDataFile: [scan, other] })).rejects.toThrow(
      /skip_frames goes with a single scan/,
    );
    const bad = { trainDataFile: scan, outputDir: path("bad"), overrides: { ...small, skipFrames: "6;7" } };
    await expect(createTrainingPayload(bad)).rejects.toThrow(/frames and ranges of frames, like 17,40-52/);
  });
});

describe("patterns of a size that no network takes", () => {
  const scan = simulate({ n: 36, patterns: PATTERNS, measurement: "amplitude", step: 3 });
  const file = write("odd.npz", scan);

  it("are refused with the sides that help", async () => {
    await expect(train(file, "odd")).rejects.toThrow(/no network takes.*`crop_to=32`, or .*`pad_to=40`/);
  });

  it("are cut for training and inference, in memory and by threads from their file, with the same numbers", async () => {
    const inMemory = await train(file, "cut", { cropTo: 32 });
    const threads = { numWorkers: 1, patternsInMemory: "no" };
    await train(file, "cutInFile", { cropTo: 32, ...threads });
    const history = (name: string) =>
      json(name, "training.json").history.map(({ trainLoss, validationLoss }: Record<string, number>) => [
        trainLoss,
        validationLoss,
      ]);
    expect(history("cutInFile")).toEqual(history("cut"));
    expect(inMemory.record.inputs[0].conversions[0]).toMatch(/36 × 36 made 32 × 32/);
    await infer(file, "cutOut", { cropTo: 32 }, "cut");
    const { positions } = readReconstruction(readFileSync(path("cutOut", "reconstruction.npz")));
    expect(positions).toEqual(scan.positions.map((value) => value * (32 / 36)));
    // Without a word they are taken as the training's were, since the network takes no others.
    expect((await infer(file, "uncut", {}, "cut")).record.inputs[1]).toEqual(json("cutOut", "run.json").inputs[1]);
  });
});

describe("a scan that would be misread", () => {
  const scan = write("cornered.npz", cornered(faulty()));
  const refusal = /the probe's centre is at the corner of its window.*say `probe_at=corner`/i;

  it("is refused by training and inference, until they are told", async () => {
    await expect(train(scan, "refused")).rejects.toThrow(refusal);
    await expect(infer(scan, "refusedToo")).rejects.toThrow(refusal);
    const told = await infer(scan, "told", { probeAt: "corner", skipFrames: "6" });
    // Neither its place nor its likeness to the training's is in doubt then.
    expect(told.warnings.join()).not.toMatch(/corner|edge of its window|another probe/);
  });

  it("and taken as it is where that is said", async () => {
    const { warnings } = await infer(scan, "asSaid", { probeAt: "center", skipFrames: "6" });
    expect(warnings.join()).not.toMatch(/at the corner/);
  });
});
