import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

/** A way to start several processes on this computer. */
export interface Launcher {
  readonly name: string;
  /** Absent where it is not installed: its tests are skipped. */
  readonly command: string | undefined;
  readonly args: readonly string[];
}

/** The first of some commands that runs here. A variable names another. */
function installed(variable: string, commands: readonly string[], sign: RegExp): string | undefined {
  const named = process.env[variable];
  return (named === undefined ? commands : [named]).find((command) => {
    const { stdout } = spawnSync(command, ["--version"], {
      encoding: "utf8",
      env: environment,
    }) as SpawnSyncReturns<string>;
    return sign.test(stdout ?? "");
  });
}

/** Tests run as whoever they are, on computers with fewer processors than processes; what waits gives way. */
const environment = {
  ...process.env,
  OMPI_ALLOW_RUN_AS_ROOT: "1",
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
  OMPI_MCA_mpi_yield_when_idle: "1",
  OMPI_MCA_rmaps_base_oversubscribe: "1",
  PRTE_ALLOW_RUN_AS_ROOT: "1",
  PRTE_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
  MPIR_CVAR_POLLS_BEFORE_YIELD: "1",
};

/** Open MPI and MPICH as Debian has them, and the MPI-5 ABI as the wheel `mpich` of PyPI has it. */
export const launchers: readonly Launcher[] = [
  {
    name: "Open MPI",
    command: installed("PTYCHONAUT_OPENMPI", ["mpirun.openmpi", "mpirun"], /Open MPI|OpenRTE/),
    args: ["--oversubscribe"],
  },
  { name: "MPICH", command: installed("PTYCHONAUT_MPICH", ["mpirun.mpich", "mpiexec.hydra"], /HYDRA/), args: [] },
  { name: "MPI-5 ABI", command: installed("PTYCHONAUT_MPI_ABI", [], /HYDRA/), args: [] },
];

export interface Launched {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly pid: number;
  readonly ended: Promise<Launched>;
}

/** Starts so many processes of a Node program written in TypeScript. */
export function start(
  { command, args }: Launcher,
  ranks: number,
  program: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Running {
  const node = [process.execPath, "--import", "tsx", ...program];
  const child = spawn(command!, [...args, "-n", String(ranks), ...node], { env: { ...environment, ...env } });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = once(child, "close").then(([code, signal]) => ({ code, signal, stdout, stderr }) as Launched);
  return { pid: child.pid!, ended };
}

export const launched = (...args: Parameters<typeof start>): Promise<Launched> => start(...args).ended;
