import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { readNpy } from "../src/formats/npy.ts";
import { Contender, cleanEnvironment } from "./contender.ts";
import type { Form } from "./ourTasks.ts";
import { type Case, cases, nameOf, writeProblem } from "./problem.ts";
import { type Comparison, type Measured, statistics, table } from "./report.ts";

const USAGE = `npm run bench -- --python PATH [--quick] [--compile] [--case NAME]… [--task train|infer]… [--threads N]… [--output DIR]
  --python   Python with PyTorch 2 and NumPy
  --quick    few runs: does it work, not how fast is it
  --compile  let PyTorch use torch.compile where that is faster (needs a C++ compiler)
  --case     ${cases.map(nameOf).join(", ")}; default all
  --task     default both
  --threads  default 1 and 2
  --output   folder for cnn.json and cnn.md`;

const TASKS = ["train", "infer"] as const;
type TaskName = (typeof TASKS)[number];

/** Largest relative difference of losses, and of patches in units of their largest, that passes as the same. */
const AGREEMENT = 1e-4;
/** Milliseconds in which the spinning threads of the last contender go to sleep. */
const PAUSE = 300;

interface Settings {
  readonly python: string;
  readonly compile: boolean;
  readonly cases: readonly Case[];
  readonly tasks: readonly TaskName[];
  readonly threads: readonly number[];
  /** Rounds in which every contender has a turn of several runs. */
  readonly rounds: number;
  readonly runs: number;
  readonly output: string | undefined;
}

function settings(): Settings {
  const { values } = parseArgs({
    options: {
      python: { type: "string" },
      quick: { type: "boolean", default: false },
      compile: { type: "boolean", default: false },
      case: { type: "string", multiple: true, default: cases.map(nameOf) },
      task: { type: "string", multiple: true, default: [...TASKS] },
      threads: { type: "string", multiple: true, default: ["1", "2"] },
      output: { type: "string" },
    },
  });
  if (values.python === undefined) throw new Error(`--python is missing\n${USAGE}`);
  return {
    python: values.python,
    compile: values.compile,
    cases: values.case.map((name) => oneOf("case", name, cases, nameOf)),
    tasks: values.task.map((name) => oneOf("task", name, TASKS, String)),
    threads: values.threads.map(Number),
    rounds: values.quick ? 2 : 10,
    runs: values.quick ? 2 : 4,
    output: values.output,
  };
}

function oneOf<T>(option: string, name: string, all: readonly T[], label: (one: T) => string): T {
  const found = all.find((one) => label(one) === name);
  if (found === undefined) throw new Error(`--${option} ${name} is not one of ${all.map(label).join(", ")}\n${USAGE}`);
  return found;
}

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

async function* startAll(one: RunCase): AsyncGenerator<Contender, void, void> {
  const forms: Form[] = one.task === "train" && one.threads > 1 ? ["fused", "replicas"] : ["fused"];
  for (const form of forms) {
    const name = forms.length === 1 ? "ptychonaut" : `ptychonaut ${form}`;
    const args = ["--import", "tsx", here("ourContender.ts"), one.folder, one.task, String(one.threads), form];
    yield await Contender.start(name, process.execPath, args);
  }
  yield await Contender.start("pytorch", one.python, [...rival(one), "--variant", JSON.stringify(one.variant)]);
}

interface RunCase {
  readonly name: string;
  readonly folder: string;
  readonly task: TaskName;
  readonly threads: number;
  readonly python: string;
  readonly variant: Readonly<Record<string, string>>;
}

const rival = ({ folder, task, threads }: Omit<RunCase, "variant">): string[] => [
  here("rivals/torchCnn.py"),
  folder,
  task,
  "--threads",
  String(threads),
];

/** The fastest way for the rival on this machine, found in a process of its own. */
async function tuned(one: Omit<RunCase, "variant">, compile: boolean): Promise<RunCase> {
  const args = [...rival(one), "--tune", ...(compile ? ["--compile"] : [])];
  const { stdout } = await promisify(execFile)(one.python, args, { env: cleanEnvironment() });
  return { ...one, variant: JSON.parse(stdout) as Record<string, string> };
}

async function compare(one: RunCase, settings: Settings): Promise<Comparison> {
  const contenders: Contender[] = [];
  try {
    for await (const contender of startAll(one)) contenders.push(contender);
    const difference = await disagreement(contenders, one);
    const times = await alternate(contenders, settings);
    const measured: Measured[] = [];
    for (const contender of contenders) {
      const { name, versions, idleMemory } = contender;
      const peakMemory = await contender.peakMemory();
      measured.push({ contender: name, versions, ...statistics(times.get(contender)!), peakMemory, idleMemory });
    }
    const { name, task, threads, variant } = one;
    return { case: name, task, threads, variant, difference, measured };
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
  }
}

/** Takes turns, so that a machine that slows down does so for all. */
async function alternate(
  contenders: readonly Contender[],
  { rounds, runs }: Settings,
): Promise<ReadonlyMap<Contender, readonly number[]>> {
  const times = new Map<Contender, number[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      await sleep(PAUSE);
      times.get(contender)!.push(...(await contender.time(runs)));
    }
  }
  return times;
}

/** Has every contender compute the same thing once; a benchmark of different things is none. */
async function disagreement(contenders: readonly Contender[], { name, task, folder }: RunCase): Promise<number> {
  const results: Float64Array[] = [];
  for (const [i, contender] of contenders.entries()) {
    const answer = await contender.check(join(folder, `patches${i}.npy`));
    results.push("losses" in answer ? Float64Array.from(answer.losses) : await numbers(answer.patches));
  }
  const expected = results.at(-1)!;
  const differences = results.map((result) =>
    task === "train" ? ofEach(result, expected) : ofLargest(result, expected),
  );
  const worst = Math.max(...differences);
  if (worst <= AGREEMENT) return worst;
  const shown = contenders.map((contender, i) => `${contender.name}: ${results[i].slice(0, 3).join(", ")} …`);
  throw new Error(`${name}, ${task}: contenders differ by ${worst}, more than ${AGREEMENT}\n${shown.join("\n")}`);
}

const numbers = async (path: string): Promise<Float64Array> => {
  const { dtype, data } = readNpy(new Uint8Array(await readFile(path)), path);
  if (dtype === "string") throw new Error(`${path} holds text`);
  return Float64Array.from(data);
};

const difference = (a: Float64Array, b: Float64Array, scale: (i: number) => number): number => {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  // A value that is not a number makes the whole difference one, which no limit lets pass.
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]) / scale(i)), 0);
};

const ofEach = (a: Float64Array, b: Float64Array): number => difference(a, b, (i) => Math.abs(b[i]));
const ofLargest = (a: Float64Array, b: Float64Array): number => {
  const largest = b.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return difference(a, b, () => largest);
};

async function main(): Promise<void> {
  const chosen = settings();
  const folder = await mkdtemp(join(tmpdir(), "ptychonaut-bench-"));
  const comparisons: Comparison[] = [];
  try {
    for (const one of chosen.cases) {
      await writeProblem(one, folder);
      for (const threads of chosen.threads) {
        for (const task of chosen.tasks) {
          const run = await tuned({ name: nameOf(one), folder, task, threads, python: chosen.python }, chosen.compile);
          const comparison = await compare(run, chosen);
          comparisons.push(comparison);
          console.log(`${table([comparison])}\nPyTorch: ${Object.values(run.variant).join(", ")}\n`);
        }
      }
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  const cpu = cpus();
  const machine = { cpu: cpu[0].model, cores: cpu.length, memoryGib: Math.round(totalmem() / 2 ** 30) };
  const text = `${machine.cpu}, ${machine.cores} cores; ${versionLine(comparisons)}\n\n${table(comparisons)}\n`;
  console.log(text);
  if (chosen.output === undefined) return;
  await mkdir(chosen.output, { recursive: true });
  await writeFile(join(chosen.output, "cnn.json"), JSON.stringify({ machine, comparisons }, null, 2));
  await writeFile(join(chosen.output, "cnn.md"), text);
}

function versionLine(comparisons: readonly Comparison[]): string {
  const versions = Object.assign({}, ...(comparisons[0]?.measured ?? []).map((one) => one.versions));
  return Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");
}

await main();
