import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBundle } from "../../src/bundle/bundle.ts";
import type { Settings } from "../../src/config/group.ts";
import { createTrainingPayload } from "../../src/node/runs.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { checkpointIdentity, readCheckpoint } from "../../src/training/checkpoint.ts";
import type { TrainingState } from "../../src/training/trainingState.ts";
import { quietHooks } from "../runs/inferRun.ts";
import { runTraining } from "../runs/plainRuns.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-fine-tuning-"));
const scan = join(folder, "scan.npz");
beforeAll(() => writeFileSync(scan, writeScanNpz(simulate({ n: 32, patterns: 16, seed: 3, photons: 1e5 }))));
afterAll(() => rmSync(folder, { recursive: true }));

/** Four steps an epoch. */
const small = { accelerator: "cpu", gridsize: 1, maxEpochs: 2, batchSize: 4, validationFraction: 0 };
/** Of the quickest generator. */
const quick = { architecture: "fno_vanilla", fnoWidth: 4, fnoModes: 4, fnoBlocks: 1 };

interface Training {
  readonly status: string;
  readonly dir: string;
  readonly lines: readonly string[];
}

async function train(name: string, settings: Settings, stopAfter = Number.POSITIVE_INFINITY): Promise<Training> {
  const dir = join(folder, name);
  const overrides = { ...small, ...settings };
  const payload = await createTrainingPayload({ trainDataFile: scan, outputDir: dir, overrides });
  const controller = new AbortController();
  const lines: string[] = [];
  let steps = 0;
  const update = (): void => {
    if (++steps === stopAfter) controller.abort();
  };
  const hooks = { ...quietHooks(controller.signal), progress: () => ({ update, finish() {} }) };
  const { status } = await runTraining(payload, { ...hooks, log: (line) => void lines.push(line) });
  return { status, dir, lines };
}

function last({ dir }: Training): TrainingState {
  const bytes = readFileSync(join(dir, "checkpoints/last.ckpt.zip"));
  return readCheckpoint(bytes, checkpointIdentity(bytes, "last"), "last");
}
const bundle = ({ dir }: Training) => readBundle(readFileSync(join(dir, "model.zip")));
const rates = (state: TrainingState): number[] => state.history.map(({ learningRate }) => learningRate);

describe("fine-tuning", () => {
  const settings = { ...quick, epochsFineTune: 2 };
  let whole: Training;

  it("follows the epochs with the encoder as it was, bit for bit, at a lower rate", async () => {
    const before = await train("staged", quick);
    const main = last(before);
    whole = await train("staged", { ...settings, resume: "last" });
    const after = last(whole);
    expect(rates(after)).toEqual([1e-3, 1e-3, 1e-4, 1e-4]);
    expect(after.fineTuning).toEqual({ from: 2, maxEpochs: 2 });
    expect(whole.lines.join("\n")).toMatch(/fine-tuning after epoch 2: the encoder is frozen, \d+ of \d+ parameters/);
    // The encoder's parameters come first; without batch normalisation they are all that is not trained.
    const encoder = after.weights.state.length;
    expect(encoder).toBeGreaterThan(0);
    expect(after.weights.state).toEqual(main.weights.parameters.slice(0, encoder));
    expect(after.weights.parameters.length).toBe(main.weights.parameters.length - encoder);
    expect(after.weights.parameters).not.toEqual(main.weights.parameters.slice(encoder));
    expect(after.weights.moments.map(({ length }) => length)).toEqual(
      [1, 1].map(() => after.weights.parameters.length),
    );
    expect(after.history[3].trainLoss).toBeLessThan(after.history[1].trainLoss);
  });

  it.each([
    ["before it", 6],
    ["at its beginning", 8],
    ["in it", 10],
  ])("resumes bit for bit, stopped %s", async (_where, stopAfter) => {
    const name = `parts${stopAfter}`;
    expect((await train(name, settings, stopAfter)).status).toBe("interrupted");
    const resumed = await train(name, { ...settings, resume: "last" });
    expect(resumed.status).toBe("finished");
    expect(last(resumed).weights).toEqual(last(whole).weights);
    expect(bundle(resumed).model).toEqual(bundle(whole).model);
  });

  it("keeps the encoder at the running mean of its weights where there is one, which the model has", async () => {
    const averaged = { ...quick, emaDecay: 0.9 };
    const before = last(await train("averaged", averaged));
    const [, , mean] = before.weights.moments;
    expect(before.best!.parameters).toEqual(mean);
    const after = last(await train("averaged", { ...averaged, epochsFineTune: 1, resume: "last" }));
    const encoder = after.weights.state.length;
    expect(after.weights.state).toEqual(mean.slice(0, encoder));
    expect(after.weights.state).not.toEqual(before.weights.parameters.slice(0, encoder));
  });

  it("cannot go back to other epochs before it", async () => {
    await expect(train("staged", { ...settings, maxEpochs: 3, resume: "last" })).rejects.toThrow(
      /fine-tuning has begun, so max_epochs cannot change.*expected 2; got 3/,
    );
    const longer = await train("staged", { ...settings, epochsFineTune: 3, resume: "last" });
    expect(last(longer).epoch).toBe(5);
  });
});

describe("starting from a model", () => {
  let first: Training;
  const weights = (run: Training, part: RegExp) =>
    [...bundle(run).weights].filter(([name]) => part.test(name)).map(([, { data }]) => data);

  it("takes the network and its weights over, and freezes the encoder where asked for, statistics included", async () => {
    first = await train("first", { nFiltersScale: 1, batchNorm: true, modelType: "supervised", maxEpochs: 1 });
    const next = await train("next", { initFrom: first.dir, freeze: "encoder", maxEpochs: 1 });
    expect(next.lines.join("\n")).toMatch(/starting from the weights of .*model\.zip/);
    const encoder = weights(first, /^encoder\./);
    expect(encoder.length).toBeGreaterThan(8);
    expect(weights(next, /^encoder\./)).toEqual(encoder);
    expect(weights(next, /^amplitude\./)).not.toEqual(weights(first, /^amplitude\./));
    const record = JSON.parse(readFileSync(join(next.dir, "run.json"), "utf8"));
    expect(record.inputs[1]).toEqual({
      path: join(first.dir, "model.zip"),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(record.settings.model).toMatchObject({ batchNorm: true, nFiltersScale: 1 });
  });

  it("resumes bit for bit, and not from another model or with another part frozen", async () => {
    const start = await train("start", { ...quick, maxEpochs: 1 });
    const settings = { initFrom: start.dir, freeze: "encoder" };
    const uninterrupted = await train("uninterrupted", settings);
    await train("parts", settings, 3);
    const resumed = await train("parts", { ...settings, resume: "last" });
    expect(bundle(resumed).model).toEqual(bundle(uninterrupted).model);
    await expect(train("parts", { ...settings, freeze: "none", resume: "last" })).rejects.toThrow(
      /another run[\s\S]*freeze: encoder → none/,
    );
    await expect(train("parts", { ...settings, initFrom: uninterrupted.dir, resume: "last" })).rejects.toThrow(
      /another run[\s\S]*init_from: [0-9a-f]{64} → [0-9a-f]{64}/,
    );
  });

  it("refuses another network, a folder without a model, and to overwrite it", async () => {
    await expect(train("other", { initFrom: first.dir, nFiltersScale: 2 })).rejects.toThrow(
      /n_filters_scale differs from the network in init_from.*expected 1; got 2/,
    );
    await expect(train("other", { initFrom: first.dir, gridsize: 2 })).rejects.toThrow(/gridsize differs/);
    await expect(train("other", { initFrom: folder })).rejects.toThrow(/no model in this folder/);
    await expect(train("first", { initFrom: first.dir })).rejects.toThrow(/would overwrite/);
  });
});
