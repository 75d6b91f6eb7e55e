/**
 * Iterative engines beside pty-chi, PtyLab and a plain NumPy ePIE, on the processor, on the same simulated scans:
 * `npm run bench:engines -- --python PATH [--sizes 64,128] [--modes 1,3] [--threads 1,2] [--engines epie,rpie,lsqml,dm]
 * [--epochs 30] [--rounds 3]`; `--scaling [--patterns 1000,10000,100000]` runs scans out of a file instead, ours alone.
 *
 * Every program has a process of its own, and they take turns of an epoch until all have come to the smallest error.
 * NumPy and PtyLab cut windows on whole pixels, pty-chi bilinearly (its nearest pixel fails in 2.2.0): ours does both.
 * One judge, `rivals/engines.py`, has all objects. Set-up in the first epoch is counted for nobody. Linux only.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { ComplexArray } from "../src/arrays.ts";
import { Random } from "../src/random.ts";
import { writeScanNpz } from "../src/scans/writeScanNpz.ts";
import { simulate, simulateScan } from "../src/simulation/simulate.ts";
import { engineScaling } from "./engineScaling.ts";
import { statistics } from "./report.ts";
import { residentPeak } from "./residentPeak.ts";
import { Rival } from "./rival.ts";

const { values } = parseArgs({
  options: {
    python: { type: "string" },
    sizes: { type: "string", default: "64,128,256,512" },
    modes: { type: "string", default: "1,3" },
    threads: { type: "string", default: "1,2" },
    engines: { type: "string", default: "epie,rpie,lsqml,dm" },
    epochs: { type: "string", default: "30" },
    rounds: { type: "string", default: "3" },
    scaling: { type: "boolean", default: false },
    patterns: { type: "string", default: "1000,10000,100000" },
  },
});
const list = (text: string): string[] => text.split(",");
const TARGETS = [0.05, 0.02] as const;
/** Epochs that every program has at least: times of fewer say little. */
const LEAST_EPOCHS = 5;
const RIVALS: Readonly<Record<string, readonly string[]>> = {
  epie: ["numpy:epie", "ptylab:ePIE", "ptychi:EPIE"],
  rpie: ["ptychi:RPIE"],
  lsqml: ["ptychi:LSQML"],
  dm: ["ptychi:DM"],
};
const PATTERNS: Readonly<Record<number, number>> = { 64: 256, 128: 144, 256: 100, 512: 49 };
/** Of pty-chi: as many frames a batch as our LSQML takes. */
const BATCH = "16";

interface Epoch {
  readonly milliseconds: number;
  readonly error: number;
}

interface Contender {
  readonly name: string;
  readonly cutting: string;
  readonly process: Rival;
  epoch(): Promise<Epoch>;
  readonly epochs: Epoch[];
  failed?: string;
  /** Bytes. */
  peak: number;
}

async function main(python: string): Promise<void> {
  console.log(`${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}, load ${loadavg()[0].toFixed(1)}`);
  row(
    "cell",
    "engine",
    "program",
    "windows",
    "ms a pattern",
    ...TARGETS.map((error) => `s to ${error}`),
    "least error",
    "peak MiB",
  );
  row(...Array<string>(9).fill("---"));
  const folder = mkdtempSync(join(tmpdir(), "ptychonaut-engines-"));
  try {
    for (const side of list(values.sizes).map(Number))
      for (const modes of list(values.modes).map(Number)) {
        const scan = join(folder, "scan.npz");
        const patterns = writeScan(scan, side, modes);
        for (const threads of list(values.threads).map(Number))
          for (const engine of list(values.engines)) {
            const rounds: Contender[][] = [];
            for (let round = 0; round < Number(values.rounds); round++)
              rounds.push(await compete({ python, scan, engine, threads, folder }));
            report([`${side}², ${modes} m, ${threads} t`, engine], rounds, patterns);
          }
      }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const row = (...cells: readonly string[]): void => console.log(`| ${cells.join(" | ")} |`);

/** On whole pixels, a thousand photons a pixel, a step of a twelfth of the window. */
function writeScan(file: string, side: number, modes: number): number {
  const patterns = PATTERNS[side] ?? 64;
  const { object, probe, positions } = simulate({
    ...{ n: side, patterns, modes, step: side / 12, seed: 3, object: "deadLeaves", scan: "raster" },
    ...{ jitter: 0.3, smoothing: 1 },
  });
  const dataset = simulateScan({
    ...{ object: object as ComplexArray, probe, positions: positions.map(Math.round) },
    ...{ photons: 1e3 * side * side, noise: new Random(3) },
  });
  writeFileSync(file, writeScanNpz(dataset));
  return dataset.patterns.count;
}

interface Cell {
  readonly python: string;
  readonly scan: string;
  readonly engine: string;
  readonly threads: number;
  readonly folder: string;
}

/** Turns of an epoch, each program in its own process, which it has to itself. */
async function compete(cell: Cell): Promise<Contender[]> {
  const { python, scan, threads, folder } = cell;
  const found = join(folder, "found.npy");
  const judge = await Rival.start(python, "engines.py", [
    scan,
    "--engines",
    `files:${found}`,
    "--turns",
    "--epochs",
    "100000",
  ]);
  const contenders: Contender[] = [];
  for (const cutting of ["whole", "bilinear"]) contenders.push(await ours(cell, cutting, found, judge));
  for (const name of RIVALS[cell.engine] ?? []) {
    const settings = [
      "--engines",
      name,
      "--turns",
      "--epochs",
      "100000",
      "--threads",
      String(threads),
      "--batch",
      BATCH,
    ];
    const chunks = JSON.stringify({ chunk_length: Number(BATCH) });
    const process = await Rival.start(
      python,
      "engines.py",
      [scan, ...settings, "--interpolation", "bilinear", "--settings", chunks],
      threads,
    );
    const cutting = name.startsWith("ptychi") ? "bilinear" : "whole";
    contenders.push({ name, cutting, process, epochs: [], peak: 0, epoch: async () => epochOf(await process.ask(0)) });
  }
  for (let epoch = 0; epoch < Number(values.epochs); epoch++)
    // To and fro: who comes after whom makes a difference to caches.
    for (const contender of epoch % 2 === 0 ? contenders : contenders.toReversed())
      if (!done(contender)) await turn(contender);
  for (const contender of contenders) contender.peak = residentPeak(contender.process.pid);
  for (const { process } of [...contenders, { process: judge }]) process.end();
  return contenders;
}

async function ours({ scan, engine, threads }: Cell, cutting: string, found: string, judge: Rival): Promise<Contender> {
  const script = fileURLToPath(new URL("enginesPart.ts", import.meta.url));
  const told = [scan, engine, cutting, String(threads), found];
  const child = await Rival.run([process.execPath, "--import", "tsx", script, ...told], threads);
  return {
    ...{ name: "ours", cutting, process: child, epochs: [], peak: 0 },
    async epoch() {
      const { ms_per_pattern: milliseconds } = (await child.ask(0)) as { ms_per_pattern: number };
      return { milliseconds, error: epochOf(await judge.ask(0)).error };
    },
  };
}

/** From a line of `engines.py`. */
function epochOf(answer: unknown): Epoch {
  const line = answer as { failed?: string; ms_per_pattern: number; error: number };
  if (line.failed !== undefined) throw new Error(line.failed);
  return { milliseconds: line.ms_per_pattern, error: line.error };
}

async function turn(contender: Contender): Promise<void> {
  try {
    contender.epochs.push(await contender.epoch());
  } catch (error) {
    contender.failed = (error as Error).message;
  }
}

const done = ({ epochs, failed }: Contender): boolean =>
  failed !== undefined ||
  (epochs.length >= LEAST_EPOCHS && epochs.some(({ error }) => error <= TARGETS[TARGETS.length - 1]));

/** What is set up in the first epoch is counted for nobody. */
function secondsTo(target: number, epochs: readonly Epoch[], patterns: number): number | undefined {
  const last = epochs.findIndex(({ error }) => error <= target);
  if (last < 0) return undefined;
  const times = epochs.map(({ milliseconds }) => milliseconds);
  times[0] = Math.min(times[0], times[1] ?? times[0]);
  return (times.slice(0, last + 1).reduce((sum, value) => sum + value, 0) * patterns) / 1e3;
}

function report(cell: readonly string[], rounds: readonly (readonly Contender[])[], patterns: number): void {
  for (const [i, { name, cutting }] of rounds[0].entries()) {
    const runs = rounds.map((contenders) => contenders[i]);
    const failed = runs.find((run) => run.failed !== undefined)?.failed;
    const epochs = runs.flatMap((run) => run.epochs);
    if (failed !== undefined || epochs.length === 0) {
      row(...cell, name, cutting, `failed: ${failed}`, "", "", "", "");
      continue;
    }
    const seconds = TARGETS.map((target) => runs.map((run) => secondsTo(target, run.epochs, patterns)));
    row(
      ...[...cell, name, cutting, both(epochs.map(({ milliseconds }) => milliseconds))],
      ...seconds.map((found) => (found.includes(undefined) ? "–" : both(found as number[]))),
      Math.min(...epochs.map(({ error }) => error)).toFixed(4),
      (Math.max(...runs.map(({ peak }) => peak)) / 2 ** 20).toFixed(0),
    );
  }
}

/** Minimum and median. */
function both(numbers: readonly number[]): string {
  const { minimum, median } = statistics(numbers);
  return `${minimum.toFixed(3)} (${median.toFixed(3)})`;
}

if (values.scaling) {
  const threads = list(values.threads).map(Number);
  for (const many of threads) await engineScaling(list(values.engines), list(values.patterns).map(Number), many);
} else if (values.python === undefined) {
  throw new Error("--python PATH: a Python with NumPy, pty-chi and PtyLab");
} else {
  await main(values.python);
}
