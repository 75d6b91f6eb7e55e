import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "../../src/node/cli/main.ts";
import { nodeStore } from "../../src/node/store.ts";
import { findCheckpoint } from "../../src/runs/train/checkpointFiles.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import type { TrainingState } from "../../src/training/trainingState.ts";
import { tolerances } from "../tolerances.ts";
import { launched, launchers } from "./launchers.ts";

const LONG = { timeout: 180_000 };
const program = fileURLToPath(new URL("../../src/node/cli/ptychonaut.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "ptychonaut-ranks-"));
afterAll(() => rmSync(folder, { recursive: true }));
const scan = join(folder, "scan.npz");
const at = (name: string): string => join(folder, name);

/** 34 training groups; in batches of six the last one is not full. */
const settings =
  "--n_filters_scale 1 --validation_fraction 0.15 --accelerator cpu --recon_log_every_n_epochs 0 --checkpoint_save_top_k -1 --no_enable_progress_bar".split(
    " ",
  );
/** Without Adam's division by the gradient's own size, which makes large steps of what rounding leaves of small gradients. */
const plain = "--gridsize 1 --batch_size 6 --optimizer sgd --learning_rate 1e-6".split(" ");

const train = (output: string, ...more: string[]): string[] => [
  ...["train", "--train_data_file", scan, "--output_dir", at(output), ...settings, ...more],
];

async function alone(...argv: string[]): Promise<void> {
  const said: string[] = [];
  const code = await main(argv, { stdout: () => {}, stderr: (text) => said.push(text) });
  expect(said.join("")).not.toMatch(/^error/m);
  expect(code).toBe(0);
}

/** The checkpoint of an epoch, or the last. */
async function stateOf(output: string, epoch?: number): Promise<TrainingState> {
  const kept = join(at(output), "checkpoints");
  const name = readdirSync(kept).find((file) => file.startsWith(`epoch=000${epoch}-`));
  const found = await findCheckpoint(name === undefined ? "last" : join(kept, name), at(output), nodeStore);
  return found!.restore(found!.identity);
}

const distance = (a: Float32Array, b: Float32Array): number =>
  Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0));

/** Weights and losses are those of the undisturbed single process, to rounding, measured by how far an epoch moves them. */
async function expectAsAlone(output: string, epoch: number): Promise<void> {
  const [state, single, before] = [
    await stateOf(output),
    await stateOf("alone", epoch),
    await stateOf("alone", epoch - 1),
  ];
  expect(state.epoch).toBe(epoch);
  const moved = distance(single.weights.parameters, before.weights.parameters);
  expect(moved).toBeGreaterThan(0);
  expect(distance(state.weights.parameters, single.weights.parameters) / moved).toBeLessThan(tolerances.ranksStep);
  for (const [i, { trainLoss, validationLoss }] of state.history.entries()) {
    const expected = single.history[i];
    expect(Math.abs(trainLoss / expected.trainLoss - 1)).toBeLessThan(tolerances.ranksStep);
    expect(Math.abs(validationLoss! / expected.validationLoss! - 1)).toBeLessThan(tolerances.ranksStep);
  }
}

beforeAll(async () => {
  writeFileSync(scan, writeScanNpz(simulate({ n: 32, patterns: 40, seed: 3, photons: 1e5 })));
  await alone(...train("alone", ...plain, "--max_epochs", "4"));
}, 120_000);

describe.each(launchers)("training over ranks, $name", (launcher) => {
  const { name, command } = launcher;
  const two = `two ${name}`;

  it.skipIf(command === undefined)(
    "two and then three processes, and one again, train what one does",
    LONG,
    async () => {
      const first = await launched(launcher, 2, [program, ...train(two, ...plain, "--max_epochs", "2")]);
      expect(first.code).toBe(0);
      // One talks, and writes.
      expect(first.stderr.match(/^epoch \d/gm)).toEqual(["epoch 1", "epoch 2"]);
      expect(first.stderr).toContain("2 processes share every batch of 6 groups, 3 or fewer each");
      expect(first.stderr.match(/^wrote .*model.zip$/gm)).toHaveLength(1);
      await expectAsAlone(two, 2);
      const record = JSON.parse(readFileSync(join(at(two), "run.json"), "utf8"));
      expect(record.versions.mpi).toMatch(/MPI/);
      const goOn = [...plain, "--resume", "last", "--max_epochs"];
      const second = await launched(launcher, 3, [program, ...train(two, ...goOn, "3")]);
      expect(second.stderr).toContain("resuming at epoch 3, batch 0 of 6");
      expect(second.code).toBe(0);
      await expectAsAlone(two, 3);
      await alone(...train(two, ...goOn, "4"));
      await expectAsAlone(two, 4);
    },
  );
});

const any = launchers.find(({ command }) => command !== undefined)!;

it.skipIf(any === undefined)(
  "two runs of as many processes are the same to the bit, with Adam and replicas",
  LONG,
  async () => {
    const more = "--max_epochs 1 --batch_size 4 --devices 2 --gridsize 1 --patterns_in_memory no".split(" ");
    for (const output of ["bits", "same bits"]) {
      const { code } = await launched(any, 2, [program, ...train(output, ...more)]);
      expect(code).toBe(0);
    }
    const [a, b] = [await stateOf("bits"), await stateOf("same bits")];
    expect(a.weights).toEqual(b.weights);
    expect(a.best).toEqual(b.best);
  },
);

it.skipIf(any === undefined)(
  "a batch for each process, where that is asked for, is one process's larger batch",
  LONG,
  async () => {
    const scaled = "--gridsize 1 --optimizer sgd --batch_size 3 --max_epochs 1".split(" ");
    const { code, stderr } = await launched(any, 2, [
      program,
      ...train("scaled", ...scaled, "--learning_rate", "5e-7", "--scale_batch", "--scale_learning_rate", "linear"),
    ]);
    expect(stderr).toContain(
      "2 processes share every batch of 6 groups, 3 or fewer each (batch_size 3 each); learning rate 0.00000100",
    );
    expect(code).toBe(0);
    const [state, single] = [await stateOf("scaled"), await stateOf("alone", 1)];
    expect(Math.abs(state.history[0].validationLoss! / single.history[0].validationLoss! - 1)).toBeLessThan(
      tolerances.ranksStep,
    );
  },
);

it.skipIf(any === undefined)("more processes than groups in a batch are refused, once for all", LONG, async () => {
  const { code, stderr } = await launched(any, 3, [program, ...train("few", "--gridsize", "1", "--batch_size", "2")]);
  expect(code).toBe(2);
  expect(stderr.match(/more processes than groups in a batch; expected at most 2; got 3/g)).toHaveLength(1);
});
