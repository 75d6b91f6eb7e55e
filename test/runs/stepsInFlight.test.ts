import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Settings } from "../../src/config/group.ts";
import type { RunHooks, RunSteps } from "../../src/runs/hooks.ts";
import type { MetricRow } from "../../src/runs/loggers/metricsLogger.ts";
import { createReconstructionPayload, createTrainingPayload } from "../../src/runs/payloads.ts";
import { runReconstruction } from "../../src/runs/reconstruct/reconstruct.ts";
import { type RepeatRequest, readSavedRun, repeatRequest } from "../../src/runs/savedRun.ts";
import { runTraining } from "../../src/runs/train/train.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { quietHooks } from "./inferRun.ts";
import { plainHome } from "./plainHome.ts";

let folder = "";
const path = (...names: string[]): string => join(folder, ...names);
const text = (...names: string[]): string => readFileSync(path(...names), "utf8");
const json = (...names: string[]) => JSON.parse(text(...names));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-steps-"));
  writeFileSync(path("scan.npz"), writeScanNpz(simulate({ n: 32, patterns: 36, step: 4, seed: 3, photons: 1e5 })));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Somebody who looks on, and wishes something after an epoch. */
function onlooker(after: number, wish: Readonly<Record<string, number>>, look: (row: MetricRow) => void = () => {}) {
  const [offered, said, warned]: [RunSteps[], string[], string[]] = [[], [], []];
  let open: Readonly<Record<string, number>> | undefined;
  const hooks: RunHooks = {
    ...quietHooks(),
    log: (line) => void said.push(line),
    warn: (line) => void warned.push(line),
    steering: {
      offers: (steps) => void offered.push(steps),
      wanted() {
        const now = open;
        open = undefined;
        return now;
      },
    },
    watch: {
      row(row) {
        look(row);
        if (row.epoch === after) open = wish;
      },
      wantsPicture: () => false,
      picture() {},
    },
  };
  return { hooks, offered, said, warned };
}

async function again(of: string): Promise<RepeatRequest> {
  return repeatRequest(await readSavedRun(path(of, "run.json"), plainHome.store), path(`${of} again`));
}

const reconstruct = async (name: string, hooks: RunHooks, more: Settings = {}) => {
  const overrides = { engine: "rpie", epochs: 5, threads: 1, reconLogEveryNEpochs: 0, ...more };
  const request = { scan: path("scan.npz"), outputDir: path(name), overrides };
  return runReconstruction(await createReconstructionPayload(request, plainHome), hooks, plainHome);
};

it("steps that were changed are not lost where the run is cut off after their first epoch", async () => {
  const { hooks } = onlooker(2, { objectStep: 0.125 }, ({ epoch }) => {
    if (epoch === 3) throw new Error("cut off");
  });
  await expect(reconstruct("cut", hooks)).rejects.toThrow("cut off");
  const { hooks: later, said } = onlooker(0, {});
  await reconstruct("cut", later, { resume: "last" });
  expect(said).toContain("resuming after epoch 3");
  expect(json("cut", "run.json").changes).toEqual([
    { epoch: 3, stage: 1, settings: { objectStep: { from: 0.5, to: 0.125 } } },
  ]);
});

it("steps that are changed while an engine runs are in its log and its record, and the run that repeats it has them", async () => {
  const { hooks, offered, said } = onlooker(2, { objectStep: 0.125 });
  await reconstruct("run", hooks);
  expect(said).toContain("from epoch 3 on: object_step 0.125 instead of 0.5");
  expect(text("run", "run-log.txt")).toContain("\nfrom epoch 3 on: object_step 0.125 instead of 0.5\n");
  const change = { epoch: 3, settings: { objectStep: { from: 0.5, to: 0.125 } } };
  expect(json("run", "run.json").changes).toEqual([{ ...change, stage: 1 }]);
  expect(offered.map(({ settings }) => settings)).toEqual([
    { objectStep: 0.5, probeStep: 0.25 },
    { objectStep: 0.125, probeStep: 0.25 },
  ]);
  const { command, request } = await again("run");
  if (command !== "reconstruct") throw new Error(command);
  await runReconstruction(await createReconstructionPayload(request, plainHome), quietHooks(), plainHome);
  const bytes = (name: string) => readFileSync(path(name, "reconstruction.npz"));
  expect(bytes("run again")).toEqual(bytes("run"));
  expect(json("run again", "run.json").changes).toEqual(json("run", "run.json").changes);
  await reconstruct("plain", quietHooks());
  expect(bytes("plain")).not.toEqual(bytes("run"));
  expect(json("plain", "run.json").changes).toBeUndefined();
});

it("a wish that makes no sense is warned of, and the run goes on as it was", async () => {
  const { hooks, warned } = onlooker(2, { objectStep: 5 });
  expect((await reconstruct("wish", hooks)).status).toBe("finished");
  expect(warned.join("\n")).toMatch(/steps stay as they are: objectStep of rpie cannot be 5.*at most 2/);
  expect(json("wish", "run.json").changes).toBeUndefined();
});

it("a learning rate that is changed while a network trains is in its log and its record, and is repeated", async () => {
  const { hooks, offered, said } = onlooker(1, { learningRate: 1e-4 });
  const overrides = {
    ...{ maxEpochs: 3, gridsize: 1, nFiltersScale: 1, batchSize: 9, seed: 1, scheduler: "Exponential" },
    ...{ reconLogEveryNEpochs: 0, accelerator: "cpu" },
  };
  const request = { trainDataFile: path("scan.npz"), outputDir: path("train"), overrides };
  await runTraining(await createTrainingPayload(request, plainHome), hooks, plainHome);
  expect(said).toContain("from epoch 2 on: learning_rate 0.0001 instead of 0.001");
  expect(json("train", "run.json").changes).toEqual([
    { epoch: 2, settings: { learningRate: { from: 1e-3, to: 1e-4 } } },
  ]);
  expect(offered.at(-1)?.settings).toEqual({ learningRate: 1e-4 });
  // The schedule goes on from there.
  const rates = (name: string): number[] =>
    json(name, "training.json").history.map(({ learningRate }: { readonly learningRate: number }) => learningRate);
  const [first, ...later] = rates("train");
  expect(later.map((rate) => rate / first)).toEqual([0.95, 0.95 ** 2].map((part) => expect.closeTo(0.1 * part, 9)));
  const repeat = await again("train");
  if (repeat.command !== "train") throw new Error(repeat.command);
  await runTraining(await createTrainingPayload(repeat.request, plainHome), quietHooks(), plainHome);
  const losses = (name: string): number[] =>
    json(name, "training.json").history.map(({ trainLoss }: { readonly trainLoss: number }) => trainLoss);
  expect(rates("train again")).toEqual(rates("train"));
  expect(losses("train again")).toEqual(losses("train"));
});
