import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dropUnread, interruption } from "../../src/node/cli/program.ts";
import { nodeStore } from "../../src/node/store.ts";
import { findCheckpoint } from "../../src/runs/train/checkpointFiles.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";

function listening() {
  const exits: number[] = [];
  const said: string[] = [];
  const source = Object.assign(new EventEmitter(), { exit: (code: number) => void exits.push(code) });
  const heard = interruption(source, (text) => void said.push(text));
  return { exits, said, source, heard };
}

describe("signals", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
    ["SIGUSR1", 138],
  ])("the first %s asks the run to end, the second ends the program", (name, code) => {
    const { exits, said, source, heard } = listening();
    heard.listen();
    heard.listen();
    expect([heard.signal.aborted, heard.exitCode()]).toEqual([false, undefined]);
    source.emit(name);
    expect([heard.signal.aborted, heard.exitCode()]).toEqual([true, code]);
    expect(said.join()).toContain(`saving; a second ${name === "SIGINT" ? "Ctrl-C" : name} quits at once`);
    expect(exits).toEqual([]);
    source.emit(name);
    expect(exits).toEqual([code]);
    heard.dispose();
    expect(source.listenerCount(name)).toBe(0);
  });

  it("after the first are left to the system, which needs no turn of this thread", async () => {
    const { exits, source, heard } = listening();
    heard.listen();
    source.emit("SIGINT");
    await new Promise((resolve) => setImmediate(resolve));
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) expect(source.listenerCount(name)).toBe(0);
    expect(exits).toEqual([]);
  });

  it("before a run has begun say that nothing was saved; from then on the system, and then the run has them", () => {
    const { exits, said, source, heard } = listening();
    heard.beforeRun();
    source.emit("SIGINT");
    expect([exits, said.join(), heard.signal.aborted]).toEqual([
      [130],
      "\ninterrupted before the run began: nothing was saved\n",
      false,
    ]);
    heard.begun();
    expect(source.listenerCount("SIGINT")).toBe(0);
    heard.beforeRun();
    heard.listen();
    expect(source.listenerCount("SIGINT")).toBe(1);
    source.emit("SIGINT");
    expect([exits, heard.signal.aborted]).toEqual([[130], true]);
    heard.dispose();
    expect(source.listenerCount("SIGINT")).toBe(0);
  });

  it("are left to the system until a run looks at them", () => {
    const { source, heard } = listening();
    expect(source.listenerCount("SIGTERM")).toBe(0);
    heard.listen();
    expect(source.listenerCount("SIGTERM")).toBe(1);
  });
});

it("output that nobody reads is dropped; a full disk is not", () => {
  const failures: string[] = [];
  const output = new EventEmitter();
  dropUnread(output, (reason) => void failures.push(reason));
  for (const code of ["EPIPE", "EIO"]) output.emit("error", Object.assign(new Error(code), { code }));
  expect(failures).toEqual([]);
  output.emit("error", Object.assign(new Error("full, write"), { code: "ENOSPC" }));
  expect(failures).toEqual(["full"]);
});

describe("as a program", { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "ptychonaut-program-"));
  const scan = join(folder, "scan.npz");
  const program = fileURLToPath(new URL("../../src/node/cli/ptychonaut.ts", import.meta.url));
  const start = (argv: readonly string[], stdio: ("ignore" | "pipe" | number)[]) =>
    spawn(process.execPath, ["--import", "tsx", program, ...argv], { stdio });
  beforeAll(() => writeFileSync(scan, writeScanNpz(simulate({ n: 32, patterns: 40, seed: 3, photons: 1e5 }))));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.skipIf(!existsSync("/dev/full"))("a full disk behind standard output is said", async () => {
    const full = openSync("/dev/full", "w");
    const run = start(["inspect", scan], ["ignore", full, "pipe"]);
    const exit = once(run, "exit");
    let said = "";
    for await (const text of run.stderr as NodeJS.ReadableStream) said += text.toString();
    closeSync(full);
    expect([(await exit)[0], said]).toEqual([1, expect.stringMatching(/standard output cannot be written: ENOSPC/)]);
  });

  it.each([
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("a training saves on %s", async (name, code) => {
    const outputDir = join(folder, name);
    const sizes = "--gridsize 1 --n_filters_scale 1 --batch_size 8 --accelerator cpu --max_epochs 10000";
    const argv = ["train", "--train_data_file", scan, "--output_dir", outputDir, ...sizes.split(" ")];
    const run = start([...argv, "--recon_log_every_n_epochs", "0"], ["ignore", "ignore", "pipe"]);
    const exit = once(run, "exit");
    const said: string[] = [];
    for await (const line of createInterface({ input: run.stderr as NodeJS.ReadableStream })) {
      said.push(line);
      if (line.startsWith("epoch 2/") && run.signalCode === null) run.kill(name);
    }
    expect((await exit)[0], said.join("\n")).toBe(code);
    const epochs = said.filter((line) => line.startsWith("epoch "));
    expect(new Set(epochs).size).toBe(epochs.length);
    expect(said.join("\n")).toMatch(
      /saving[\s\S]*interrupted: stopped in epoch \d+ after step \d+; [\s\S]*--resume last/,
    );
    expect(JSON.parse(readFileSync(join(outputDir, "run.json"), "utf8")).outcome.kind).toBe("interrupted");
    const found = await findCheckpoint("last", outputDir, nodeStore);
    expect(found?.restore(found.identity).history.length).toBeGreaterThanOrEqual(2);
  });

  it("one computation that holds the thread for minutes ends at the first signal", async () => {
    const output = join(folder, "large.npz");
    const run = start(
      ["simulate", "--output", output, "--n", "128", "--patterns", "100000"],
      ["ignore", "ignore", "ignore"],
    );
    const exit = once(run, "exit");
    await new Promise((go) => setTimeout(go, 4_000));
    expect(run.exitCode).toBeNull();
    const asked = performance.now();
    run.kill("SIGINT");
    expect(await exit).toEqual([null, "SIGINT"]);
    expect(performance.now() - asked).toBeLessThan(5_000);
  });

  it.each([
    ["stdout", ["schema"]],
    ["stdout", ["train", "--help"]],
    ["stderr", ["simulate", "--output", join(folder, "made.npz"), "--n", "32", "--patterns", "4"]],
    ["stderr", ["nothing"]],
  ] as const)("%s that is closed early ends %j quietly", async (which, argv) => {
    const log = join(folder, "run-log.txt");
    const file = openSync(log, "w");
    const run = start(argv, which === "stdout" ? ["ignore", "pipe", file] : ["ignore", file, "pipe"]);
    (which === "stdout" ? run.stdout : run.stderr)?.destroy();
    const [code] = await once(run, "exit");
    closeSync(file);
    expect(code).toBe(argv[0] === "nothing" ? 2 : 0);
    expect(readFileSync(log, "utf8")).toBe("");
  });
});
