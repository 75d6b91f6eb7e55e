import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, expect, it } from "vitest";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-in-use-"));
afterAll(() => rmSync(folder, { recursive: true }));

const program = join(import.meta.dirname, "../../src/node/cli/ptychonaut.ts");
const scan = join(folder, "scan.npz");
const outputDir = join(folder, "run");
const lock = join(outputDir, ".ptychonaut.lock");
writeFileSync(scan, writeScanNpz(simulate({ n: 32, patterns: 24, seed: 3, photons: 1e5 })));

function train(epochs: number, ...more: string[]): ChildProcess {
  const files = ["--train_data_file", scan, "--output_dir", outputDir, "--max_epochs", String(epochs)];
  const sizes = ["--gridsize", "1", "--n_filters_scale", "1", "--batch_size", "8", "--validation_fraction", "0"];
  const rest = ["--accelerator", "cpu", "--recon_log_every_n_epochs", "0", ...more];
  const args = ["--import", "tsx", program, "train", ...files, ...sizes, ...rest];
  return spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
}

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
}

async function ended(child: ChildProcess): Promise<Ended> {
  let stderr = "";
  child.stderr?.on("data", (text) => {
    stderr += String(text);
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stderr };
}

/** Until a run says its first epoch. */
async function firstEpoch(child: ChildProcess): Promise<void> {
  if (child.stderr === null) throw new Error("no standard error");
  for await (const line of createInterface({ input: child.stderr })) if (line.startsWith("epoch ")) return;
  throw new Error("the run ended before its first epoch");
}

const checkpoint = (): Buffer => readFileSync(join(outputDir, "checkpoints", "last.ckpt.zip"));

it("a folder has one training at a time, and what it made is lost to nobody who does not ask", {
  timeout: 300_000,
}, async () => {
  const first = train(100_000);
  await firstEpoch(first);
  first.stderr?.resume();
  for (const more of [[], ["--resume", "last"], ["--overwrite"]]) {
    const second = await ended(train(2, ...more));
    expect(second.stderr).toMatch(
      /error: the output folder is in use; in .*run; got process \d+ writes to it since 20/,
    );
    expect(second.code).toBe(2);
  }
  expect(first.exitCode).toBeNull();
  const exit = once(first, "exit");
  first.kill("SIGKILL");
  await exit;
  expect(existsSync(lock)).toBe(true);

  const saved = checkpoint();
  const fresh = await ended(train(2));
  expect(fresh.stderr).toMatch(/would be lost; in .*; got checkpoints.*Go on with it: --resume last.*--overwrite/s);
  expect(fresh.code).toBe(2);
  expect(checkpoint().equals(saved)).toBe(true);

  const resumed = train(100_000, "--resume", "last");
  let said = "";
  resumed.stderr?.on("data", (text) => {
    said += String(text);
  });
  await firstEpoch(resumed);
  expect(said).toMatch(new RegExp(`took over from a run that has ended .process ${first.pid} on`));
  // It finishes its step and saves.
  resumed.kill("SIGINT");
  expect((await once(resumed, "exit"))[0]).toBe(130);
  expect(existsSync(lock)).toBe(false);

  const stopped = train(100_000, "--resume", "last");
  await firstEpoch(stopped);
  stopped.stderr?.resume();
  const gone = once(stopped, "exit");
  stopped.kill("SIGTERM");
  expect((await gone)[0]).toBe(143);
  expect(existsSync(lock)).toBe(false);

  const overwritten = await ended(train(1, "--overwrite"));
  expect(overwritten.code).toBe(0);
  expect(overwritten.stderr).toMatch(/deleted \d+ checkpoints of an earlier run/);
  expect(readdirSync(outputDir).filter((name) => name.startsWith("."))).toEqual([]);
});
