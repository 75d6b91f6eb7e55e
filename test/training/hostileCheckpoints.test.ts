import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { writeZip } from "../../src/formats/writeZip.ts";
import { openZip } from "../../src/formats/zip.ts";
import { adam } from "../../src/graph/optimizers.ts";
import { nodeStore } from "../../src/node/store.ts";
import { findCheckpoint, openCheckpoints } from "../../src/runs/train/checkpointFiles.ts";
import { readCheckpoint, writeCheckpoint } from "../../src/training/checkpoint.ts";
import { createTrainingStep } from "../../src/training/steps.ts";
import { testRuntime } from "../evaluate.ts";
import { toyModels, toyTrainer } from "./toyProblem.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-hostile-"));
afterAll(() => rmSync(folder, { recursive: true }));

const { start, step } = await toyTrainer();
await step.dispose();
const record = {
  ...{ epoch: 1, step: 5, trainLoss: 1, train: { root: 1 }, validationLoss: null, validation: {} },
  ...{ learningRate: 0.1, gradientNormBefore: 1, gradientNormAfter: 1, seconds: 1 },
};
const { parameters, state } = start.weights;
const sound = writeCheckpoint(
  {
    ...{ ...start, epoch: 2, step: 10, kept: [{ epoch: 1, value: 2 }] },
    ...{ history: [record, { ...record, epoch: 2 }], best: { epoch: 1, value: 2, parameters, state } },
  },
  {},
);

/** The sound checkpoint with other members: its JSON changed, or a vector replaced. */
function changed(change: (json: Record<string, unknown>) => unknown, vectors: Record<string, string> = {}): Uint8Array {
  const zip = openZip(sound, "sound");
  const json = JSON.parse(new TextDecoder().decode(zip.read("state.json"))) as Record<string, unknown>;
  return writeZip(
    zip.members.map(({ name }) => ({
      name,
      data:
        name === "state.json"
          ? new TextEncoder().encode(JSON.stringify(change(json)))
          : zip.read(`${vectors[name.replace(".npy", "")] ?? name.replace(".npy", "")}.npy`),
    })),
  );
}

const set = (path: string, value: unknown) => (json: Record<string, unknown>) => {
  const keys = path.split(".");
  const last = keys.pop() as string;
  const holder = keys.reduce<Record<string, unknown>>((at, key) => at[key] as Record<string, unknown>, json);
  holder[last] = value;
  return json;
};

describe("a checkpoint is read by its schema", () => {
  it("a sound one; numbers that were not finite come back as that", () => {
    expect(readCheckpoint(sound, {}, "sound").history).toHaveLength(2);
    const notFinite = readCheckpoint(changed(set("history.0.trainLoss", null)), {}, "sound");
    expect(notFinite.history[0].trainLoss).toBeNaN();
  });

  it.each<[string, (json: Record<string, unknown>) => unknown]>([
    ["null", () => null],
    ["a list", () => []],
    ["a format that is no text either", set("format", { toString: 1 })],
    ["a negative epoch", set("epoch", -1)],
    ["half a batch", set("batch", 0.5)],
    ["random numbers of three words", set("random", [1, 2, 3])],
    ["random numbers that stand still", set("random", [0, 0, 0, 0])],
    ["a word of 33 bits", set("random", [2 ** 32, 1, 1, 1])],
    ["a kept epoch that is a path", set("kept.0.epoch", "../../elsewhere/VICTIM")],
    ["a kept epoch that is not whole", set("kept.0.epoch", 1e21)],
    ["a kept value that is a path", set("kept.0.value", "/../../VICTIM")],
    ["very many vectors", set("moments", 1e9)],
    ["no history", set("history", null)],
    ["history of the future", set("history.1.epoch", 99)],
    ["batches without samples", set("batch", 3)],
    ["no schedule", set("schedule", undefined)],
    ["a rate that is a text", set("schedule.rate", "fast")],
  ])("refuses %s", (_what, change) => {
    const read = (): unknown => readCheckpoint(changed(change), {}, "last.ckpt.zip");
    expect(read).toThrow(expect.objectContaining({ name: "PtychonautError", kind: "data" }));
    expect(read).toThrow(/the checkpoint cannot be read; in last.ckpt.zip; got \w/);
  });

  it("refuses JSON without a bottom", () => {
    const zip = openZip(sound, "sound");
    const text = new TextDecoder().decode(zip.read("state.json"));
    const deep = text.replace('"identity":{}', `"identity":{"N":${"[".repeat(200_000)}${"]".repeat(200_000)}}`);
    const file = writeZip([{ name: "state.json", data: new TextEncoder().encode(deep) }]);
    expect(() => readCheckpoint(file, {}, "deep")).toThrow(/nested too deeply; in deep: state.json/);
  });

  it("refuses vectors that do not belong together", () => {
    for (const vectors of [{ moment0: "state" }, { "best.parameters": "state" }, { "best.state": "parameters" }])
      expect(() =>
        readCheckpoint(
          changed((json) => json, vectors),
          {},
          "last",
        ),
      ).toThrow(/numbers instead of/);
  });

  it("a step refuses the weights of another network", async () => {
    const optimizer = adam();
    const options = { runtime: testRuntime, models: toyModels(optimizer), optimizer, form: "fused" } as const;
    const other = { ...start.weights, parameters: state, moments: start.weights.moments.map(() => state) };
    for (const weights of [other, { ...start.weights, moments: [] }])
      await expect(createTrainingStep({ ...options, start: weights })).rejects.toThrow(
        expect.objectContaining({ name: "PtychonautError", kind: "data" }),
      );
  });
});

describe("the folder of checkpoints", () => {
  it("files that this program does not write are neither read nor deleted", async () => {
    const outputDir = join(folder, "run");
    const checkpoints = join(outputDir, "checkpoints");
    mkdirSync(checkpoints, { recursive: true });
    const own = ["last.ckpt.zip", "epoch=0001-val_loss=2.00000.ckpt.zip", "epoch=0002-val_loss=NaN.ckpt.zip"];
    const others = ["zz.ckpt.zip", "epoch=1.ckpt.zip", "best of all.ckpt.zip"];
    for (const name of [...own, ...others]) writeFileSync(join(checkpoints, name), sound);
    writeFileSync(join(checkpoints, "zz.ckpt.zip"), "not a checkpoint");
    expect(await findCheckpoint("last", outputDir, nodeStore)).toBeDefined();
    const { deleted } = await openCheckpoints({
      store: nodeStore,
      outputDir,
      identity: {},
      monitor: "val_loss",
      fresh: true,
    });
    expect(deleted).toBe(3);
    for (const name of others) expect(existsSync(join(checkpoints, name))).toBe(true);
  });
});

const hostile = join(import.meta.dirname, "../../../shared/cases/hostile");
describe.skipIf(!existsSync(hostile))("hostile files (../shared/cases/hostile)", () => {
  it("state.json that is null", () => {
    const file = readFileSync(join(hostile, "ckpt-null.ckpt.zip"));
    expect(() => readCheckpoint(file, {}, "null")).toThrow(/the checkpoint cannot be read; in null/);
  });

  it("a kept name that leads out of the folder", () => {
    const json = readFileSync(join(hostile, "ckpt-kept-traversal.state.json"));
    const file = writeZip([{ name: "state.json", data: json }]);
    expect(() => readCheckpoint(file, {}, "kept")).toThrow(/the checkpoint cannot be read; in kept; got kept.0.epoch/);
  });
});
