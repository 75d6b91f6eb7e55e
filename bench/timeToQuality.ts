import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readReconstructionFile, readReference } from "../src/node/runs.ts";
import { compareWithReference } from "../src/runs/evaluate.ts";
import { outputs, subfolders } from "../src/runs/outputs.ts";
import { cnnTraining, demo, type Flags } from "./demo.ts";
import { statistics } from "./report.ts";

const USAGE = `npm run bench:time-to-quality -- [--scan NPZ] [--goal SSIM] [--error ERROR] [--seeds N,N...] [--methods NAME,NAME...]
    [--middle_trim PIXELS] [--output DIR]
  Seconds from the start of the command until the phase SSIM and the complex error are reached, by what a user types.
  --scan         a scan with a reference in it; default: that of npm run demo, simulated, with its true object
  --goal         phase SSIM to reach; default 0.9
  --error        complex error to reach; default 0.05
  --seeds        of the runs, each method once for each; default 1
  --methods      of rpie, lsqml, unrolled, unrolled+rpie, cnn+rpie; default: all
  --middle_trim  pixels of a patch that a network's object is stitched of; default: the demo's
  --output       folder for time-to-quality.json`;

const { values } = parseArgs({
  options: {
    scan: { type: "string" },
    goal: { type: "string", default: "0.9" },
    error: { type: "string", default: "0.05" },
    seeds: { type: "string", default: "1" },
    methods: { type: "string" },
    middle_trim: { type: "string", default: String(demo.infer["middle_trim"]) },
    output: { type: "string" },
  },
});
const [goal, error] = [Number(values.goal), Number(values.error)];
const seeds = values.seeds.split(",").map(Number);
if (!(goal > 0 && goal <= 1) || !(error > 0) || !seeds.every(Number.isInteger)) throw new Error(USAGE);

/** What is typed, from the shortest to the longest; the first that reaches the goals counts. */
interface Method {
  readonly name: string;
  readonly trials: readonly Trial[];
}

/** A network first, an engine, or one after the other. */
interface Trial {
  readonly network?: { readonly flags: Flags; readonly epochs: number };
  readonly engine?: { readonly name: string; readonly epochs: number };
}

const { n_groups: _, ...onAllGroups } = demo.train;
/** The demo's, with the physics inside, of as many groups as another scan has; and the CNN. */
const networks = {
  unrolled: values.scan === undefined ? demo.train : onAllGroups,
  cnn: cnnTraining,
} as const satisfies Readonly<Record<string, Flags>>;

const alone = (name: string, epochs: readonly number[]): Method => ({
  name,
  trials: epochs.map((each) => ({ engine: { name, epochs: each } })),
});
const learned = (name: keyof typeof networks, epochs: readonly number[]): Method => ({
  name,
  trials: epochs.map((each) => ({ network: { flags: networks[name], epochs: each } })),
});
/** The shortest training, and more and more of the engine. */
const refined = (name: keyof typeof networks, epochs: number, engine: string, by: readonly number[]): Method => ({
  name: `${name}, ${engine}`,
  trials: by.map((each) => ({
    network: { flags: networks[name], epochs },
    engine: { name: engine, epochs: each },
  })),
});

const ENGINE_EPOCHS = [1, 2, 3, 5, 10, 20];
const all: readonly Method[] = [
  alone("rpie", ENGINE_EPOCHS),
  alone("lsqml", ENGINE_EPOCHS),
  learned("unrolled", [1, 2, 4, 6]),
  refined("unrolled", 1, "rpie", ENGINE_EPOCHS),
  // Alone it is in quality.ts, beside its twin.
  refined("cnn", 3, "rpie", ENGINE_EPOCHS),
];
const typed = ({ name }: Method): string => name.replace(", ", "+");
const wanted = values.methods?.split(",");
const methods = all.filter((method) => wanted?.includes(typed(method)) ?? true);
const unknown = wanted?.filter((name) => !all.some((method) => typed(method) === name)) ?? [];
if (unknown.length > 0) throw new Error(`no method ${unknown.join(" | ")}; there are ${all.map(typed).join(" | ")}`);

const program = fileURLToPath(new URL("../dist/node/cli/ptychonaut.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "time-to-quality-"));

/** @returns seconds of the command, from its start to its end */
function ptychonaut(args: readonly string[], settings: Flags): number {
  const flags = Object.entries(settings).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : [`--${name}`, String(value)],
  );
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [program, ...args, ...flags, "--quiet"], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}:\n${stderr}`);
  return (performance.now() - start) / 1000;
}

interface Found {
  readonly method: string;
  readonly seed: number;
  readonly trial: string;
  /** From the start of the first command to the end of the last. */
  readonly seconds: number;
  /** Of these, those of a training. */
  readonly training: number;
  readonly phaseSsim: number;
  readonly complexError: number;
}

async function judged(path: string, scan: string): Promise<Pick<Found, "phaseSsim" | "complexError">> {
  const { phase, complexError } = compareWithReference(await readReconstructionFile(path), await readReference(scan));
  return { phaseSsim: phase.ssim, complexError };
}

/** Trainings, which several trials begin with: where they are, and their seconds. */
const trainings = new Map<string, { readonly path: string; readonly seconds: number }>();

function trained(scan: string, { flags, epochs }: NonNullable<Trial["network"]>, seed: number) {
  const key = `${flags["architecture"] ?? "cnn"}-${epochs}-${seed}`;
  const before = trainings.get(key);
  if (before !== undefined) return before;
  const path = join(folder, key);
  const settings = { ...flags, max_epochs: epochs, seed };
  const made = { path, seconds: ptychonaut(["train", "--train_data_file", scan, "--output_dir", path], settings) };
  trainings.set(key, made);
  return made;
}

async function tried(scan: string, { network, engine }: Trial, seed: number): Promise<Omit<Found, "method">> {
  const out = join(folder, "trial");
  rmSync(out, { recursive: true, force: true });
  const words = [network && `${network.epochs} epochs`, engine && `${engine.name}:${engine.epochs}`];
  const trial = words.filter((word) => word !== undefined).join(", ");
  if (network === undefined) {
    const { name, epochs } = engine!;
    const seconds = ptychonaut(["reconstruct", scan, "--output_dir", out], { engine: name, epochs, seed });
    return { seed, trial, seconds, training: 0, ...(await judged(join(out, outputs.reconstruction), scan)) };
  }
  const { path, seconds: training } = trained(scan, network, seed);
  const stitching = { ...demo.infer, middle_trim: values.middle_trim };
  const settings = engine === undefined ? stitching : { ...stitching, refine: `${engine.name}:${engine.epochs}` };
  const inference = ptychonaut(["infer", "--model_path", path, "--test_data", scan, "--output_dir", out], settings);
  const last = engine === undefined ? out : join(out, subfolders.refined);
  const judgement = await judged(join(last, outputs.reconstruction), scan);
  return { seed, trial, seconds: training + inference, training, ...judgement };
}

const reached = ({ phaseSsim, complexError }: Found): boolean => phaseSsim >= goal && complexError <= error;

/** A method's row: where it arrived with each seed, or what it came to. */
function row(name: string, found: readonly Found[]): string {
  const mine = found.filter(({ method }) => method === name);
  const there = mine.filter(reached);
  const best = seeds.map((seed) => mine.findLast((one) => one.seed === seed)!);
  const spread = (of: (one: Found) => number, digits: number): string => {
    const { median, minimum, runs } = statistics(best.map(of));
    const most = Math.max(...runs);
    return `${median.toFixed(digits)} (${minimum.toFixed(digits)} to ${most.toFixed(digits)})`;
  };
  const cells = [
    ...[name, [...new Set(best.map(({ trial }) => trial))].join(" or "), `${there.length} of ${seeds.length}`],
    ...[spread(({ seconds }) => seconds, 1), spread(({ seconds, training }) => seconds - training, 1)],
    ...[spread(({ phaseSsim }) => phaseSsim, 3), spread(({ complexError }) => complexError, 4)],
  ];
  return `| ${cells.join(" | ")} |`;
}

const machine = () => ({ cpu: cpus()[0].model, threads: availableParallelism(), load: loadavg()[0] });

/** After every trial, so that one that fails takes nothing with it. */
function keep(found: readonly Found[]): void {
  if (values.output === undefined) return;
  mkdirSync(values.output, { recursive: true });
  const told = JSON.stringify({ machine: machine(), goal, error, found }, null, 2);
  writeFileSync(join(values.output, "time-to-quality.json"), told);
}

try {
  const scan = values.scan ?? join(folder, "demo.npz");
  if (values.scan === undefined) ptychonaut(["simulate", "--output", scan], demo.simulate);
  const found: Found[] = [];
  for (const seed of seeds)
    for (const { name, trials } of methods)
      for (const trial of trials) {
        const one = { method: name, ...(await tried(scan, trial, seed)) };
        found.push(one);
        keep(found);
        const { seconds, phaseSsim, complexError } = one;
        const numbers = `phase SSIM ${phaseSsim.toFixed(3)}, complex error ${complexError.toFixed(4)}`;
        console.log(`seed ${seed}, ${name} (${one.trial}): ${seconds.toFixed(1)} s, ${numbers}`);
        if (reached(one)) break;
      }
  const { cpu, threads, load } = machine();
  console.log(`\n${cpu}, ${threads} threads, load at the end ${load.toFixed(1)}\n`);
  console.log("| method | as far as | there | s | s without training | phase SSIM | complex error |");
  console.log("|---|---|---|---|---|---|---|");
  for (const { name } of methods) console.log(row(name, found));
} finally {
  rmSync(folder, { recursive: true });
}
