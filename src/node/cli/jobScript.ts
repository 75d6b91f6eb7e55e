import { shellWord } from "../../shellWord.ts";

/** What a batch job is to run, and what it asks of the cluster. */
export interface Job {
  readonly name: string;
  /** Program and first arguments: node, and the command line's file. */
  readonly program: readonly string[];
  /** The command with its arguments, and how it goes on after it was begun before. */
  readonly begin: readonly string[];
  readonly goOn: readonly string[];
  /** Where paths begin. */
  readonly folder: string;
  /** Where the job's output goes, behind which come `.slurm-`, its number and `.log`. */
  readonly log: string;
  /** Options of sbatch by their names, as they are written behind `#SBATCH --`. */
  readonly asks: Readonly<Record<string, string | number | undefined>>;
  /** Options of sbatch as they were given. */
  readonly more: readonly string[];
  /** Processes. */
  readonly tasks: number;
  readonly launcher: "srun" | "mpirun";
  /** The plug-in by which srun joins processes; the cluster's own choice where it is absent. */
  readonly mpi?: string;
  /** Lines of the shell before the command: modules, variables. */
  readonly setup: readonly string[];
  /** Seconds before the time limit at which the command is asked to save and end. */
  readonly grace: number;
  /** Times that the job goes back into the queue, at most. */
  readonly mostRequeues: number;
}

/** What a run returns that a signal ended, its state saved: 128 and the signal's number. */
const SAVED = { TERM: 143, USR1: 138 } as const;

/**
 * The script of a job for sbatch. Some seconds before the time limit Slurm asks all processes to end: they save; the script
 * puts its job back into the queue, and there it goes on. So it does after a preemption, and after a node that failed.
 */
export function jobScript(job: Job): string {
  const { folder, log, asks, more, grace, mostRequeues, setup, launcher, tasks } = job;
  // mpirun answers SIGTERM by killing everything, and hands SIGUSR1 on; srun's processes get what Slurm sends.
  const viaMpirun = launcher === "mpirun" && tasks > 1;
  const options = {
    ...{ "job-name": job.name, ...asks, chdir: folder, output: `${log.replaceAll("%", "%%")}.slurm-%j.log` },
    ...{ "open-mode": "append", signal: viaMpirun ? `B:USR1@${grace}` : `TERM@${grace}` },
  };
  const lines = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`#SBATCH --${name}=${inQuotes(value)}`],
  );
  const saved = Object.values(SAVED).map((code) => `[ "$code" -eq ${code} ]`);
  return [
    "#!/bin/bash",
    "# Written by ptychonaut slurm. Submit it with: sbatch FILE",
    ...lines,
    "#SBATCH --requeue",
    ...more.map((option) => `#SBATCH ${option}`),
    "",
    ...(setup.length === 0 ? [] : [...setup, ""]),
    "set -u",
    `program=(${job.program.map(shellWord).join(" ")})`,
    `run=(${job.begin.map(shellWord).join(" ")})`,
    "# Begun before, until the time limit, a preemption, or a node that failed: go on from what was saved.",
    `if [ "\${SLURM_RESTART_COUNT:-0}" -gt 0 ]; then`,
    `  run=(${job.goOn.map(shellWord).join(" ")})`,
    "fi",
    "",
    ...(viaMpirun ? mpirun(tasks) : [`${srun(job)} "\${program[@]}" "\${run[@]}"`, "code=$?"]),
    "# Asked to end, and saved: back into the queue.",
    `if { ${saved.join(" || ")}; } && [ "\${SLURM_RESTART_COUNT:-0}" -lt ${mostRequeues} ]; then`,
    '  scontrol requeue "$SLURM_JOB_ID"',
    "fi",
    'exit "$code"',
    "",
  ].join("\n");
}

/**
 * One process needs nothing that joins it to others; of several, one that fails ends all. Not every Slurm gives a step the
 * processors that its job asked for (22.05 stopped to), so they are asked for again.
 */
function srun({ asks, mpi, tasks }: Job): string {
  const cpus = asks["cpus-per-task"];
  const joined = tasks === 1 ? [] : [...(mpi === undefined ? [] : [`--mpi=${mpi}`]), "--kill-on-bad-exit"];
  return ["srun", `--ntasks=${tasks}`, ...(cpus === undefined ? [] : [`--cpus-per-task=${cpus}`]), ...joined].join(" ");
}

function mpirun(tasks: number): readonly string[] {
  return [
    `mpirun -n ${tasks} "\${program[@]}" "\${run[@]}" &`,
    "mpirun=$!",
    `trap 'kill -USR1 "$mpirun"' USR1`,
    "# A signal ends the waiting, not what is waited for.",
    'until wait "$mpirun"; code=$?; ! kill -0 "$mpirun" 2>/dev/null; do :; done',
  ];
}

/** A value that sbatch takes as one, which reads its lines as a shell would. */
function inQuotes(value: string | number): string {
  return /^[\w@%+=:,./-]+$/.test(`${value}`) ? `${value}` : `"${`${value}`.replaceAll(/["\\]/g, "\\$&")}"`;
}
