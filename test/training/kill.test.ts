import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { readBundle } from "../../src/bundle/bundle.ts";
import { nodeStore } from "../../src/node/store.ts";
import { Random } from "../../src/random.ts";
import { findCheckpoint } from "../../src/runs/train/checkpointFiles.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { writeCheckpoint } from "../../src/training/checkpoint.ts";
import type { TrainingState } from "../../src/training/trainingState.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-kill-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Kills in a row; the suite makes few, `PTYCHONAUT_KILLS=20` makes more and says what they hit. */
const kills = Number(process.env["PTYCHONAUT_KILLS"] ?? 3);
/** A kill comes within three and a half epochs of a start, as fast as they were undisturbed: before the run is done. */
const maxEpochs = 4 * kills + 4;

const program = fileURLToPath(new URL("../../src/node/cli/ptychonaut.ts", import.meta.url));
const scan = join(folder, "scan.npz");

function start(outputDir: string): ChildProcess {
  const files = `--train_data_file ${scan} --output_dir ${outputDir} --resume last`;
  const sizes = `--gridsize 1 --n_filters_scale 1 --batch_size 8 --validation_fraction 0.1 --max_epochs ${maxEpochs}`;
  const often =
    "--accelerator cpu --checkpoint_every_n_minutes 0.001 --checkpoint_save_top_k 2 --recon_log_every_n_epochs 0";
  const args = `--import tsx ${program} train ${files} ${sizes} ${often}`.split(" ");
  return spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
}

/** Milliseconds from now until a run says its first `count` epochs; waits for them, or for its end. */
async function epochs(run: ChildProcess, count: number): Promise<number[]> {
  const begin = performance.now();
  const times: number[] = [];
  for await (const line of createInterface({ input: run.stderr! })) {
    if (line.startsWith("epoch ")) times.push(performance.now() - begin);
    if (times.length === count) break;
  }
  return times;
}

const names = (outputDir: string): string[] =>
  existsSync(outputDir) ? readdirSync(outputDir, { recursive: true }).map(String) : [];
const temporaries = (outputDir: string): string[] => names(outputDir).filter((name) => name.endsWith(".tmp"));

/** Every checkpoint in the folder can be read as a whole. @returns the one that a resume takes */
async function readAll(outputDir: string): Promise<TrainingState | undefined> {
  const files = names(outputDir).filter((name) => name.endsWith(".ckpt.zip"));
  for (const name of [...files.map((file) => join(outputDir, file)), "last"]) {
    const found = await findCheckpoint(name, outputDir, nodeStore);
    const state = found?.restore(found.identity);
    if (name === "last") return state;
  }
  return undefined;
}

/** Equal states give equal bytes, once the seconds that they took are left out. */
function bytesOf({ history, ...state }: TrainingState): Uint8Array {
  return writeCheckpoint({ ...state, history: history.map((record) => ({ ...record, seconds: 0 })) }, {});
}

it(`a run killed ${kills} times in a row ends with the weights of one that was not`, {
  timeout: 1_200_000,
}, async () => {
  writeFileSync(scan, writeScanNpz(simulate({ n: 32, patterns: 40, seed: 3, photons: 1e5 })));
  const undisturbed = join(folder, "undisturbed");
  const whole = start(undisturbed);
  const wholeExit = once(whole, "exit");
  const times = await epochs(whole, Number.POSITIVE_INFINITY);
  expect((await wholeExit)[0]).toBe(0);
  const firstEpoch = times[0];
  const laterEpoch = (times.at(-1)! - firstEpoch) / (maxEpochs - 1);

  const outputDir = join(folder, "killed");
  const random = new Random(kills);
  const hit = { nothingSaved: 0, betweenEpochs: 0, withinEpoch: 0, leftovers: 0 };
  for (let kill = 0; kill < kills; kill++) {
    const run = start(outputDir);
    const exit = once(run, "exit");
    // The first is killed before it has saved anything.
    const wait = kill === 0 ? 0 : random.integer(3);
    if (wait > 0) await epochs(run, wait);
    const longest = kill === 0 ? 0.3 * firstEpoch : wait === 0 ? 1.5 * firstEpoch : 1.5 * laterEpoch;
    await sleep(random.uniform() * longest);
    run.kill("SIGKILL");
    expect((await exit)[1], "the run went on until it was killed").toBe("SIGKILL");
    const state = await readAll(outputDir);
    hit.leftovers += temporaries(outputDir).length;
    hit[state === undefined ? "nothingSaved" : state.batch > 0 ? "withinEpoch" : "betweenEpochs"]++;
  }
  const last = start(outputDir);
  const lastExit = once(last, "exit");
  last.stderr!.resume();
  expect((await lastExit)[0]).toBe(0);

  expect(hit.nothingSaved).toBeGreaterThan(0);
  if (process.env["PTYCHONAUT_KILLS"] !== undefined) console.info(`killed ${kills} times:`, hit);
  expect(temporaries(outputDir)).toEqual([]);
  // Logs have a folder for each part of the run; everything else is as if nothing had happened.
  const others = (dir: string): string[] => names(dir).filter((name) => !name.startsWith("lightning_logs"));
  expect(others(outputDir).sort()).toEqual(others(undisturbed).sort());
  const [state, expected] = [await readAll(outputDir), await readAll(undisturbed)];
  expect(state!.epoch).toBe(maxEpochs);
  expect(Buffer.compare(bytesOf(state!), bytesOf(expected!)), "the last checkpoints are the same").toBe(0);
  const model = (dir: string): Uint8Array => readBundle(readFileSync(join(dir, "model.zip"))).model;
  expect(Buffer.compare(model(outputDir), model(undisturbed)), "the models are the same").toBe(0);
});
