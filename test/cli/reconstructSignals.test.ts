import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-signals-"));
afterAll(() => rmSync(folder, { recursive: true }));

const program = fileURLToPath(new URL("../../src/node/cli/ptychonaut.ts", import.meta.url));
const scan = join(folder, "scan.npz");
const epochs = 120;

beforeAll(() => {
  // Large enough for an epoch to take longer than a signal does.
  const { object: _, ...dataset } = simulate({ n: 64, patterns: 120, seed: 3, photons: 1e5 });
  writeFileSync(scan, writeScanNpz(dataset));
});

function start(outputDir: string, ...more: string[]): ChildProcess {
  const flags = `--epochs ${epochs} --threads 1 --recon_log_every_n_epochs 0 --checkpoint_every_n_epochs 1`;
  const args = `--import tsx ${program} reconstruct ${scan} --output_dir ${outputDir} --resume last ${flags}`;
  return spawn(process.execPath, [...args.split(" "), ...more], { stdio: ["ignore", "ignore", "pipe"] });
}

/** Waits until a run has said `count` epochs; keeps listening, and gives all that it says in the end. */
async function said(run: ChildProcess, count: number): Promise<() => Promise<string>> {
  const lines: string[] = [];
  const heard = createInterface({ input: run.stderr! });
  const ended = once(run, "close");
  await new Promise<void>((resolve) => {
    heard.on("line", (line) => {
      lines.push(line);
      if (lines.filter((each) => each.startsWith("epoch ")).length === count) resolve();
    });
    heard.on("close", resolve);
  });
  return async () => {
    await ended;
    return lines.join("\n");
  };
}

const bytes = (of: string, name: string): Buffer => readFileSync(join(folder, of, name));
const temporaries = (of: string): string[] =>
  readdirSync(join(folder, of), { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(".tmp"));

it("SIGINT and SIGTERM save and say how to go on; SIGKILL leaves the last checkpoint; the end is the same to the byte", async () => {
  const undisturbed = start(join(folder, "whole"));
  await (await said(undisturbed, Number.POSITIVE_INFINITY))();
  expect(undisturbed.exitCode).toBe(0);
  const outputDir = join(folder, "disturbed");
  for (const [signal, code, words] of [
    ["SIGINT", 130, "Ctrl-C"],
    ["SIGTERM", 143, "SIGTERM"],
  ] as const) {
    const run = start(outputDir);
    const rest = await said(run, 3);
    run.kill(signal);
    const text = await rest();
    expect([signal, run.exitCode]).toEqual([signal, code]);
    expect(text).toMatch(new RegExp(`stopping after this step and saving; a second ${words} quits at once`));
    expect(text).toMatch(/interrupted: stopped after epoch \d+; the same run with --resume last goes on from here/);
    expect(JSON.parse(bytes("disturbed", "run.json").toString()).outcome.kind).toBe("interrupted");
  }
  const killed = start(outputDir);
  const rest = await said(killed, 4);
  killed.kill("SIGKILL");
  expect(await rest()).toMatch(/resuming after epoch \d+/);
  expect([killed.exitCode, killed.signalCode]).toEqual([null, "SIGKILL"]);
  const last = start(outputDir);
  const text = await (await said(last, Number.POSITIVE_INFINITY))();
  expect(last.exitCode).toBe(0);
  expect(Number(/resuming after epoch (\d+)/.exec(text)?.[1])).toBeGreaterThanOrEqual(6);
  expect(bytes("disturbed", "reconstruction.npz").equals(bytes("whole", "reconstruction.npz"))).toBe(true);
  expect(bytes("disturbed", "probe.npz").equals(bytes("whole", "probe.npz"))).toBe(true);
  expect(temporaries("disturbed")).toEqual([]);
}, 240_000);
