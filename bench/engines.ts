/**
 * Iterative engines beside pty-chi, PtyLab and a plain NumPy ePIE, on the processor, on the same simulated scans:
 * `npm run bench:engines -- --python PATH --output FILE [--sizes 64,128] [--modes 1,3] [--threads 1,2]
 * [--engines epie,rpie,lsqml,dm] [--programs ours,between,numpy,ptylab,ptychi] [--epochs 60] [--seconds 20] [--rounds 1] [--alone]`
 * adds what it measures to the file, so that cells can be measured one after the other; `--table FILE` prints it. `--alone`, as root, has
 * everybody else on the machine wait.
 * `--scaling [--patterns 1000,10000,100000] [--files npz,h5]` runs scans out of a file instead, ours alone.
 *
 * Every program has a process of its own, and they take turns of an epoch until all have come to the smallest error.
 * NumPy and PtyLab cut windows on whole pixels, pty-chi bilinearly (its nearest pixel fails in 2.2.0): ours does both.
 * One judge, `rivals/engines.py`, has all objects. Set-up in the first epoch is counted for nobody. Linux only.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { ComplexArray } from "../src/arrays.ts";
import { Random } from "../src/random.ts";
import { writeScanNpz } from "../src/scans/writeScanNpz.ts";
import { simulate, simulateScan } from "../src/simulation/simulate.ts";
import { PROGRAMS, race } from "./engineRace.ts";
import { engineScaling } from "./engineScaling.ts";
import { keepResults, type Result, readResults, tables } from "./engineTable.ts";

const { values } = parseArgs({
  options: {
    python: { type: "string" },
    output: { type: "string" },
    table: { type: "string" },
    sizes: { type: "string", default: "64,128,256,512" },
    modes: { type: "string", default: "1,3" },
    threads: { type: "string", default: "1,2" },
    engines: { type: "string", default: "epie,rpie,lsqml,dm" },
    programs: { type: "string", default: PROGRAMS.join(",") },
    epochs: { type: "string", default: "60" },
    seconds: { type: "string", default: "20" },
    rounds: { type: "string", default: "1" },
    alone: { type: "boolean", default: false },
    scaling: { type: "boolean", default: false },
    patterns: { type: "string", default: "1000,10000,100000" },
    files: { type: "string", default: "npz,h5" },
  },
});
const list = (text: string): string[] => text.split(",");
const PATTERNS: Readonly<Record<number, number>> = { 64: 256, 128: 144, 256: 100, 512: 49 };

async function main(python: string): Promise<void> {
  const machine = `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}`;
  const run = new Date().toISOString();
  console.error(`${machine}, load ${loadavg()[0].toFixed(1)}`);
  const folder = mkdtempSync(join(tmpdir(), "ptychonaut-engines-"));
  const results: Result[] = [];
  try {
    for (const side of list(values.sizes).map(Number))
      for (const modes of list(values.modes).map(Number)) {
        const scan = join(folder, "scan.npz");
        const patterns = writeScan(scan, side, modes);
        for (const threads of list(values.threads).map(Number))
          for (const engine of list(values.engines))
            for (let round = 0; round < Number(values.rounds); round++) {
              const cell = { side, modes, threads, engine };
              const [epochs, seconds, programs] = [
                Number(values.epochs),
                Number(values.seconds),
                list(values.programs),
              ];
              const raced = await race(cell, {
                python,
                scan,
                patterns,
                folder,
                programs,
                epochs,
                seconds,
                alone: values.alone,
              });
              const found = raced.map((one): Result => ({ cell, patterns, run, machine, ...one }));
              results.push(...found);
              if (values.output !== undefined) keepResults(values.output, found);
            }
      }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(tables(results));
}

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

if (values.scaling) {
  const threads = list(values.threads).map(Number);
  const counts = list(values.patterns).map(Number);
  for (const many of threads) await engineScaling(list(values.engines), list(values.files), counts, many);
} else if (values.table !== undefined) {
  console.log(tables(readResults(values.table)));
} else if (values.python === undefined) {
  throw new Error("--python PATH: a Python with NumPy, pty-chi and PtyLab; or --table FILE");
} else {
  await main(values.python);
}
