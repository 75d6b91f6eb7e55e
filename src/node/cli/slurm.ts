import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { promisify } from "node:util";
import { PtychonautError, unknownName } from "../../errors.ts";
import { printableLine } from "../../printable.ts";
import { claimOutputFile } from "../../runs/outputFile.ts";
import type { Command, CommandContext, NamedCommand } from "./command.ts";
import { optionsFromFile } from "./configOptions.ts";
import { display, type Flag, type ParsedFlags, parseFlags } from "./flags.ts";
import { type Job, jobScript } from "./jobScript.ts";

/** Commands that run for long, with how each goes on where it was begun before. */
const wrapped: Readonly<Record<string, "resumes" | "anew">> = {
  train: "resumes",
  reconstruct: "resumes",
  infer: "anew",
};

/** Seconds before the time limit, and turns in the queue, where nobody says others. */
const GRACE = 120;
const MOST_REQUEUES = 100;

const job = "Job";
const flags: readonly Flag[] = [
  { name: "nodes", kind: "integer", section: job, description: "Computers that the processes run on.", default: 1 },
  {
    name: "ntasks",
    kind: "integer",
    section: job,
    description:
      "Processes, which share the patterns and are joined by MPI; as many as there are computers when left open.",
  },
  {
    name: "cpusPerTask",
    kind: "integer",
    section: job,
    description: "Processors of each process; the threads of the command when left open, or what the cluster gives.",
  },
  {
    name: "time",
    kind: "text",
    section: job,
    description:
      "Time limit, as Slurm writes it (90, 2:00:00, 1-12:00). What is not done then goes on in another turn.",
    required: true,
  },
  { name: "partition", kind: "text", section: job, description: "Queue that the job waits in." },
  { name: "account", kind: "text", section: job, description: "Who pays." },
  { name: "qos", kind: "text", section: job, description: "Quality of service." },
  { name: "mem", kind: "text", section: job, description: "Memory of each computer: 64G." },
  { name: "gres", kind: "text", section: job, description: "Other resources: gpu:1." },
  {
    name: "jobName",
    kind: "text",
    section: job,
    description: "Name in the queue; that of the output folder when left open.",
  },
  {
    name: "sbatch",
    kind: "texts",
    whole: true,
    section: job,
    description: "Another option of sbatch, as it is: --sbatch=--constraint=avx512. May be given several times.",
  },
  {
    name: "setup",
    kind: "texts",
    whole: true,
    section: job,
    description: 'A line for the shell before the command: "module load openmpi". May be given several times.',
  },
  {
    name: "launcher",
    kind: "text",
    choices: ["srun", "mpirun"],
    section: job,
    description: "What starts the processes.",
    default: "srun",
  },
  {
    name: "mpi",
    kind: "text",
    section: job,
    description: "How srun joins them: pmix for Open MPI, pmi2 for MPICH. The cluster's own choice when left open.",
  },
  {
    name: "grace",
    kind: "integer",
    section: job,
    unit: "seconds",
    description: "How long before the time limit the command is asked to save and end.",
    default: GRACE,
  },
  {
    name: "maxRequeues",
    kind: "integer",
    section: job,
    description: "Times that the job goes back into the queue, at most.",
    default: MOST_REQUEUES,
  },
  {
    name: "script",
    kind: "text",
    section: job,
    description: "Where the job's script is written; OUTPUT_DIR.slurm.sh when left open.",
  },
  {
    name: "overwriteScript",
    kind: "boolean",
    section: job,
    description: "The script may replace another file; --overwrite is the command's, for its results.",
  },
  { name: "submit", kind: "boolean", section: job, description: "Submit it too." },
];

/** `ptychonaut slurm`: a command as a job of a cluster. */
export const slurmCommand: Command = {
  usage: "train|infer|reconstruct ARGUMENTS --time LIMIT [--nodes N --ntasks R ...] [--submit]",
  details:
    "Writes the script of a batch job that runs the command with these arguments, and with --submit hands it to Slurm. All arguments that are none of the options below are the command's, and are checked first. Before the time limit the command saves and ends, the job goes back into the queue, and goes on there.",
  examples: [
    "ptychonaut slurm train scan.h5 --output_dir run --nodes 2 --ntasks 4 --time 4:00:00 --partition gpu --submit",
    "ptychonaut slurm reconstruct scan.cxi --output_dir out --time 30 --mem 64G --setup 'module load nodejs'",
  ],
  flags,
  handsOn: true,
  run: slurm,
};

async function slurm({ values, handedOn = [] }: ParsedFlags, context: CommandContext): Promise<number> {
  const [name, ...words] = handedOn;
  // Of a command that hands its words on, these two are the job's as well.
  const rest = [...words, ...["quiet", "debug"].filter((each) => values[each] === true).map(display)];
  const { log } = context.hooks(values["quiet"] === true);
  const command = await commandNamed(name, context);
  const asked = askedFor(values);
  const { begin, goOn, outputDir, threads } = await commandLines(command, rest);
  oneLine("outputDir", resolve(outputDir));
  const code = await context.dryRun([name, ...rest], asked.tasks);
  if (code !== 0) return code;
  const script = jobScript({
    name: asked.name ?? basename(resolve(outputDir)),
    program: [process.execPath, ...process.execArgv, resolve(process.argv[1] ?? "ptychonaut")],
    ...{ begin, goOn, folder: process.cwd(), log: resolve(outputDir) },
    ...{ ...asked, asks: { ...asked.asks, "cpus-per-task": asked.asks["cpus-per-task"] ?? threads } },
  });
  const path = asked.script ?? `${resolve(outputDir)}.slurm.sh`;
  await writeScript(path, script, values["overwriteScript"] === true, context);
  log(`wrote ${path}`);
  if (values["submit"] === true) context.print(`${await submitted(path)}\n`);
  else log(`submit it with: sbatch ${path}`);
  return 0;
}

type Asked = Pick<Job, "asks" | "more" | "setup" | "tasks" | "launcher" | "mpi" | "grace" | "mostRequeues"> & {
  readonly name?: string;
  readonly script?: string;
};

/** @throws PtychonautError "usage" for what Slurm would refuse, or read otherwise than it was meant */
function askedFor(values: ParsedFlags["values"]): Asked {
  const list = (flag: string): readonly string[] => (values[flag] as readonly string[] | undefined) ?? [];
  const text = (flag: string): string | undefined => values[flag] as string | undefined;
  const whole = (flag: string, by: number, least = 1): number => {
    const value = Number(values[flag] ?? by);
    if (value >= least) return value;
    throw new PtychonautError("usage", `wrong value for ${display(flag)}`, {
      ...{ expected: `${least} or more`, got: `${value}` },
    });
  };
  for (const [flag, value] of Object.entries(values))
    for (const line of [value].flat()) if (typeof line === "string") oneLine(flag, line);
  const nodes = whole("nodes", 1);
  const tasks = whole("ntasks", nodes);
  if (tasks < nodes)
    throw new PtychonautError("usage", "there are fewer processes than computers", {
      ...{ expected: `at least ${nodes}`, got: `${display("ntasks")} ${tasks}` },
    });
  const grace = whole("grace", GRACE);
  const limit = secondsOf(text("time"));
  if (grace >= limit)
    throw new PtychonautError("usage", "the job would be asked to end as soon as it begins", {
      expected: `less than the ${limit} s of ${display("time")}`,
      got: `${display("grace")} ${grace}`,
    });
  const cpus = values["cpusPerTask"] === undefined ? undefined : whole("cpusPerTask", 1);
  const { jobName: name, script, mpi } = values as Readonly<Record<string, string | undefined>>;
  return {
    asks: {
      ...{ nodes, ntasks: tasks, "cpus-per-task": cpus, time: text("time"), partition: text("partition") },
      ...{ account: text("account"), qos: text("qos"), mem: text("mem"), gres: text("gres") },
    },
    ...{
      more: list("sbatch"),
      setup: list("setup"),
      tasks,
      grace,
      mostRequeues: whole("maxRequeues", MOST_REQUEUES, 0),
    },
    launcher: text("launcher") === "mpirun" ? "mpirun" : "srun",
    ...(name === undefined ? {} : { name }),
    ...(script === undefined ? {} : { script }),
    ...(mpi === undefined ? {} : { mpi }),
  };
}

/** What is more than a line would be another line of the script. */
function oneLine(flag: string, text: string): void {
  if (printableLine(text) === text) return;
  throw new PtychonautError("usage", `${display(flag)} has more than one line, or characters that are none`, {
    got: JSON.stringify(text),
    ...(flag === "setup" ? { fix: "give it once for every line" } : {}),
  });
}

/**
 * Of a time limit as Slurm writes it: minutes, minutes:seconds, hours:minutes:seconds, days-hours and so on.
 * @throws PtychonautError "usage" for anything else
 */
function secondsOf(limit: string | undefined): number {
  if (limit === undefined)
    throw new PtychonautError("usage", "missing --time", { fix: "say how long the job may take: --time 2:00:00" });
  const [, days, rest] = /^(?:(\d+)-)?(\d+(?::\d+){0,2})$/.exec(limit) ?? [];
  if (rest === undefined)
    throw new PtychonautError("usage", "wrong value for --time", {
      expected: "minutes, minutes:seconds, hours:minutes:seconds, or days-hours:minutes:seconds",
      got: limit,
    });
  const parts = rest.split(":").map(Number);
  const units = days !== undefined ? [3600, 60, 1] : parts.length === 3 ? [3600, 60, 1] : [60, 1];
  return 86_400 * Number(days ?? 0) + parts.reduce((sum, part, k) => sum + part * units[k], 0);
}

async function commandNamed(name: string | undefined, context: CommandContext): Promise<NamedCommand> {
  const names = Object.keys(wrapped);
  if (name === undefined || name.startsWith("-"))
    throw new PtychonautError("usage", "missing the command that the job is to run", {
      expected: `one of ${names.join(", ")}, then its arguments`,
      got: name ?? "none",
      fix: "see ptychonaut slurm --help",
    });
  const command = (await context.commands()).find((each) => each.name === name);
  if (command === undefined || !(name in wrapped)) throw unknownName("command of a job", name, names);
  return command;
}

interface CommandLines {
  readonly begin: readonly string[];
  readonly goOn: readonly string[];
  readonly outputDir: string;
  /** That the command is to have. */
  readonly threads: number | undefined;
}

/** What to run at first, and where it was begun before: there nothing is overwritten, and what was saved is gone on with. */
async function commandLines(command: NamedCommand, words: readonly string[]): Promise<CommandLines> {
  const { values } = parseFlags(words, command.flags, command.refused);
  const { config } = values;
  const outputDir = values["outputDir"] ?? (config && (await optionsFromFile(String(config), command))["outputDir"]);
  if (typeof outputDir !== "string")
    throw new PtychonautError("usage", "missing --output_dir", { fix: `see ptychonaut ${command.name} --help` });
  const begin = [command.name, ...words];
  const kept = begin.filter((word) => !/^--overwrite(=true)?$/.test(word));
  const goOn = wrapped[command.name] === "resumes" ? [...withoutResume(kept), "--resume", "last"] : begin;
  const { threads } = values;
  return { begin, goOn, outputDir, threads: typeof threads === "number" ? threads : undefined };
}

function withoutResume(words: readonly string[]): readonly string[] {
  return words.filter((word, k) => !/^--resume(=|$)/.test(word) && words[k - 1] !== "--resume");
}

/** Nothing is lost where the same script is there. @throws PtychonautError "usage" where another file is */
async function writeScript(
  path: string,
  script: string,
  overwrite: boolean,
  { home: { store } }: CommandContext,
): Promise<void> {
  const there = await readFile(path, "utf8").catch(() => undefined);
  if (there !== undefined && there !== script && !overwrite)
    throw new PtychonautError("usage", "the job's script would replace another file", {
      where: path,
      fix: `name another: ${display("script")} FILE, or say that it may go: ${display("overwriteScript")}`,
    });
  const file = await claimOutputFile(path, { overwrite: there !== undefined }, store);
  await file.write(script);
}

/** @returns what sbatch says: the number of the job @throws PtychonautError "run" where it refuses it */
async function submitted(path: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)("sbatch", [path]);
    return stdout.trim();
  } catch (cause) {
    const { code, stderr } = cause as { code?: string | number; stderr?: string };
    if (code === "ENOENT")
      throw new PtychonautError("usage", "sbatch is not here, which hands jobs to Slurm", {
        fix: `take ${path} to a computer of the cluster, and submit it there: sbatch FILE`,
      });
    throw new PtychonautError("device", "Slurm refused the job", {
      where: path,
      got: stderr?.trim() || String(cause),
      cause,
    });
  }
}
