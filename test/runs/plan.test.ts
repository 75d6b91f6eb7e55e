import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { nodeHome } from "../../src/node/home.ts";
import { checkDisk } from "../../src/runs/disk.ts";
import type { RunHooks } from "../../src/runs/hooks.ts";
import type { Home } from "../../src/runs/machine.ts";
import { memoryStore } from "../../src/runs/memoryStore.ts";
import { createInferencePayload, createReconstructionPayload, createTrainingPayload } from "../../src/runs/payloads.ts";
import { type Plan, runPlan } from "../../src/runs/plan/plan.ts";
import { runReconstructionPlan } from "../../src/runs/plan/reconstructionPlan.ts";
import { REHEARSAL, rehearsalStore } from "../../src/runs/plan/rehearsalStore.ts";
import { planReport } from "../../src/runs/plan/report.ts";
import { silentProgress } from "../../src/runs/progress.ts";
import { workflowsIn } from "../../src/runs/workflows.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";

const folder = mkdtempSync(join(tmpdir(), "plan-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const hooks: RunHooks = {
  signal: new AbortController().signal,
  log: () => {},
  warn: () => {},
  progress: () => silentProgress,
};

/** A home whose disk has so much room. */
const withRoom = (bytes: number): Home => ({ ...nodeHome, store: { ...nodeHome.store, freeBytes: async () => bytes } });

const bytesIn = (path: string): number =>
  readdirSync(path, { withFileTypes: true }).reduce(
    (sum, entry) =>
      sum + (entry.isDirectory() ? bytesIn(join(path, entry.name)) : statSync(join(path, entry.name)).size),
    0,
  );

const scan = join(folder, "scan.npz");
writeFileSync(scan, writeScanNpz(simulate({ n: 32, patterns: 48, step: 3, seed: 1, measurement: "amplitude" })));
const settings = { gridsize: 1, maxEpochs: 2, nFiltersScale: 1, batchSize: 8, checkpointSaveTopK: 2, middleTrim: 16 };

describe("a plan", () => {
  let plan: Plan;

  it("says what a training and a reconstruction take, and writes nothing", async () => {
    const outputDir = join(folder, "nowhere");
    plan = await runPlan({ scans: [scan], outputDir, overrides: settings, starting: 0.5 }, hooks, nodeHome);
    expect(existsSync(outputDir)).toBe(false);
    expect(readdirSync(folder)).toEqual(["scan.npz"]);
    const { training, inference } = plan;
    expect(training?.epochs).toBe(2);
    for (const parts of [training?.parts ?? {}, inference.parts])
      for (const seconds of Object.values(parts)) expect(seconds).toBeGreaterThan(0);
    expect(training?.seconds).toBeCloseTo(
      Object.values(training?.parts ?? {}).reduce((a, b) => a + b, 0),
      9,
    );
    expect(training?.memory).toBeGreaterThan(2 ** 26);
    expect(inference.memoryIs).toBe("estimated");
    expect(planReport(plan)).toMatch(/^training: .* of memory \(measured\), .* of disk/);
  }, 240_000);

  it("knows the bytes that the runs leave", async () => {
    const [train, infer] = ["train", "infer"].map((name) => join(folder, name));
    const { middleTrim, ...trained } = settings;
    const training = await createTrainingPayload(
      { trainDataFile: scan, outputDir: train, overrides: trained },
      nodeHome,
    );
    await workflowsIn(nodeHome).train(training, hooks);
    const request = { modelPath: train, testDataFile: scan, outputDir: infer, overrides: { middleTrim } };
    await workflowsIn(nodeHome).infer(await createInferencePayload(request, nodeHome), hooks);
    // Compressed pictures of other weights, and logs of other numbers, differ a little.
    expect((plan.training?.disk ?? 0) / bytesIn(train)).toBeCloseTo(1, 1);
    expect(plan.inference.disk / bytesIn(infer)).toBeGreaterThan(0.7);
    expect(plan.inference.disk / bytesIn(infer)).toBeLessThan(1.4);
    const alone = await runPlan({ scans: [scan], modelPath: train, overrides: { middleTrim } }, hooks, nodeHome);
    expect(alone.training).toBeNull();
    expect(alone.inference.memory).toBe(plan.inference.memory);
    expect(alone.inference.disk / bytesIn(infer)).toBeGreaterThan(0.7);
    expect(alone.inference.disk / bytesIn(infer)).toBeLessThan(1.4);
  }, 240_000);

  it("counts the engine that finds what the network has wrong", async () => {
    const overrides = { middleTrim: settings.middleTrim, confidence: true };
    const { inference } = await runPlan(
      { scans: [scan], modelPath: join(folder, "train"), overrides },
      hooks,
      nodeHome,
    );
    expect(inference.parts["halves"]).toBeGreaterThan(0);
    expect(inference.memory).toBeGreaterThan(plan.inference.memory);
    expect(inference.seconds).toBeCloseTo(
      Object.values(inference.parts).reduce((a, b) => a + b, 0),
      9,
    );
  }, 240_000);

  it("refuses what there is no room for, and so do the runs", async () => {
    const small = withRoom(1e5);
    const refusal = /more than there is room for.*checkpoint_save_top_k/s;
    await expect(runPlan({ scans: [scan], overrides: settings }, hooks, small)).rejects.toThrow(refusal);
    const { middleTrim: _, ...overrides } = settings;
    const request = { trainDataFile: scan, outputDir: join(folder, "full"), overrides };
    const training = await createTrainingPayload(request, small);
    await expect(workflowsIn(small).train(training, hooks)).rejects.toThrow(refusal);
    const trained = { modelPath: join(folder, "train"), testDataFile: scan, outputDir: join(folder, "full2") };
    const inference = await createInferencePayload(trained, withRoom(1e4));
    await expect(workflowsIn(withRoom(1e4)).infer(inference, hooks)).rejects.toThrow(
      /more than there is room for.*n_patterns/s,
    );
  }, 240_000);

  it("counts checkpoints of all epochs, though it has one", async () => {
    const { training } = plan;
    const room = (training?.disk ?? 0) + (training?.diskForAMoment ?? 0);
    const all = { ...settings, checkpointSaveTopK: -1, maxEpochs: 1000 };
    await expect(runPlan({ scans: [scan], overrides: all }, hooks, withRoom(3 * room))).rejects.toThrow(/room for/);
  }, 240_000);
});

describe("room on a disk", () => {
  const shares = [
    { what: "the model", bytes: 600 },
    { what: "3 checkpoints", bytes: 300 },
  ];
  const onDisk = (free: number | undefined) => ({ ...memoryStore(), freeBytes: async () => free });

  it("is enough, nearly used up, or too little", async () => {
    expect(await checkDisk(shares, "/out", onDisk(undefined), "")).toEqual([]);
    expect(await checkDisk(shares, "/out", onDisk(5000), "")).toEqual([]);
    expect(await checkDisk(shares, "/out", onDisk(1000), "")).toEqual([
      expect.stringMatching(/the model.*checkpoints/),
    ]);
    await expect(checkDisk(shares, "/out", onDisk(800), "make room")).rejects.toThrow(
      /room for.*the model.*make room/is,
    );
  });

  it("is that of the disk where a folder would be made", async () => {
    const there = await nodeHome.store.freeBytes(folder);
    expect(there).toBeGreaterThan(0);
    // Others write there meanwhile.
    expect((await nodeHome.store.freeBytes(join(folder, "a", "b"))) ?? 0).toBeGreaterThan(0.9 * (there ?? 0));
  });
});

describe("the store of a rehearsal", () => {
  it("reads what is there, keeps what is written to itself, and refuses to write elsewhere", async () => {
    const { store, sizes } = rehearsalStore(nodeHome.store, folder);
    expect((await store.read(scan)).length).toBe(statSync(scan).size);
    await store.claim(REHEARSAL);
    await store.write(`${REHEARSAL}/a.ckpt.zip`, new Uint8Array(1000));
    await store.write(`${REHEARSAL}/b.json`, "{}");
    expect([...sizes]).toEqual([
      ["a.ckpt.zip", 1000],
      ["b.json", 2],
    ]);
    await store.remove(`${REHEARSAL}/b.json`);
    expect(sizes.has("b.json")).toBe(false);
    await expect(store.write(join(folder, "x"), "")).rejects.toThrow("a rehearsal writes");
  });
});

describe("a plan of an iterative reconstruction", () => {
  it("says what it takes, and knows the bytes that it leaves", async () => {
    const overrides = { engine: "lsqml", epochs: 20, threads: 1, reconLogEveryNEpochs: 0, gridsize: 2 };
    const request = { scans: [scan], outputDir: join(folder, "nowhere"), overrides, starting: 0.5 };
    const plan = await runReconstructionPlan(request, hooks, nodeHome);
    expect(existsSync(join(folder, "nowhere"))).toBe(false);
    const { reconstruction } = plan;
    expect(reconstruction.epochs).toBe(20);
    for (const seconds of Object.values(reconstruction.parts)) expect(seconds).toBeGreaterThan(0);
    expect(planReport(plan)).toMatch(/^reconstruction: .* of memory \(estimated\), .*\n.*\n {2}20 epochs of/);
    const outputDir = join(folder, "reconstruct");
    const { gridsize: _, ...settings } = overrides;
    const payload = await createReconstructionPayload({ scan, outputDir, overrides: settings }, nodeHome);
    await workflowsIn(nodeHome).reconstruct(payload, hooks);
    // Compressed pictures of another object differ a little.
    expect(reconstruction.disk / bytesIn(outputDir)).toBeGreaterThan(0.7);
    expect(reconstruction.disk / bytesIn(outputDir)).toBeLessThan(1.4);
  }, 120_000);

  it("refuses what there is no room for, models, and several scans at once", async () => {
    const of = (changes: object, home: Home = nodeHome) =>
      expect(runReconstructionPlan({ scans: [scan], overrides: { engine: "epie" }, ...changes }, hooks, home)).rejects;
    await of({}, withRoom(1e4)).toThrow(/more than there is room for/);
    await of({ modelPath: "run" }).toThrow(/an engine reconstructs one scan, without a model/);
    await of({ scans: [scan, scan] }).toThrow(/an engine reconstructs one scan/);
  }, 120_000);
});
