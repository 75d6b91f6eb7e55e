import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PtychonautError } from "../../src/errors.ts";
import { nodeHome } from "../../src/node/home.ts";
import { runComparison } from "../../src/runs/compare/comparison.ts";
import { resolveEntries } from "../../src/runs/compare/entries.ts";
import { readReference } from "../../src/runs/evaluate.ts";
import { runInference } from "../../src/runs/infer/inferAndRefine.ts";
import type { Home } from "../../src/runs/machine.ts";
import { createInferencePayload, createTrainingPayload } from "../../src/runs/payloads.ts";
import { runTraining } from "../../src/runs/train/train.ts";
import { quietHooks, writeRandomBundle, writeScan } from "./inferRun.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-stale-"));
const path = (...names: readonly string[]): string => join(folder, ...names);
let scan: string;
let bundle: string;
beforeAll(async () => {
  scan = writeScan(folder, "scan.npz");
  bundle = await writeRandomBundle(folder, scan, 1);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A disk on which a file of some name cannot be written. */
const fullAt = (name: string): Home => ({
  ...nodeHome,
  store: {
    ...nodeHome.store,
    async write(file, content) {
      if (file.endsWith(name)) throw new PtychonautError("output", "the file cannot be written", { where: file });
      await nodeHome.store.write(file, content);
    },
  },
});

const infer = async (outputDir: string, nPatterns: number, home: Home): Promise<unknown> => {
  const overrides = { accelerator: "cpu", nPatterns };
  const request = { modelPath: bundle, testDataFile: scan, outputDir, overrides };
  return runInference(await createInferencePayload(request, home), quietHooks(), home);
};

const train = async (outputDir: string, home: Home): Promise<unknown> => {
  const overrides = { accelerator: "cpu", nFiltersScale: 1, gridsize: 1, maxEpochs: 1, reconLogEveryNEpochs: 0 };
  const request = { trainDataFile: scan, outputDir, overwrite: true, overrides };
  return runTraining(await createTrainingPayload(request, home), quietHooks(), home);
};

const compare = async (outputDir: string, home: Home): Promise<unknown> => {
  const entries = await resolveEntries([path("infer", "reconstruction.npz")], home.store);
  const reference = await readReference(scan, home);
  const request = { entries, inferences: new Map(), reference, outputDir, options: {}, area: "common" } as const;
  return runComparison(request, quietHooks(), home);
};

/** The record of a run says that the files beside it are its own: a run that fails half way leaves none. */
describe("a record in a used folder", () => {
  it("goes before a second inference replaces what it is about", async () => {
    const outputDir = path("infer");
    await infer(outputDir, 70, nodeHome);
    const before = readFileSync(join(outputDir, "reconstruction.npz"));
    expect(existsSync(join(outputDir, "run.json"))).toBe(true);
    await expect(infer(outputDir, 40, fullAt("phase.png"))).rejects.toThrow(/cannot be written/);
    expect(readFileSync(join(outputDir, "reconstruction.npz"))).not.toEqual(before);
    expect(existsSync(join(outputDir, "run.json"))).toBe(false);
    await infer(outputDir, 70, nodeHome);
    expect(existsSync(join(outputDir, "run.json"))).toBe(true);
  });

  it("stays where a second run ends before it writes anything", async () => {
    const outputDir = path("refused");
    await infer(outputDir, 70, nodeHome);
    const before = readFileSync(join(outputDir, "run.json"), "utf8");
    const away: Home = {
      ...nodeHome,
      machine: { ...nodeHome.machine, runtime: () => Promise.reject(new PtychonautError("device", "gone")) },
    };
    await expect(infer(outputDir, 40, away)).rejects.toThrow(/gone/);
    expect(readFileSync(join(outputDir, "run.json"), "utf8")).toBe(before);
  });

  it("goes before a second comparison replaces what it is about", async () => {
    const outputDir = path("compare");
    await compare(outputDir, nodeHome);
    expect(existsSync(join(outputDir, "run.json"))).toBe(true);
    await expect(compare(outputDir, fullAt("aligned.npz"))).rejects.toThrow(/cannot be written/);
    expect(existsSync(join(outputDir, "run.json"))).toBe(false);
  });

  it("goes before a second training replaces what it is about", async () => {
    const outputDir = path("train");
    await train(outputDir, nodeHome);
    expect(existsSync(join(outputDir, "run.json"))).toBe(true);
    await expect(train(outputDir, fullAt("training.json"))).rejects.toThrow(/cannot be written/);
    expect(existsSync(join(outputDir, "run.json"))).toBe(false);
  });
});
