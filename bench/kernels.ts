/**
 * Whole ePIE updates by the engines' kernels, milliseconds a pattern, on one thread and two, with one probe mode and
 * three, beside NumPy where `--python` names one that has it, and a GPU with `--webgpu`:
 * `npm run bench:kernels -- [--python PATH] [--webgpu] [--sizes 64,128] [--modes 1,3] [--threads 1,2] [--rounds 30]`.
 *
 * All take turns of a few milliseconds, so that a machine that slows down does so for all. The last lines set probes with
 * Gaussian tails, down to where float32 ends, beside probes without: denormal numbers would show as a cliff.
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import type { Kernels } from "../src/engines/kernels/kernels.ts";
import { webgpuKernels } from "../src/engines/kernels/webgpu/webgpuKernels.ts";
import { openGpu } from "../src/node/gpuDevice.ts";
import { nodeKernels } from "../src/node/kernels.ts";
import { Random } from "../src/random.ts";
import { statistics } from "./report.ts";
import { Rival } from "./rival.ts";

const { values } = parseArgs({
  options: {
    python: { type: "string" },
    webgpu: { type: "boolean", default: false },
    sizes: { type: "string", default: "64,128,256,512" },
    modes: { type: "string", default: "1,3" },
    threads: { type: "string", default: "1,2" },
    rounds: { type: "string", default: "30" },
    milliseconds: { type: "string", default: "4" },
  },
});
const list = (text: string): number[] => text.split(",").map(Number);
const rounds = Number(values.rounds);
const milliseconds = Number(values.milliseconds);

/** Milliseconds a pattern in one turn. */
type Turn = () => Promise<number>;

interface Case {
  readonly side: number;
  readonly modes: number;
  /** |P| falls as exp(−narrow r²), r in sides. */
  readonly narrow: number;
}

async function main(): Promise<void> {
  const rival = values.python === undefined ? undefined : await Rival.start(values.python, "epie.py");
  const homes = await Promise.all(list(values.threads).map((threads) => nodeKernels({ threads })));
  const names = homes.map(({ threads }) => `${threads} thread${threads > 1 ? "s" : ""}`);
  if (values.webgpu) {
    const gpu = await openGpu();
    homes.push(webgpuKernels(gpu));
    names.push("WebGPU");
    console.log(`WebGPU on ${gpu.name}`);
  }
  const contenders = [...names, ...(rival === undefined ? [] : [String(rival.greeting)])];
  console.log(`${cpus()[0].model}, Node ${process.version}; ms a pattern, minimum (median)`);
  line("ePIE", contenders);
  for (const modes of list(values.modes))
    for (const side of list(values.sizes)) {
      const turns: Turn[] = await Promise.all(homes.map((kernels) => turnOf(kernels, { side, modes, narrow: 40 })));
      if (rival !== undefined)
        turns.push(async () => (await rival.ask([side, modes, framesOf(side, modes)])) as number);
      line(`${side}², ${modes} mode${modes > 1 ? "s" : ""}`, await compete(turns));
    }
  rival?.end();
  line(`exit waves of ${BATCH}`, names);
  for (const side of list(values.sizes))
    line(`${side}²`, await compete(await Promise.all(homes.map((kernels) => batchTurnOf(kernels, side)))));
  for (const side of list(values.sizes)) {
    const turns = await Promise.all([40, 400].map((narrow) => turnOf(homes[0], { side, modes: 1, narrow })));
    line(`${side}², wide probe, narrow`, await compete(turns));
  }
  for (const kernels of homes) await kernels.close();
}

const line = (title: string, cells: readonly string[]): void =>
  console.log(title.padEnd(24) + cells.map((cell) => cell.padStart(20)).join(""));

async function compete(turns: readonly Turn[]): Promise<string[]> {
  const found: number[][] = turns.map(() => []);
  // Not counted: the compiler of WebAssembly takes its time.
  for (let i = 0; i < 10; i++) await turns[0]();
  for (let round = 0; round < rounds; round++) for (const [i, turn] of turns.entries()) found[i].push(await turn());
  return found.map(statistics).map(({ minimum, median }) => `${minimum.toFixed(4)} (${median.toFixed(4)})`);
}

/** Patterns of a turn. */
const framesOf = (side: number, modes: number): number =>
  Math.max(2, Math.round((milliseconds * 128 * 128) / (0.15 * side * side * modes)));

/** A probe, an object of ones and patterns that do not quite fit; a turn begins anew. */
async function turnOf(kernels: Kernels, { side, modes, narrow }: Case): Promise<Turn> {
  const random = new Random(1);
  const frames = framesOf(side, modes);
  const canvas = kernels.waves([1, 1, 2 * side, 2 * side]);
  const probe = kernels.waves([1, modes, side, side]);
  const light = Float32Array.from({ length: 2 * modes * side * side }, (_, i) => {
    const [mode, y, x] = [Math.floor(i / 2 / side / side), Math.floor(i / 2 / side) % side, Math.floor(i / 2) % side];
    const [dy, dx] = [y / side - 0.5, x / side - 0.5];
    const square = dy * dy + dx * dx;
    const phase = 30 * square + 5 * mode * dx;
    return ((3 * Math.exp(-narrow * square)) / (1 + 2 * mode)) * (i % 2 === 0 ? Math.cos(phase) : Math.sin(phase));
  });
  kernels.write(probe, light);
  const far = kernels.waves([1, modes, side, side]);
  const expected = kernels.images([1, 1, side, side]);
  kernels.fourier(far, probe, "forward");
  kernels.power(expected, far);
  const amplitudes = (await kernels.read(expected)).map(Math.sqrt);
  kernels.release(far, expected);
  const measured = kernels.images([frames, 1, side, side]);
  const factors = Float32Array.from({ length: frames * side * side }, () => 0.8 + 0.4 * random.uniform());
  kernels.write(
    measured,
    factors.map((factor, i) => factor * amplitudes[i % (side * side)]),
  );
  const windows = kernels.windows(frames);
  const corners = Int32Array.from({ length: 2 * frames }, () => Math.floor(side * random.uniform()));
  kernels.place(windows, { corners });
  const misfit = kernels.numbers(frames, 4);
  const steps = { likelihood: "gaussian", alpha: 1, objectStep: 0.5, probeStep: 0.1 } as const;
  return async () => {
    kernels.write(probe, light);
    kernels.fill(canvas, 1);
    await kernels.read(misfit);
    const start = performance.now();
    kernels.pieStep({ object: canvas, probe, windows, measured, misfit, ...steps });
    await kernels.read(misfit);
    return (performance.now() - start) / frames;
  };
}

/** Frames whose exit waves change at once. */
const BATCH = 16;

/** A batch with a mode, between pixels: what engines of batches ask for first. */
async function batchTurnOf(kernels: Kernels, side: number): Promise<Turn> {
  const random = new Random(1);
  const normal = (length: number): Float32Array => Float32Array.from({ length }, () => random.normal());
  const [object, probe] = [kernels.waves([1, 1, 2 * side, 2 * side]), kernels.waves([1, 1, side, side])];
  kernels.fill(object, 1);
  kernels.write(probe, normal(2 * side * side));
  const measured = kernels.images([BATCH, 1, side, side]);
  kernels.write(measured, normal(BATCH * side * side).map(Math.abs));
  const [change, patches] = [kernels.waves([BATCH, 1, side, side]), kernels.waves([BATCH, 1, side, side])];
  const [windows, misfit] = [kernels.windows(BATCH), kernels.numbers(BATCH, 4)];
  const corners = Int32Array.from({ length: 2 * BATCH }, () => Math.floor((side - 1) * random.uniform()));
  kernels.place(windows, { corners, fractions: Float64Array.from({ length: 2 * BATCH }, () => random.uniform()) });
  const terms = { object, probe, windows, measured, change, patches, misfit, likelihood: "gaussian" } as const;
  const repeats = Math.max(1, Math.round(framesOf(side, 1) / BATCH));
  return async () => {
    await kernels.read(misfit);
    const start = performance.now();
    for (let i = 0; i < repeats; i++) kernels.exitChange(terms);
    await kernels.read(misfit);
    return (performance.now() - start) / (repeats * BATCH);
  };
}

await main();
