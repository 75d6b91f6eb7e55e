/**
 * The two-dimensional Fourier transform of the engines' kernels on one thread, microseconds a plane, beside NumPy, SciPy
 * and PyTorch where `--python` names one that has them: `npx tsx bench/fft.ts [--python PATH] [--sizes 64,128] [--rounds 20]`.
 *
 * All take turns of a few milliseconds, so that a machine that slows down does so for all; every transform is timed.
 */
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { fftPlan, fourierScratch, planePitch } from "../src/engines/kernels/wasm/fftPlan.ts";
import { MOST_PAGES, PAGE, webAssembly } from "../src/engines/kernels/wasm/module.ts";
import { Random } from "../src/random.ts";
import { statistics } from "./report.ts";
import { Rival } from "./rival.ts";

const { values } = parseArgs({
  options: {
    python: { type: "string" },
    sizes: { type: "string", default: "64,96,100,128,192,256,384,500,512,509" },
    rounds: { type: "string", default: "20" },
    milliseconds: { type: "string", default: "10" },
  },
});
const rounds = Number(values.rounds);
const milliseconds = Number(values.milliseconds);

async function main(): Promise<void> {
  const code = await webAssembly.compile(readFileSync(new URL("../wasm/engines.wasm", import.meta.url)));
  const rival = values.python === undefined ? undefined : await Rival.start(values.python, "fft.py");
  const names = ["ours", ...((rival?.greeting ?? []) as string[])];
  console.log(`${cpus()[0].model}, Node ${process.version}; µs a transform, minimum (median)`);
  console.log(["side", ...names].map((name) => name.padStart(18)).join(""));
  for (const side of values.sizes.split(",").map(Number)) {
    const transform = transformOf(code, side);
    const turns: number[][] = names.map(() => []);
    // Not counted: the compiler of WebAssembly takes its time.
    times(transform, 200);
    for (let round = 0; round < rounds; round++) {
      turns[0].push(...times(transform, milliseconds));
      const theirs = ((await rival?.ask([side, milliseconds])) ?? []) as number[][];
      for (const [i, found] of theirs.entries()) turns[i + 1].push(...found);
    }
    const cells = turns.map(statistics).map(({ minimum, median }) => `${minimum.toFixed(1)} (${median.toFixed(1)})`);
    console.log([`${side}²`, ...cells].map((cell) => cell.padStart(18)).join(""));
  }
  rival?.end();
}

/** A forward transform of one plane of noise into another. */
function transformOf(code: object, side: number): () => void {
  const pitch = planePitch(side);
  const plan = fftPlan(side).bytes;
  const plane = 8 * pitch * 4 * Math.ceil(side / 4);
  const sizes = [plan.length, plane, plane, fourierScratch(side, side)];
  const starts = sizes.map(
    (_, i) => PAGE + sizes.slice(0, i).reduce((sum, size) => sum + 64 * Math.ceil(size / 64), 0),
  );
  const pages = Math.ceil((starts[3] + sizes[3]) / PAGE);
  const memory = new webAssembly.Memory({ initial: pages, maximum: MOST_PAGES, shared: false });
  const { exports } = new webAssembly.Instance(code, { env: { memory, abort: () => undefined } });
  const [plans, source, result, scratch] = starts;
  new Uint8Array(memory.buffer, plans).set(plan);
  const random = new Random(1);
  const numbers = new Float32Array(memory.buffer, source, plane / 4);
  for (let i = 0; i < numbers.length; i++) {
    if (i % (2 * pitch) < 2 * side && i < 2 * pitch * side) numbers[i] = random.normal();
  }
  const fourier = exports["fourier"] as (...words: number[]) => void;
  return () => fourier(source, result, pitch, side, side, plans, plans, scratch, 0);
}

/** Microseconds of each transform in a turn. */
function times(transform: () => void, turn: number): number[] {
  const found: number[] = [];
  const end = performance.now() + turn;
  for (let start = performance.now(); start < end; start = performance.now()) {
    transform();
    found.push((performance.now() - start) * 1000);
  }
  return found;
}

await main();
