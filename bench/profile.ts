import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Settings } from "../src/config/group.ts";
import { chooseRuntime } from "../src/runtime/node/accelerator.ts";
import type { Runtime } from "../src/runtime/runtime.ts";
import { inferenceTask, trainingTask } from "./ourTasks.ts";
import { cases, nameOf, readProblem, writeProblem } from "./problem.ts";

/**
 * Where the time of a training step (or of a batch of inference) goes, by ONNX Runtime's own profiler:
 * `npm run bench:profile -- [--case NAME] [--model JSON] [--task train|infer] [--threads N] [--steps N] [--top N]`.
 */
const { values } = parseArgs({
  options: {
    case: { type: "string", default: nameOf(cases[0]) },
    model: { type: "string", default: "{}" },
    task: { type: "string", default: "train" },
    threads: { type: "string", default: "1" },
    steps: { type: "string", default: "5" },
    top: { type: "string", default: "25" },
  },
});

/** What is read of an entry of the profiler's trace; times in microseconds. */
interface TraceEvent {
  readonly cat: string;
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly args?: {
    readonly op_name?: string;
    readonly input_type_shape?: readonly Readonly<Record<string, readonly number[]>>[];
  };
}

/** Each session of the runtime writes a trace of its own into the folder. */
function profiled(runtime: Runtime, folder: string): Runtime {
  let sessions = 0;
  return {
    ...runtime,
    load: (model, options) => runtime.load(model, { ...options, profile: join(folder, `session${sessions++}`) }),
  };
}

async function readTraces(folder: string): Promise<TraceEvent[][]> {
  const files = (await readdir(folder)).filter((file) => file.startsWith("session"));
  return Promise.all(files.map(async (file) => JSON.parse(await readFile(join(folder, file), "utf8"))));
}

/** Operators of all runs of a session but the first. */
function operatorsOf(trace: readonly TraceEvent[]): TraceEvent[] {
  const runs = trace.filter(({ name }) => name === "model_run").sort((a, b) => a.ts - b.ts);
  const start = runs[1]?.ts ?? Number.POSITIVE_INFINITY;
  return trace.filter(({ cat, ts, name }) => cat === "Node" && ts >= start && name.endsWith("_kernel_time"));
}

/** Operator type; the rank tells the three-dimensional convolutions of weight gradients from the others. */
function kindOf({ args }: TraceEvent): string {
  const op = args?.op_name ?? "unknown";
  const [rank] = Object.values(args?.input_type_shape?.[0] ?? {}).map((shape) => shape.length);
  return op === "Conv" && rank !== 4 ? `${op} (rank ${rank})` : op;
}

/** "encoder.0.conv1" of "encoder.0.conv1/Conv_17_kernel_time". */
const scopeOf = ({ name }: TraceEvent): string => {
  const at = name.lastIndexOf("/");
  return at <= 0 ? "(none)" : name.slice(0, at);
};

function print(title: string, operators: readonly TraceEvent[], key: (event: TraceEvent) => string): void {
  const totals = new Map<string, { time: number; calls: number }>();
  for (const event of operators) {
    const total = totals.get(key(event)) ?? { time: 0, calls: 0 };
    totals.set(key(event), { time: total.time + event.dur, calls: total.calls + 1 });
  }
  const all = operators.reduce((sum, { dur }) => sum + dur, 0);
  const steps = Number(values.steps);
  console.log(`\n${"ms a step".padStart(9)}  ${"share".padStart(6)}  ${"calls".padStart(5)}  ${title}`);
  const sorted = [...totals].sort(([, a], [, b]) => b.time - a.time).slice(0, Number(values.top));
  for (const [name, { time, calls }] of sorted) {
    const share = `${((100 * time) / all).toFixed(1)} %`;
    console.log(
      `${(time / 1000 / steps).toFixed(2).padStart(9)}  ${share.padStart(6)}  ${String(Math.round(calls / steps)).padStart(5)}  ${name}`,
    );
  }
}

async function main(): Promise<void> {
  const one = cases.find((candidate) => nameOf(candidate) === values.case);
  if (one === undefined) throw new Error(`--case is one of ${cases.map(nameOf).join(", ")}`);
  const [threads, steps] = [Number(values.threads), Number(values.steps)];
  const folder = await mkdtemp(join(tmpdir(), "ptychonaut-profile-"));
  try {
    await writeProblem({ ...one, settings: JSON.parse(values.model) as Settings }, folder);
    const problem = await readProblem(folder);
    const runtime = profiled(await chooseRuntime("cpu", { session: { threads } }), folder);
    const task =
      values.task === "infer"
        ? await inferenceTask(problem, runtime)
        : await trainingTask(problem, runtime, "fused", threads);
    await task.step();
    const start = performance.now();
    for (let i = 0; i < steps; i++) await task.step();
    const wall = (performance.now() - start) / steps;
    await task.dispose();
    const operators = (await readTraces(folder)).flatMap(operatorsOf);
    const inside = operators.reduce((sum, { dur }) => sum + dur, 0) / 1000 / steps;
    console.log(`${values.case}, ${values.task}, ${threads} thread(s), profiler on`);
    console.log(`${wall.toFixed(1)} ms a step, of which ${inside.toFixed(1)} ms in operators`);
    print("operator", operators, kindOf);
    print("scope", operators, scopeOf);
    print("operator and scope", operators, (event) => `${kindOf(event)}  ${scopeOf(event)}`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

await main();
