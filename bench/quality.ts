import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { camelCase } from "../src/config/names.ts";
import { parseSettings } from "../src/config/schema.ts";
import type { Dataset } from "../src/data/dataset.ts";
import { simulationOptions } from "../src/node/cli/simulate.ts";
import { readReference, readScan } from "../src/node/runs.ts";
import { Random } from "../src/random.ts";
import type { Reference } from "../src/runs/evaluate.ts";
import { simulate } from "../src/simulation/simulate.ts";
import { scheduleOf } from "../src/training/settings.ts";
import { Contender, cleanEnvironment } from "./contender.ts";
import { cnnTraining, demo } from "./demo.ts";
import { judge } from "./judge.ts";
import { type Epoch, type Problem, readProblem, readWeights, writeProblemOf } from "./problem.ts";
import { statistics } from "./report.ts";

const USAGE = `npm run bench:quality -- --python PATH [--scan NPZ] [--goal SSIM] [--error ERROR] [--epochs N] [--every EPOCHS] [--threads N] [--seeds N,N...] [--quick] [--output DIR]
  --python   Python with PyTorch 2 and NumPy
  --scan     a scan with a reference in it; default: that of npm run demo, simulated, with its true object
  --goal     phase SSIM to reach; default 0.9
  --error    complex error to reach; default 0.05
  --epochs   default 24
  --every    epochs between two looks; default 1
  --threads  default: as many as there are cores
  --seeds    of start weights and order, a race each; default 1
  --quick    a tiny scan and two epochs: does it work, not how good or fast is it
  --output   folder for quality.json`;

/** Largest relative difference of the first losses that passes as the same. */
const AGREEMENT = 1e-4;
/** Milliseconds in which the spinning threads of the last contender go to sleep. */
const PAUSE = 300;

interface Settings {
  readonly python: string;
  readonly scan: string | undefined;
  readonly goal: number;
  readonly error: number;
  readonly epochs: number;
  readonly every: number;
  readonly threads: number;
  readonly seeds: readonly number[];
  readonly quick: boolean;
  readonly output: string | undefined;
}

function settings(): Settings {
  const { values } = parseArgs({
    options: {
      python: { type: "string" },
      scan: { type: "string" },
      goal: { type: "string", default: "0.9" },
      error: { type: "string", default: "0.05" },
      epochs: { type: "string", default: String(cnnTraining.max_epochs) },
      every: { type: "string", default: "1" },
      threads: { type: "string", default: String(availableParallelism()) },
      seeds: { type: "string", default: "1" },
      quick: { type: "boolean", default: false },
      output: { type: "string" },
    },
  });
  const { python, scan, quick, output } = values;
  if (python === undefined) throw new Error(`--python is missing\n${USAGE}`);
  const [goal, error, every, threads] = [values.goal, values.error, values.every, values.threads].map(Number);
  const epochs = quick ? QUICK_EPOCHS : Number(values.epochs);
  const seeds = values.seeds.split(",").map(Number);
  const counts = [every, threads, epochs];
  if (
    !(goal > 0 && goal <= 1) ||
    !(error > 0) ||
    !counts.every((count) => count >= 1) ||
    !seeds.every(Number.isInteger)
  )
    throw new Error(USAGE);
  return { python, scan, goal, error, epochs, every, threads, seeds, quick, output };
}

const QUICK_EPOCHS = 2;
const quickScan = { n: 32, patterns: 64 };

/** On all patterns: nothing is held back for validation. */
const { batch_size: BATCH, n_filters_scale: FILTERS } = cnnTraining;

/** The same order and learning rates for everybody. */
function plan(patterns: number, maxEpochs: number, seed: number): Epoch[] {
  const training = { ...parseSettings("training", { maxEpochs }), multistageMilestones: [] };
  const schedule = scheduleOf(training, {
    ...parseSettings("execution", { scheduler: cnnTraining.scheduler, learningRate: cnnTraining.learning_rate }),
  });
  const random = new Random(seed);
  let state = schedule.init();
  return Array.from({ length: maxEpochs }, () => {
    const learningRate = schedule.rate(state);
    state = schedule.next(state, Number.NaN);
    return { learningRate, order: random.shuffle(Array.from({ length: patterns }, (_, i) => i)) };
  });
}

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

async function startBoth(folder: string, { python, threads }: Settings): Promise<readonly Contender[]> {
  const rival = [here("rivals/torchCnn.py"), folder];
  const tune = [...rival, "train", "--threads", String(threads), "--tune"];
  const { stdout } = await promisify(execFile)(python, tune, { env: cleanEnvironment() });
  console.log(`PyTorch: ${Object.values(JSON.parse(stdout) as Record<string, string>).join(", ")}`);
  const ours = ["--import", "tsx", here("ourContender.ts"), folder, "learn", String(threads), "fused"];
  const theirs = [...rival, "learn", "--threads", String(threads), "--variant", stdout.trim()];
  return [
    await Contender.start("ptychonaut", process.execPath, ours),
    await Contender.start("pytorch", python, theirs),
  ];
}

type Goals = Pick<Settings, "goal" | "error">;

/** A look at what a contender has learned. */
interface Look {
  readonly epoch: number;
  /** Set-up and epochs until then. */
  readonly seconds: number;
  readonly phaseSsim: number;
  readonly complexError: number;
}

interface Curve {
  readonly contender: Contender;
  readonly looks: Look[];
}

/** The first look at which the goal was reached. */
const lookAt = ({ goal, error }: Goals, { looks }: Curve): Look | undefined =>
  looks.find(({ phaseSsim, complexError }) => phaseSsim >= goal && complexError <= error);

/** Takes turns of some epochs until everybody is at the goal or the training is over. */
async function race(
  contenders: readonly Contender[],
  problem: Problem,
  { dataset, reference }: Scan,
  { every, ...goals }: Settings,
  folder: string,
): Promise<readonly Curve[]> {
  const curves = contenders.map((contender): Curve => ({ contender, looks: [] }));
  const isThere = (curve: Curve): boolean => lookAt(goals, curve) !== undefined;
  const total = problem.epochs.length;
  for (let epoch = 0; epoch < total && !curves.every(isThere); epoch += every) {
    const count = Math.min(every, total - epoch);
    const first: number[] = [];
    for (const { contender, looks } of curves.filter((curve) => epoch === 0 || !isThere(curve))) {
      await sleep(PAUSE);
      const path = join(folder, `${contender.name}.npz`);
      const { seconds, firstLoss } = await contender.learn(count, path);
      first.push(firstLoss);
      const { phase, complexError } = await judge(await readWeights(path), problem, dataset, reference);
      const before = looks.at(-1)?.seconds ?? contender.setUp;
      looks.push({ epoch: epoch + count, seconds: before + seconds, phaseSsim: phase.ssim, complexError });
      console.log(line(contender, looks.at(-1)!));
    }
    if (epoch === 0) checkAgreement(first);
  }
  return curves;
}

/** A race of different trainings is none. */
function checkAgreement([ours, theirs]: readonly number[]): void {
  const difference = Math.abs(ours - theirs) / theirs;
  if (difference <= AGREEMENT) return;
  throw new Error(`the first losses differ by ${difference}, more than ${AGREEMENT}: ${ours}, ${theirs}`);
}

const line = ({ name }: Contender, { epoch, seconds, phaseSsim, complexError }: Look): string =>
  `${name.padEnd(10)} epoch ${String(epoch).padStart(2)}  ${seconds.toFixed(1).padStart(7)} s  phase SSIM ${phaseSsim.toFixed(3)}  complex error ${complexError.toFixed(4)}`;

function verdict(curves: readonly Curve[], goals: Goals): string {
  const reached = curves.map((curve) => lookAt(goals, curve));
  const lines = curves.map(({ contender: { name, setUp }, looks }, i) => {
    const look = reached[i];
    const result =
      look === undefined
        ? `not at the goals after ${looks.at(-1)!.epoch} epochs, ${looks.at(-1)!.seconds.toFixed(1)} s`
        : `at the goals after ${look.seconds.toFixed(1)} s, epoch ${look.epoch}`;
    return `${name}: ${result} (set-up ${setUp.toFixed(1)} s)`;
  });
  const [ours, theirs] = reached;
  if (ours !== undefined && theirs !== undefined) {
    lines.push(`ratio of times, ours to PyTorch's: ${(ours.seconds / theirs.seconds).toFixed(2)}`);
  }
  return lines.join("\n");
}

async function raceOf(scan: Scan, seed: number, chosen: Settings): Promise<readonly Curve[]> {
  const folder = await mkdtemp(join(tmpdir(), "ptychonaut-quality-"));
  let contenders: readonly Contender[] = [];
  try {
    const { count, width } = scan.dataset.patterns;
    // Patterns that fill no batch are in none of the problem's.
    const epochs = plan(count - (count % BATCH), chosen.epochs, seed);
    await writeProblemOf(
      scan.dataset,
      { N: width, gridsize: 1, settings: { nFiltersScale: FILTERS }, batch: BATCH, epochs },
      folder,
      seed,
    );
    const problem = await readProblem(folder);
    contenders = await startBoth(folder, chosen);
    return await race(contenders, problem, scan, chosen, folder);
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
    await rm(folder, { recursive: true });
  }
}

/** Patterns, and what a reconstruction of them is compared with. */
interface Scan {
  readonly dataset: Dataset;
  readonly reference: Reference;
}

async function scanOf({ scan, quick }: Settings): Promise<Scan> {
  if (scan !== undefined) return { dataset: await readScan(scan), reference: await readReference(scan) };
  const options = Object.entries({ ...demo.simulate, ...(quick ? quickScan : {}) });
  const dataset = simulate(
    simulationOptions(Object.fromEntries(options.map(([key, value]) => [camelCase(key), value]))),
  );
  return { dataset, reference: { object: dataset.object!, origin: { y: 0, x: 0 } } };
}

async function main(): Promise<void> {
  const chosen = settings();
  const { goal, error, epochs, threads, output } = chosen;
  const scan = await scanOf(chosen);
  const machine = { cpu: cpus()[0].model, cores: cpus().length };
  const races: { readonly seed: number; readonly curves: readonly Curve[] }[] = [];
  for (const seed of chosen.seeds) {
    console.log(`seed ${seed}`);
    const curves = await raceOf(scan, seed, chosen);
    races.push({ seed, curves });
    console.log(`${verdict(curves, chosen)}\n`);
  }
  console.log(`${machine.cpu}, ${machine.cores} cores, ${threads} threads`);
  const times = races.map(({ curves }) => curves.map((curve) => lookAt(chosen, curve)?.seconds));
  if (times.length > 1) console.log(medianVerdict(times));
  if (output === undefined) return;
  await mkdir(output, { recursive: true });
  const results = races.map(({ seed, curves }) => ({
    seed,
    contenders: curves.map(({ contender: { name, versions, setUp }, looks }) => ({ name, versions, setUp, looks })),
  }));
  await writeFile(
    join(output, "quality.json"),
    JSON.stringify({ machine, threads, goal, error, epochs, results }, null, 2),
  );
}

/** Medians over the races; a race without the goal counts as endless. */
function medianVerdict(times: readonly (readonly (number | undefined)[])[]): string {
  const [ours, theirs] = [0, 1].map(
    (side) => statistics(times.map((pair) => pair[side] ?? Number.POSITIVE_INFINITY)).median,
  );
  const said = (seconds: number): string => (Number.isFinite(seconds) ? `${seconds.toFixed(1)} s` : "not at the goals");
  const ratio = Number.isFinite(ours + theirs) ? `, ratio ${(ours / theirs).toFixed(2)}` : "";
  return `medians of ${times.length}: ptychonaut ${said(ours)}, pytorch ${said(theirs)}${ratio}`;
}

await main();
