import { nearestName, PtychonautError } from "../../errors.ts";
import { type Command, commonFlags, configFlag, type NamedCommand } from "./command.ts";
import { type CommandEntry, type CommandName, commandTable } from "./commandTable.ts";

/** Commands are loaded when they are called, so that none pays for the others. */
const loaders: Readonly<Record<CommandName, () => Promise<Command>>> = {
  train: async () => (await import("./train.ts")).trainCommand,
  infer: async () => (await import("./infer.ts")).inferCommand,
  reconstruct: async () => (await import("./reconstruct.ts")).reconstructCommand,
  evaluate: async () => (await import("./evaluate.ts")).evaluateCommand,
  compare: async () => (await import("./compare.ts")).compareCommand,
  inspect: async () => (await import("./inspect.ts")).inspectCommand,
  plan: async () => (await import("./plan.ts")).planCommand,
  simulate: async () => (await import("./simulate.ts")).simulateCommand,
  split: async () => (await import("./split.ts")).splitCommand,
  convert: async () => (await import("./convert.ts")).convertCommand,
  benchmark: async () => (await import("./benchmark.ts")).benchmarkCommand,
  "import-weights": async () => (await import("./importWeights.ts")).importWeightsCommand,
  rerun: async () => (await import("./rerun.ts")).rerunCommand,
  view: async () => (await import("./view.ts")).viewCommand,
  slurm: async () => (await import("./slurm.ts")).slurmCommand,
  init: async () => (await import("./init.ts")).initCommand,
  validate: async () => (await import("./validate.ts")).validateCommand,
  completion: async () => (await import("./completion.ts")).completionCommand,
  "mpi-check": async () => (await import("./mpiCheck.ts")).mpiCheckCommand,
  schema: async () => (await import("./schema.ts")).schemaCommand,
};

/** @throws PtychonautError "usage" for an unknown name */
export async function loadCommand(name: string): Promise<NamedCommand> {
  const entry = commandTable.find((candidate) => candidate.name === name);
  if (entry !== undefined) return loaded(entry);
  const names = commandTable.map((candidate) => candidate.name);
  const near = nearestName(name, names);
  throw new PtychonautError("usage", `unknown command "${name}"`, {
    expected: names.join(", "),
    ...(near === undefined ? {} : { fix: `did you mean "${near}"?` }),
  });
}

export const allCommands = (): Promise<readonly NamedCommand[]> => Promise.all(commandTable.map(loaded));

/** The command with its line of the table, and with the flags that all such commands have. */
async function loaded({ name, summary, configurable }: CommandEntry): Promise<NamedCommand> {
  const command = await loaders[name]();
  const flags = [...command.flags, ...(configurable ? [configFlag] : []), ...commonFlags];
  return { ...command, name, summary, configurable, flags };
}
