import { PtychonautError } from "../../errors.ts";

/** Who starts MPI programs, by the family of the library that understands it. */
export type LauncherFamily = "Open MPI" | "MPICH" | "any";

/** What a launcher says, in the environment, of the processes that it started. */
export interface Launch {
  /** For people: what started this process. */
  readonly by: string;
  readonly family: LauncherFamily;
  readonly rank: number;
  /** Absent where the launcher does not say. */
  readonly size?: number;
}

interface Sign {
  readonly by: string;
  readonly family: LauncherFamily;
  readonly rank: string;
  /** Variables of which the first that is set says how many there are. */
  readonly sizes: readonly string[];
  /** Set by this launcher alone, where rank and size are not. */
  readonly needs?: string;
}

/**
 * In the order in which they are looked for: `mpirun` inside a Slurm job sees Slurm's variables too. Those of a whole Slurm
 * job are also set in its script, which is one process; what `srun` started knows its step.
 */
const SIGNS: readonly Sign[] = [
  {
    by: "Open MPI's mpirun",
    family: "Open MPI",
    rank: "OMPI_COMM_WORLD_RANK",
    sizes: ["OMPI_COMM_WORLD_SIZE"],
  },
  {
    by: "MPICH's mpiexec or a relative",
    family: "MPICH",
    rank: "PMI_RANK",
    sizes: ["PMI_SIZE"],
    needs: "MPI_LOCALNRANKS",
  },
  {
    by: "srun",
    family: "any",
    rank: "SLURM_PROCID",
    sizes: ["SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"],
    needs: "SLURM_STEP_ID",
  },
  { by: "a launcher with PMI", family: "MPICH", rank: "PMI_RANK", sizes: ["PMI_SIZE"] },
  { by: "a launcher with PMIx", family: "any", rank: "PMIX_RANK", sizes: [] },
];

/**
 * How this process was started; undefined when nobody started it together with others.
 * @throws PtychonautError "usage" when a launcher's variables are no numbers
 */
export function launchOf(env: Readonly<Record<string, string | undefined>>): Launch | undefined {
  for (const { by, family, rank, sizes, needs } of SIGNS) {
    if (env[rank] === undefined || (needs !== undefined && env[needs] === undefined)) continue;
    const named = sizes.find((name) => env[name] !== undefined);
    if (sizes.length > 0 && named === undefined) continue;
    const size = named === undefined ? undefined : countIn(env, named);
    if (size === 1) return undefined;
    return { by, family, rank: countIn(env, rank), ...(size === undefined ? {} : { size }) };
  }
  return undefined;
}

function countIn(env: Readonly<Record<string, string | undefined>>, name: string): number {
  const value = Number(env[name]);
  if (Number.isInteger(value) && value >= 0) return value;
  throw new PtychonautError("usage", "the launcher's environment cannot be understood", {
    where: name,
    expected: "a whole number",
    got: String(env[name]),
  });
}
