import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { memoryPatterns } from "../../src/data/memoryPatterns.ts";
import { selectedPatterns } from "../../src/data/selectFrames.ts";
import { main } from "../../src/node/cli/main.ts";
import { nodeHome } from "../../src/node/home.ts";
import { createInferencePayload, createTrainingPayload } from "../../src/node/runs.ts";
import { runInference } from "../../src/runs/infer/inferAndRefine.ts";
import { checkMemory, outOfMemory, patternMemory } from "../../src/runs/memory.ts";
import { runTraining } from "../../src/runs/train/train.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { call, inferArgs } from "../cli/harness.ts";
import { quietHooks } from "./inferRun.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-memory-"));
const path = (...names: string[]): string => join(folder, ...names);
afterAll(() => rmSync(folder, { recursive: true }));

const GIB = 2 ** 30;

describe("memory that a run takes", () => {
  const shares = [
    { what: "steps", bytes: 5 * GIB },
    { what: "patterns", bytes: GIB },
  ];

  it("is of no interest where there is plenty, a warning where there is little, an error where there is none", () => {
    expect(checkMemory(shares, 16 * GIB, "")).toEqual([]);
    expect(checkMemory(shares, 8 * GIB, "")).toEqual([
      expect.stringMatching(/about 6\.25 GiB of the 8\.00 GiB.*5\.00 GiB for steps, 1\.00 GiB for patterns/),
    ]);
    expect(() => checkMemory(shares, 5 * GIB, "take less")).toThrow(
      /more memory than there is; expected at most 5\.00 GiB; got about 6\.25 GiB: 5\.00 GiB for steps.*Take less/,
    );
  });

  it("is that of the patterns where they are in memory, of those that were chosen", () => {
    const patterns = memoryPatterns(new Float32Array(10 * 64), [10, 8, 8]);
    expect(patternMemory(patterns)).toBe(2560);
    expect(patternMemory(selectedPatterns(patterns, [1, 2]))).toBe(512);
    const inFile = { ...patterns, origin: { kind: "file" } } as unknown as typeof patterns;
    expect(patternMemory(inFile)).toBe(0);
    expect(patternMemory(selectedPatterns(inFile, [1, 2]))).toBe(0);
  });

  it("is looked at before training and inference start", async () => {
    writeFileSync(path("scan.npz"), writeScanNpz(simulate({ n: 32, patterns: 12, seed: 1, measurement: "amplitude" })));
    const small = { gridsize: 1, nFiltersScale: 1, batchSize: 2, maxEpochs: 1, accelerator: "cpu" };
    const training = await createTrainingPayload({
      trainDataFile: path("scan.npz"),
      outputDir: path("run"),
      overrides: { ...small, reconLogEveryNEpochs: 0 },
    });
    const tiny = { ...nodeHome, machine: { ...nodeHome.machine, memory: 2 ** 27 } };
    await expect(runTraining(training, quietHooks(), tiny)).rejects.toThrow(
      /more memory than there is.*training steps.*`batch_size`/,
    );
    expect(existsSync(path("run", "checkpoints"))).toBe(false);
    await runTraining(training, quietHooks(), nodeHome);
    const inference = await createInferencePayload({
      modelPath: path("run"),
      testDataFile: path("scan.npz"),
      outputDir: path("object"),
      overrides: { accelerator: "cpu" },
    });
    await expect(runInference(inference, quietHooks(), tiny)).rejects.toThrow(/more memory.*`inference_batch_size`/);
    const tight = { ...nodeHome, machine: { ...nodeHome.machine, memory: 1.2 * 2 ** 28 } };
    const heard = quietHooks();
    await runInference(inference, heard, tight);
    expect(heard.warnings.join("\n")).toMatch(/takes about .* of memory that there are/);
  }, 60_000);
});

describe("memory that runs out", () => {
  const every = (): boolean => true;
  it("is an error that names it, whoever ran out", async () => {
    const allocation = (() => {
      try {
        return new Float64Array(2 ** 33);
      } catch (error) {
        return error;
      }
    })();
    for (const error of [
      allocation,
      new Error("ONNX Runtime: std::bad_alloc"),
      new RangeError("Array buffer allocation failed"),
    ])
      expect(outOfMemory(error, every)?.message).toMatch(/not enough memory/);
    const kernel = new Error(
      "Conv node. /src/arena.cc:360 AllocateRaw(size_t) Failed to allocate memory for buffer of size 64\n",
    );
    expect(outOfMemory(kernel, every)?.message).toMatch(/got Failed to allocate memory for buffer of size 64\. Take/);
    expect(outOfMemory(new RangeError("Invalid array length"), every)).toBeUndefined();
    expect(outOfMemory(new Error("something else"), every)).toBeUndefined();
  });

  it("ends a command with 1, without the word unexpected", async () => {
    const said: string[] = [];
    const train = (): never => {
      throw new RangeError("Array buffer allocation failed");
    };
    const argv = [
      "train",
      "--train_data_file",
      path("scan.npz"),
      "--output_dir",
      path("never"),
      "--accelerator",
      "cpu",
    ];
    expect(await main(argv, { workflows: { train }, stderr: (text) => void said.push(text) })).toBe(1);
    expect(said.join("")).toMatch(/not enough memory.*Array buffer allocation failed.*--batch_size/s);
    expect(said.join("")).not.toMatch(/unexpected/);
  });

  it("is answered with flags that the command has", async () => {
    const work = (): never => {
      throw new RangeError("Array buffer allocation failed");
    };
    const { stderr } = await call(inferArgs, { work });
    expect(stderr).toMatch(/--inference_batch_size, or leave.*--patterns_in_memory no.*, or raise the limit/);
    expect(stderr).not.toContain("--batch_size");
    expect(outOfMemory(new Error("bad_alloc"), () => false)?.details.fix).toBe("raise the limit");
  });
});
