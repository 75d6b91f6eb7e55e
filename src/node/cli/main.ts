import { snakeCase } from "../../config/names.ts";
import { PtychonautError } from "../../errors.ts";
import { printable } from "../../printable.ts";
import type { RunHooks, Workflows } from "../../runs/hooks.ts";
import type { Home } from "../../runs/machine.ts";
import { outOfMemory } from "../../runs/memory.ts";
import { createProgressBar, silentProgress } from "../../runs/progress.ts";
import { version } from "../../version.ts";
import { nodeHome } from "../home.ts";
import type { Joined } from "../mpi/joined.ts";
import { type Launch, launchOf } from "../mpi/launcher.ts";
import type { CommandContext, NamedCommand } from "./command.ts";
import { allCommands, loadCommand } from "./commands.ts";
import { commandTable } from "./commandTable.ts";
import { meantValues, type ParsedFlags, parseFlags, partFlags } from "./flags.ts";
import { withFlags } from "./flagWords.ts";
import { renderBriefHelp, renderHelp, renderMatches, WIDTH, wrap } from "./help.ts";
import { type FolderMemory, rememberingFolders } from "./madeFolders.ts";
import { withScanAddress, withScanNamed } from "./scanAddress.ts";

/** What a caller may replace: tests capture what reaches the workflows, and what is printed. */
export interface MainDeps {
  readonly workflows?: Partial<Workflows>;
  readonly files?: CommandContext["files"];
  readonly scanWarnings?: CommandContext["scanWarnings"];
  readonly stdout?: (text: string) => void;
  readonly stderr?: (text: string) => void;
  /** Whether standard error is a terminal, where a progress bar makes sense. */
  readonly terminal?: boolean;
  readonly signal?: AbortSignal;
  /** Processes that a dry run is to be checked for. Default: as many as there are. */
  readonly processes?: number;
  /** Called when a run looks at the signal: from then on it will end by it. */
  readonly listen?: (silently?: boolean) => void;
  /** Called when a run begins its work. */
  readonly begun?: () => void;
  /** Exit code of the signal that ended a run, if one did. */
  readonly signalled?: () => number | undefined;
}

/**
 * The command line, callable in-process: the first argument names the command.
 * @returns the exit code: 0 for success, 2 for misuse, 1 for a run that failed, 130 after Ctrl-C
 */
export async function main(argv: readonly string[], deps: MainDeps = {}): Promise<number> {
  const raw = deps.stderr ?? ((text: string) => void process.stderr.write(text));
  const results = deps.stdout ?? ((text: string) => void process.stdout.write(text));
  // The one door to the terminal: what comes out of files and servers is not obeyed there.
  const stdout = (text: string): void => results(printable(text));
  const stderr = (text: string): void => raw(printable(text));
  let running: NamedCommand | undefined;
  let launch: Launch | undefined;
  let joined: Joined | undefined;
  let removeEmpty: FolderMemory["removeEmpty"] = async () => {};
  try {
    const [name, ...rest] = argv;
    if (name === undefined || name === "help" || name === "--help" || name === "-h") {
      (name === undefined ? stderr : stdout)(overview());
      return name === undefined ? 2 : 0;
    }
    if (name === "--version" || name === "-V") {
      stdout(`${version}\n`);
      return 0;
    }
    const command = await loadCommand(name);
    running = command;
    if (rest.includes("--help") || rest.includes("-h")) {
      stdout(helpFor(command, helpTopic(rest)));
      return 0;
    }
    const parsed = command.handsOn === true ? partedFlags(rest, command) : parsedFlags(rest, command);
    for (const warning of parsed.warnings) stderr(`warning: ${warning}\n`);
    const whole = withScanAddress(await withFile(parsed, command), command);
    checkPositionals(command, whole);
    launch = launchOf(process.env);
    joined = launch && (await joinedBy(launch, command));
    // One that a signal ends at once takes the others along, by a signal that asks nobody: they end together, at a step.
    if (joined !== undefined) deps.listen?.(true);
    if (joined?.warning !== undefined) stderr(`warning: ${joined.warning}\n`);
    const { home, ...made } = rememberingFolders(joined?.home ?? nodeHome);
    removeEmpty = made.removeEmpty;
    const terminal = { stdout, stderr, raw };
    const code = await command.run(whole, contextFor(deps, home, home.machine.ranks.rank === 0 ? terminal : silence));
    return joined === undefined ? code : await joined.leave(code === 130 ? (deps.signalled?.() ?? code) : code);
  } catch (error) {
    await removeEmpty();
    const code = await explainedByRank(launch, stderr, (say) =>
      explainError(error, running, argv.includes("--debug"), say),
    );
    return joined === undefined ? code : joined.abort(code);
  }
}

const parsedFlags = (words: readonly string[], command: NamedCommand): ParsedFlags =>
  withScanNamed(parseFlags(words, command.flags, command.refused), command);

function partedFlags(words: readonly string[], command: NamedCommand): ParsedFlags {
  const { own, others } = partFlags(words, command.flags);
  return { ...parseFlags(own, command.flags), handedOn: others };
}

/** Loads MPI only where a launcher started several processes. */
async function joinedBy(launch: Launch, command: NamedCommand): Promise<Joined> {
  const { join, refuseRanks } = await import("../mpi/joined.ts");
  return command.overRanks === true ? join(launch, nodeHome) : refuseRanks(command.name, launch);
}

/** What all processes trip over rank 0 says for them: others wait, and then are not there any more. */
const OTHERS_WAIT_MS = 2000;

async function explainedByRank(
  launch: Launch | undefined,
  stderr: (text: string) => void,
  explain: (say: (text: string) => void) => number,
): Promise<number> {
  const rank = launch?.rank ?? 0;
  if (rank === 0) return explain(stderr);
  await new Promise((resolve) => setTimeout(resolve, OTHERS_WAIT_MS));
  return explain((text) => stderr(`process ${rank}: ${text}`));
}

/** Where output goes: what a program reads, what a person reads, and lines that are drawn over, which are clean already. */
interface Terminal {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly raw: (text: string) => void;
}

const silence: Terminal = { stdout: () => {}, stderr: () => {}, raw: () => {} };

/** With the options of the file that --config names, below those of the command line. */
async function withFile(parsed: ParsedFlags, command: NamedCommand): Promise<ParsedFlags> {
  const path = parsed.values["config"];
  if (typeof path !== "string") return parsed;
  const { optionsFromFile } = await import("./configOptions.ts");
  return { ...parsed, values: { ...(await optionsFromFile(path, command)), ...parsed.values } };
}

function checkPositionals(command: NamedCommand, { positionals: given, behind }: ParsedFlags): void {
  const wanted = command.positionals ?? [];
  const last = wanted.at(-1) ?? "";
  const least = /^\[.*\]$/.test(last) ? wanted.length - 1 : wanted.length;
  const most = /\.\.\.\]?$/.test(last) ? Number.POSITIVE_INFINITY : wanted.length;
  if (given.length >= least && given.length <= most) return;
  throw new PtychonautError("usage", given.length > wanted.length ? "too many arguments" : "missing arguments", {
    expected: wanted.length === 0 ? "options only" : wanted.join(" "),
    got: given.length === 0 ? "none" : given.join(" "),
    fix: `${given.length > wanted.length ? meantValues(behind) : ""}see ptychonaut ${command.name} --help`,
  });
}

function overview(): string {
  const width = Math.max(...commandTable.map(({ name }) => name.length)) + 4;
  const lines = commandTable.flatMap(({ name, summary }) => {
    const [first, ...more] = wrap(summary, " ".repeat(width), WIDTH);
    return [`  ${name}`.padEnd(width) + first.slice(width), ...more];
  });
  return [
    "Usage: ptychonaut COMMAND [options]",
    "",
    "Ptychography: diffraction patterns, positions and a probe in, the complex image of the object out.",
    "",
    ...lines,
    "",
    "ptychonaut COMMAND --help shows a command's options; ptychonaut --version says which version this is.",
    "",
  ].join("\n");
}

/** The help of a command: brief, of all, or of what has to do with a word. */
function helpFor(command: NamedCommand, topic: string | undefined): string {
  const { name, summary, flags, usage, details, examples, often } = command;
  const page = {
    ...{ usage: `ptychonaut ${name} ${usage}`, summary, flags },
    ...(details === undefined ? {} : { details }),
    ...(examples === undefined ? {} : { examples }),
    ...(often === undefined ? {} : { often }),
  };
  if (topic !== undefined && topic !== "all") return renderMatches(page, topic);
  return often === undefined || topic === "all" ? renderHelp(page) : renderBriefHelp(page);
}

/** What follows --help, if it is a word. */
function helpTopic(argv: readonly string[]): string | undefined {
  const word = argv[argv.findIndex((token) => token === "--help" || token === "-h") + 1];
  return word === undefined || word.startsWith("-") ? undefined : word;
}

function contextFor(deps: MainDeps, home: Home, { stdout: print, stderr, raw: draw }: Terminal): CommandContext {
  const warn = (line: string) => stderr(`${withFlags(line)}\n`);
  const terminal = deps.terminal ?? process.stderr.isTTY === true;
  const signal = deps.signal ?? new AbortController().signal;
  const begin = async (): Promise<Workflows> => {
    const workflows = await ownWorkflows(home);
    deps.begun?.();
    return workflows;
  };
  return {
    print,
    warn,
    home,
    files: deps.files ?? lazyFiles(home),
    scanWarnings: deps.scanWarnings ?? lazyScanWarnings(home),
    processes: deps.processes ?? home.machine.ranks.size,
    dryRun: (argv, processes) => main([...argv, "--dry_run"], { ...deps, stdout: () => {}, stderr: draw, processes }),
    commands: allCommands,
    configurable: async () => (await allCommands()).filter(({ configurable }) => configurable),
    workflows: {
      train: deps.workflows?.train ?? (async (...args) => (await begin()).train(...args)),
      infer: deps.workflows?.infer ?? (async (...args) => (await begin()).infer(...args)),
      reconstruct: deps.workflows?.reconstruct ?? (async (...args) => (await begin()).reconstruct(...args)),
    },
    untilEnded: () => {
      deps.listen?.(true);
      return signal;
    },
    hooks: (quiet, progressBar = true): RunHooks => ({
      get signal() {
        deps.listen?.();
        return signal;
      },
      log: quiet ? () => {} : warn,
      warn,
      progress: (label, total, start = 0) =>
        quiet || !progressBar || !terminal
          ? silentProgress
          : createProgressBar({ label, total, start, write: draw, columns: process.stderr.columns ?? 100 }),
    }),
  };
}

/** Loaded only by commands that run them. */
const ownWorkflows = async (home: Home): Promise<Workflows> =>
  (await import("../../runs/workflows.ts")).workflowsIn(home);

/** Files and devices, loaded with the readers only when a command looks at them. */
function lazyFiles(home: Home): CommandContext["files"] {
  const probe = async () => (await import("../../runs/payloads.ts")).fileProbe(home);
  return {
    checkAccelerator: async (...args) => (await probe()).checkAccelerator(...args),
    scanFiles: async (...args) => (await probe()).scanFiles(...args),
    scanHeader: async (...args) => (await probe()).scanHeader(...args),
    bundleHeader: async (...args) => (await probe()).bundleHeader(...args),
    prepareFolder: async (...args) => (await probe()).prepareFolder(...args),
  };
}

const lazyScanWarnings =
  (home: Home): CommandContext["scanWarnings"] =>
  async (payload) =>
    (await import("../../runs/inputs/scanChecks.ts")).payloadScanWarnings(payload, home);

function explainError(
  thrown: unknown,
  command: NamedCommand | undefined,
  debug: boolean,
  stderr: (text: string) => void,
): number {
  const names = new Set(command?.flags.map(({ name }) => snakeCase(name)));
  const error = outOfMemory(thrown, (name) => names.has(name)) ?? thrown;
  const message = error instanceof Error ? error.message : String(error);
  stderr(`error: ${withFlags(message)}\n`);
  if (debug && error instanceof Error) stderr(`${error.stack ?? ""}\n`);
  if (error instanceof PtychonautError) return error.exitCode;
  if (!debug) stderr("this is unexpected; --debug shows where it happened\n");
  return 1;
}
