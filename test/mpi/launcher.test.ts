import { describe, expect, it } from "vitest";
import { launchOf } from "../../src/node/mpi/launcher.ts";

describe("what a launcher says", () => {
  it.each([
    ["nobody", {}, undefined],
    ["Open MPI", { OMPI_COMM_WORLD_SIZE: "4", OMPI_COMM_WORLD_RANK: "3", PMIX_RANK: "3" }, ["Open MPI", 3, 4]],
    ["Open MPI, one process", { OMPI_COMM_WORLD_SIZE: "1", OMPI_COMM_WORLD_RANK: "0", PMIX_RANK: "0" }, undefined],
    ["Hydra", { PMI_SIZE: "2", PMI_RANK: "0", MPI_LOCALNRANKS: "2" }, ["MPICH", 0, 2]],
    [
      "Hydra inside a Slurm job",
      { PMI_SIZE: "2", PMI_RANK: "1", MPI_LOCALNRANKS: "2", SLURM_STEP_ID: "0", SLURM_PROCID: "0", SLURM_NTASKS: "1" },
      ["MPICH", 1, 2],
    ],
    ["srun", { SLURM_STEP_ID: "0", SLURM_PROCID: "5", SLURM_STEP_NUM_TASKS: "8", SLURM_NTASKS: "16" }, ["any", 5, 8]],
    [
      "srun with PMIx",
      { SLURM_STEP_ID: "0", SLURM_PROCID: "5", SLURM_STEP_NUM_TASKS: "8", PMIX_RANK: "5" },
      ["any", 5, 8],
    ],
    ["srun, one task", { SLURM_STEP_ID: "0", SLURM_PROCID: "0", SLURM_STEP_NUM_TASKS: "1" }, undefined],
    ["the script of a Slurm job", { SLURM_PROCID: "0", SLURM_NTASKS: "16" }, undefined],
    ["PMI alone", { PMI_SIZE: "2", PMI_RANK: "1" }, ["MPICH", 1, 2]],
    ["PMIx alone", { PMIX_RANK: "1" }, ["any", 1, undefined]],
  ])("%s", (_, env, expected) => {
    const launch = launchOf(env);
    expect(launch && [launch.family, launch.rank, launch.size]).toEqual(expected);
  });

  it("is refused where it is no number", () => {
    expect(() => launchOf({ OMPI_COMM_WORLD_SIZE: "many", OMPI_COMM_WORLD_RANK: "0" })).toThrow(
      /in OMPI_COMM_WORLD_SIZE; expected a whole number; got many/,
    );
  });
});
