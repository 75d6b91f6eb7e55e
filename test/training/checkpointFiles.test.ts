import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { nodeStore } from "../../src/node/store.ts";
import { findCheckpoint, openCheckpoints } from "../../src/runs/train/checkpointFiles.ts";
import type { TrainingState } from "../../src/training/trainingState.ts";
import { toyTrainer } from "./toyProblem.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-checkpoints-"));
afterAll(() => rmSync(folder, { recursive: true }));

const identity = { seed: 1 };
const at = (state: TrainingState, epoch: number): TrainingState => ({ ...state, epoch });

async function startState(): Promise<TrainingState> {
  const { start, step } = await toyTrainer();
  await step.dispose();
  return start;
}

it("keeps the last and the kept checkpoints, and deletes the dropped ones after the new ones are there", async () => {
  const outputDir = join(folder, "kept");
  const { files } = await openCheckpoints({ store: nodeStore, outputDir, identity, monitor: "val_loss", fresh: true });
  const state = await startState();
  await files.save(at(state, 1), { epoch: 1, value: 2.5 });
  await files.save(at(state, 2), { epoch: 2, value: 1.25 }, [{ epoch: 1, value: 2.5 }]);
  await files.save(at(state, 3));
  expect(readdirSync(join(outputDir, "checkpoints")).sort()).toEqual([
    "epoch=0002-val_loss=1.25000.ckpt.zip",
    "last.ckpt.zip",
  ]);
  const found = (await findCheckpoint("last", outputDir, nodeStore))!;
  expect(found.identity).toEqual(identity);
  expect(found.restore(identity).epoch).toBe(3);
  const again = await openCheckpoints({ store: nodeStore, outputDir, identity, monitor: "val_loss", fresh: true });
  expect(again.deleted).toBe(2);
});

it("a write that fails is a clear error and leaves the checkpoint before", async () => {
  const outputDir = join(folder, "full");
  const { files } = await openCheckpoints({ store: nodeStore, outputDir, identity, monitor: "val_loss", fresh: true });
  const state = await startState();
  await files.save(at(state, 1));
  // The name leads into a folder that is not there.
  const failing = await openCheckpoints({
    store: nodeStore,
    outputDir,
    identity,
    monitor: "missing/loss",
    fresh: false,
  });
  const save = failing.files.save(at(state, 2), { epoch: 2, value: 1 });
  await expect(save).rejects.toMatchObject({ kind: "output", exitCode: 1 });
  expect((await findCheckpoint("last", outputDir, nodeStore))!.restore(identity).epoch).toBe(1);
});

it("saves within an epoch once so many minutes have passed since the last one", async () => {
  const outputDir = join(folder, "minutes");
  let minutes = 0;
  const clock = { everyMinutes: 5, now: () => 60_000 * minutes };
  const { files } = await openCheckpoints({
    store: nodeStore,
    outputDir,
    identity,
    monitor: "val_loss",
    fresh: true,
    ...clock,
  });
  const state = await startState();
  const epochs: (number | undefined)[] = [];
  for (const [at5, epoch] of [
    [4, 1],
    [5, 2],
    [9, 3],
    [10, 4],
  ] as const) {
    minutes = at5;
    await files.saveWhenDue(async () => at(state, epoch));
    epochs.push((await findCheckpoint("last", outputDir, nodeStore))?.restore(identity).epoch);
  }
  expect(epochs).toEqual([undefined, 2, 2, 4]);
});

it("what a kill left between two files is cleared up by the run that goes on from the last", async () => {
  const outputDir = join(folder, "between");
  const { files } = await openCheckpoints({ store: nodeStore, outputDir, identity, monitor: "val_loss", fresh: true });
  const state = await startState();
  await files.save(at(state, 1), { epoch: 1, value: 2 });
  // Killed before epoch 1 was deleted, and after epoch 3 was written but not the last one.
  await files.save(at(state, 2), { epoch: 2, value: 1 });
  await files.save(at(state, 2), { epoch: 3, value: 0.5 });
  await openCheckpoints({
    ...{ store: nodeStore, outputDir, identity, monitor: "val_loss", fresh: false },
    kept: [{ epoch: 2, value: 1 }],
  });
  expect(readdirSync(join(outputDir, "checkpoints")).sort()).toEqual([
    "epoch=0002-val_loss=1.00000.ckpt.zip",
    "last.ckpt.zip",
  ]);
  rmSync(join(outputDir, "checkpoints/last.ckpt.zip"));
  expect(await findCheckpoint("last", outputDir, nodeStore)).toBeDefined();
});

it("a killed process leaves a whole checkpoint", async () => {
  const outputDir = join(folder, "killed");
  const script = join(dirname(fileURLToPath(import.meta.url)), "saveForever.ts");
  const child = spawn(process.execPath, ["--import", "tsx", script, outputDir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise<void>((resolve) => child.stdout.on("data", (text) => String(text).includes("20") && resolve()));
  child.kill("SIGKILL");
  await new Promise((resolve) => child.on("exit", resolve));
  const found = (await findCheckpoint("last", outputDir, nodeStore))!.restore(identity);
  expect(found.epoch).toBeGreaterThanOrEqual(20);
  expect(found.weights.parameters.every((value) => value === found.epoch)).toBe(true);
  // What the killed write left behind is cleared away by the next run.
  await openCheckpoints({ store: nodeStore, outputDir, identity, monitor: "val_loss", fresh: false });
  expect(readdirSync(join(outputDir, "checkpoints"))).toEqual(["last.ckpt.zip"]);
  expect(readFileSync(join(outputDir, "checkpoints/last.ckpt.zip")).length).toBeGreaterThan(0);
});
