import type { FileProbe } from "../../config/fileProbe.ts";
import type { InferencePayload, ReconstructionPayload, TrainingPayload } from "../../config/payload.ts";
import { printableLine } from "../../printable.ts";
import type { RunHooks, RunOutcome, Workflows } from "../../runs/hooks.ts";
import type { Home } from "../../runs/machine.ts";
import type { Flag, ParsedFlags } from "./flags.ts";

/** What a command needs from the world. */
export interface CommandContext {
  readonly home: Home;
  readonly workflows: Workflows;
  readonly files: FileProbe;
  /** What a run would warn of in its scans. @throws PtychonautError as it refuses one */
  readonly scanWarnings: (
    payload: TrainingPayload | InferencePayload | ReconstructionPayload,
  ) => Promise<readonly string[]>;
  /** Results: what a program would read. */
  readonly print: (text: string) => void;
  /** Talk: what a person would read. */
  readonly warn: (line: string) => void;
  readonly hooks: (quiet: boolean, progressBar?: boolean) => RunHooks;
  /** The signal that ends a command that has nothing to save, of which therefore nothing is said. */
  readonly untilEnded: () => AbortSignal;
  /** Processes that do a run together. */
  readonly processes: number;
  /**
   * Checks a command line as its own --dry_run does, as one of so many processes, without what that prints.
   * @returns the exit code
   */
  readonly dryRun: (argv: readonly string[], processes: number) => Promise<number>;
  /** All commands. */
  readonly commands: () => Promise<readonly NamedCommand[]>;
  /** All commands that a config file has a section for. */
  readonly configurable: () => Promise<readonly NamedCommand[]>;
}

/** A command without what `commandTable.ts` says of it. */
export interface Command {
  /** What follows the command's name in its usage line. */
  readonly usage: string;
  readonly details?: string;
  readonly examples?: readonly string[];
  readonly flags: readonly Flag[];
  /** Names of the flags that most calls need: the help describes these and names the others. Absent: it describes all. */
  readonly often?: readonly string[];
  /** Names, in camel case, that the reference system has and this command refuses, with the reason. */
  readonly refused?: Readonly<Record<string, string>>;
  /**
   * Names of the positional arguments; one or more of the last where its name ends in "...". All are required but one in
   * brackets at the end: "[PATH...]".
   */
  readonly positionals?: readonly string[];
  /** Where its scan is named: there `FILE::ARRAY` is the file and the array of its patterns. */
  readonly scan?: "positional" | "trainDataFile" | "testDataFile" | "scan";
  /** Whether words that are none of its own flags are handed on as they are: another command and its arguments. */
  readonly handsOn?: true;
  /** Whether it reads the settings of a config file by itself, with a rank of their own below options and the data. */
  readonly ranksSettings?: true;
  /** Whether several processes, started together, share its work. */
  readonly overRanks?: true;
  /** @returns the exit code */
  readonly run: (parsed: ParsedFlags, context: CommandContext) => Promise<number>;
}

/** A command with its line of the table, and with the flags that all such commands have. */
export interface NamedCommand extends Command {
  readonly name: string;
  readonly summary: string;
  /** Whether a config file has a section for it, and the command --config. */
  readonly configurable: boolean;
}

/** The flag of every command that a config file has something to say to. */
export const configFlag: Flag = {
  name: "config",
  kind: "text",
  section: "Files",
  description: "Options and settings in a YAML or JSON file; flags win over it. `ptychonaut init` writes one.",
};

/** The flag of every command that writes. */
export const overwriteFlag: Flag = {
  name: "overwrite",
  kind: "boolean",
  section: "General",
  description: "What is there already may be replaced and lost.",
};

/** Flags that every command has. */
export const commonFlags: readonly Flag[] = [
  {
    name: "quiet",
    kind: "boolean",
    section: "General",
    description: "No progress bar and no talk; warnings and errors only.",
  },
  { name: "debug", kind: "boolean", section: "General", description: "Show where in the program an error arose." },
  { name: "help", kind: "boolean", section: "General", description: "Show this text." },
];

/** Ends a run: says what was written or what went wrong, and gives the exit code. */
export function reportOutcome(outcome: RunOutcome, hooks: RunHooks): number {
  for (const file of outcome.files) hooks.log(`wrote ${printableLine(file)}`);
  const advice = outcome.advice === undefined ? "" : `: ${outcome.advice}`;
  switch (outcome.status) {
    case "finished":
      if (outcome.advice !== undefined) hooks.log(outcome.advice);
      return 0;
    case "interrupted":
      hooks.warn(`interrupted${advice}`);
      return 130;
    case "diverged":
      hooks.warn(`the run diverged${advice}`);
      return 1;
  }
}
