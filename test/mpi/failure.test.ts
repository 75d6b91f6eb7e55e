import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { unzipSync, zipSync } from "fflate";
import { afterAll, describe, expect, it } from "vitest";
import { startOf } from "../../src/node/files/processes.ts";
import { nodeStore } from "../../src/node/store.ts";
import { findCheckpoint } from "../../src/runs/train/checkpointFiles.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import type { TrainingState } from "../../src/training/trainingState.ts";
import { type Launched, type Launcher, launched, launchers, start } from "./launchers.ts";

const LONG = { timeout: 120_000 };
/** From the failure to the end of the job, ms. */
const SOON = 30_000;
const program = fileURLToPath(new URL("rankProgram.ts", import.meta.url));
const leaving = fileURLToPath(new URL("leavingRank.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "ptychonaut-failing-"));
afterAll(() => rmSync(folder, { recursive: true }));
const scan = join(folder, "scan.npz");
const simulated = writeScanNpz(simulate({ n: 32, patterns: 40, seed: 3, photons: 1e5 }));
writeFileSync(scan, simulated);

const settings =
  "--gridsize 1 --n_filters_scale 1 --batch_size 8 --max_epochs 1000 --accelerator cpu --recon_log_every_n_epochs 0 --patterns_in_memory no".split(
    " ",
  );

/**
 * Trains on two processes, does something to them, and waits for the end.
 * @param sign what of the output is there when it is done: as a rule the first checkpoint
 */
async function disturbed(
  launcher: Launcher,
  name: string,
  disturb: (pids: readonly number[]) => void,
  file: string = scan,
  sign = "checkpoints/last.ckpt.zip",
): Promise<Launched & { readonly last: TrainingState }> {
  const own = mkdtempSync(join(folder, "run-"));
  const output = join(own, name);
  const files = ["--train_data_file", file, "--output_dir", output];
  const running = start(launcher, 2, [program, own, "train", ...files, ...settings]);
  const begin = performance.now();
  while (!existsSync(join(output, sign)) && performance.now() - begin < 60_000) await sleep(100);
  const pids = [0, 1].map((rank) => Number(readFileSync(join(own, `pid-${rank}`), "utf8")));
  const at = performance.now();
  disturb(pids);
  const ended = await running.ended;
  const found = (await findCheckpoint("last", output, nodeStore))!;
  // The launcher may be gone a moment before the last of them.
  const gone = (): boolean => pids.every((pid) => startOf(pid) === undefined);
  while (!gone() && performance.now() - at < SOON) await sleep(50);
  expect(gone()).toBe(true);
  return { ...ended, last: found.restore(found.identity) };
}

describe.each(launchers.slice(0, 2))("under $name", (launcher) => {
  const absent = launcher.command === undefined;

  it.skipIf(absent)("one that loses its file ends all, and says why", LONG, async () => {
    // Uncompressed, so that patterns are read where they are, and one for each.
    const copies = mkdtempSync(join(folder, "copies-"));
    const own = [0, 1].map((rank) => join(copies, `scan-${rank}.npz`));
    for (const copy of own) writeFileSync(copy, zipSync(unzipSync(simulated), { level: 0 }));
    const lose = (): void => writeFileSync(own[1], "");
    const { code, stderr, last } = await disturbed(launcher, "lost", lose, join(copies, "scan-RANK.npz"));
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/process 1: error: .*/);
    expect(last.epoch).toBeGreaterThan(0);
  });

  it.skipIf(absent)("one that is killed ends all", LONG, async () => {
    const { code, last } = await disturbed(launcher, "killed", ([, pid]) => process.kill(pid, "SIGKILL"));
    expect(code).not.toBe(0);
    expect(last.epoch).toBeGreaterThan(0);
  });

  it.skipIf(absent)("SIGTERM to one stops all after the same step, saved, with the signal's code", LONG, async () => {
    const { code, stderr, last } = await disturbed(launcher, "asked", ([, pid]) => process.kill(pid, "SIGTERM"));
    expect(code).toBe(143);
    const step = /interrupted: stopped in epoch (\d+) after step (\d+)/.exec(stderr)!;
    expect([last.epoch + 1, last.step]).toEqual(step.slice(1).map(Number));
  });

  it.skipIf(absent)("SIGTERM to one that has only begun to prepare does the same", LONG, async () => {
    const ask = ([, pid]: readonly number[]): void => void process.kill(pid, "SIGTERM");
    const { code, stderr } = await disturbed(launcher, "early", ask, scan, ".");
    expect(stderr).toMatch(/interrupted: stopped in epoch 1 after step \d+/);
    expect(code).toBe(143);
  });

  it.skipIf(absent)("those that are done wait for process 0, longer than for an answer", LONG, async () => {
    // Starting takes seconds, and has the same limit.
    const { code, stdout, stderr } = await launched(launcher, 2, [leaving, "14"], { PTYCHONAUT_MPI_TIMEOUT: "10" });
    expect(stderr).not.toMatch(/do not answer/);
    expect(stdout).toBe("written\n");
    expect(code).toBe(3);
  });

  it.skipIf(absent)("those that are done end when process 0 dies", LONG, async () => {
    const begin = performance.now();
    const { code, stdout } = await launched(launcher, 2, [leaving, "1", "dies"]);
    expect(stdout).not.toContain("written");
    expect(code).not.toBe(0);
    expect(performance.now() - begin).toBeLessThan(SOON);
  });
});
