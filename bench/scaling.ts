/**
 * Training, inference and engines in one process with one thread and two, in two processes, and (training) in two replicas:
 * patterns a second, and what goes between processes; the inputs of `scalingModel.ts`. Needs a launcher of MPI (`mpirun`,
 * or what PTYCHONAUT_LAUNCHER names). `npm run bench:scaling -- [--output FILE.json] [--rounds N] [--only train]`
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type ScalingInputs, scalingInputs } from "./scalingModel.ts";
import type { Measured, Work } from "./scalingPart.ts";

const { values } = parseArgs({
  options: { output: { type: "string" }, rounds: { type: "string", default: "12" }, only: { type: "string" } },
});
const rounds = Number(values.rounds);
const launcher = process.env["PTYCHONAUT_LAUNCHER"] ?? "mpirun";

interface Setting {
  readonly name: string;
  readonly processes: number;
  readonly threads: number;
  readonly replicas: number;
}

const settings: readonly Setting[] = [
  { name: "1 process x 1 thread", processes: 1, threads: 1, replicas: 1 },
  { name: "1 process x 2 threads", processes: 1, threads: 2, replicas: 1 },
  { name: "2 processes x 1 thread", processes: 2, threads: 1, replicas: 1 },
  { name: "1 process, 2 replicas", processes: 1, threads: 1, replicas: 2 },
];

/** One that moves in every batch, the model's, and one that moves once an epoch. */
const engines = ["lsqml", "ml"] as const;

const work = (what: string, more: Partial<Work> = {}): Work => ({
  ...{ what, threads: 1, replicas: 1, patterns: 128, batchSize: 16, filters: 1, rounds },
  ...more,
});

/** The better of two passes, each a median: what else runs on the machine only makes it slower. */
function measure(own: Work, processes: number): Measured {
  const [one, other] = [measureOnce(own, processes), measureOnce(own, processes)];
  const { sumMs, latencyUs } = one.sumMs! < other.sumMs! ? one : other;
  const better = one.milliseconds < other.milliseconds ? one : other;
  return { ...better, ...(sumMs === undefined ? {} : { sumMs }), ...(latencyUs === undefined ? {} : { latencyUs }) };
}

function measureOnce(own: Work, processes: number): Measured {
  const program = [process.execPath, "--import", "tsx", fileURLToPath(new URL("scalingPart.ts", import.meta.url))];
  const command = [...(processes === 1 ? [] : [launcher, "-n", `${processes}`]), ...program, JSON.stringify(own)];
  const env = { ...process.env, OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1" };
  const out = execFileSync(command[0], command.slice(1), {
    encoding: "utf8",
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  return JSON.parse(out.trim().split("\n").at(-1)!) as Measured;
}

function say({ name }: Setting, what: string, m: Measured): void {
  const share = `${((100 * m.between) / m.milliseconds).toFixed(1)} %`;
  const cells = [what, name, m.patternsPerS.toFixed(0), m.milliseconds.toFixed(1), m.calls, m.bytes, share];
  console.log(`| ${cells.join(" | ")} |`);
}

console.log(`${cpus()[0].model}, ${cpus().length} cores, node ${process.version}\n`);
console.log("| work | | patterns/s | ms a step or epoch | calls | bytes | between processes |");
console.log("| --- | --- | ---: | ---: | ---: | ---: | ---: |");
const found = new Map<string, Measured>();
const wanted = ["train", "infer", ...engines].filter((what) => values.only === undefined || what === values.only);
for (const what of wanted)
  for (const setting of settings) {
    if (setting.replicas > 1 && what !== "train") continue;
    const { processes, threads, replicas } = setting;
    const few = what === "infer" ? Math.max(3, Math.round(rounds / 3)) : rounds;
    const measured = measure(work(what, { threads, replicas, rounds: few }), processes);
    say(setting, what, measured);
    found.set(`${what}, ${setting.name}`, measured);
  }
if (values.only === undefined) {
  const small = measure(work("train", { batchSize: 4 }), 1);
  const large = measure(work("train", { filters: 2 }), 2);
  const { noise = [] } = measureOnce(work("noise", { patterns: 256, batchSize: 8, rounds: 5 }), 1);
  console.log(`\na step of 4 patterns takes ${small.milliseconds.toFixed(1)} ms`);
  console.log(
    `twice the filters, 2 processes: ${large.milliseconds.toFixed(1)} ms a step, ${large.between.toFixed(1)} between`,
  );
  console.log(
    `noise scale by epoch: ${noise.map(({ variance, signal }) => (variance / signal).toFixed(0)).join(", ")} patterns`,
  );
  const two = found.get("train, 2 processes x 1 thread")!;
  console.log(
    `sums: ${two.latencyUs!.toFixed(0)} us for 8 numbers, ${two.sumMs!.toFixed(2)} ms for ${two.sumBytes} bytes`,
  );
  const inputs: ScalingInputs = scalingInputs({
    machine: `${cpus()[0].model}, ${cpus().length} cores, node ${process.version}`,
    engine: engines[0],
    train: [small, found.get("train, 1 process x 1 thread")!],
    two,
    infer: [found.get("infer, 1 process x 1 thread")!, found.get("infer, 2 processes x 1 thread")!],
    reconstruct: [
      found.get(`${engines[0]}, 1 process x 1 thread`)!,
      found.get(`${engines[0]}, 2 processes x 1 thread`)!,
    ],
    noise,
    patterns: work("").patterns,
  });
  if (values.output !== undefined) writeFileSync(values.output, `${JSON.stringify(inputs, null, 2)}\n`);
}
