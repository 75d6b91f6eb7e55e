import { reasonOf } from "../files/failures.ts";

/**
 * Signals that ask a program to end, with their numbers: Ctrl-C, a batch system before its limit, a closed terminal, and
 * what launchers of several processes hand on (most answer SIGTERM by ending everything within a second).
 */
const endings = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1, SIGUSR1: 10, SIGUSR2: 12 } as const;

type Ending = keyof typeof endings;
const endingNames = Object.keys(endings) as readonly Ending[];

/** The parts of the process that an interruption concerns. */
export interface Interruptible {
  on(event: Ending, listener: () => void): unknown;
  off(event: Ending, listener: () => void): unknown;
  exit(code: number): void;
}

export interface Interruption {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /**
   * Listens from now on. Until then signals end the program at once, as they do where nothing is there to be saved: with a
   * word of that before a run has begun, without one while one computation may hold the thread.
   * @param silently for what saves nothing, and for one of several processes: a launcher sends signals also to end what has
   * failed
   */
  readonly listen: (silently?: boolean) => void;
  /** A signal is to end the program with a word of what there is, until `begun`. */
  readonly beforeRun: () => void;
  readonly begun: () => void;
  /** Exit code of a run that a signal ended, 128 and the signal's number; undefined when none came. */
  readonly exitCode: () => number | undefined;
  readonly dispose: () => void;
}

/**
 * Ctrl-C and its like: the first asks the run to finish its step, save and end; the second ends the program at once,
 * whatever it is doing.
 * Nothing is heard while one computation holds the thread, so a run listens only once it looks at the signal.
 */
export function interruption(source: Interruptible, stderr: (text: string) => void): Interruption {
  const controller = new AbortController();
  let first: Ending | undefined;
  let silent = false;
  const listeners = endingNames.map((name) => {
    const listener = (): void => {
      if (first !== undefined) {
        source.exit(128 + endings[name]);
        return;
      }
      first = name;
      // Later ones are left to the system, which ends the program also while one computation holds the thread. Not before
      // the next turn: of two that came during such a computation, the second is heard right after this one.
      setImmediate(stopListening);
      if (!silent)
        stderr(
          `\nstopping after this step and saving; a second ${name === "SIGINT" ? "Ctrl-C" : name} quits at once\n`,
        );
      controller.abort();
    };
    return [name, listener] as const;
  });
  const stopListening = (): void => {
    for (const [name, listener] of listeners) source.off(name, listener);
  };
  const early = endingNames.map((name) => {
    const listener = (): void => {
      stderr("\ninterrupted before the run began: nothing was saved\n");
      source.exit(128 + endings[name]);
    };
    return [name, listener] as const;
  });
  const begun = (): void => {
    for (const [name, listener] of early) source.off(name, listener);
  };
  let listening = false;
  return {
    signal: controller.signal,
    listen: (silently = false) => {
      if (listening) return;
      silent = silently;
      listening = true;
      begun();
      for (const [name, listener] of listeners) source.on(name, listener);
    },
    exitCode: () => (first === undefined ? undefined : 128 + endings[first]),
    beforeRun: () => {
      for (const [name, listener] of early) source.on(name, listener);
    },
    begun,
    dispose: () => {
      begun();
      stopListening();
    },
  };
}

/** Nobody reads any more: the pipe's other end is closed, or the terminal is gone. */
const unread: readonly string[] = ["EPIPE", "EIO", "ERR_STREAM_DESTROYED"];

interface Output {
  on(event: "error", listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/** What nobody reads is dropped, and the command goes on to its end; other failures to write are told, to end it. */
export function dropUnread(output: Output, failed: (reason: string) => void): void {
  output.on("error", (error) => {
    if (!unread.includes(error.code ?? "")) failed(reasonOf(error));
  });
}

interface ProgramDeps {
  readonly signal: AbortSignal;
  readonly listen: (silently?: boolean) => void;
  readonly begun: () => void;
  readonly signalled: () => number | undefined;
}

/** Runs a command as a program: its arguments from the caller, signals to its own, its exit code to the process. */
export async function runProgram(
  argv: readonly string[],
  main: (argv: readonly string[], deps: ProgramDeps) => Promise<number>,
): Promise<void> {
  const exit = (): void => process.exit(1);
  dropUnread(process.stdout, (why) => process.stderr.write(`error: standard output cannot be written: ${why}\n`, exit));
  dropUnread(process.stderr, exit);
  const { signal, exitCode, dispose, beforeRun, ...heard } = interruption(
    process,
    (text) => void process.stderr.write(text),
  );
  if (longRuns.includes(argv[0])) beforeRun();
  const code = await main(argv, { signal, ...heard, signalled: exitCode });
  process.exitCode = code === INTERRUPTED ? (exitCode() ?? code) : code;
  dispose();
}

/** Commands that save what there is when they are interrupted. */
const longRuns: readonly (string | undefined)[] = ["train", "infer", "reconstruct"];

/** What a command returns that was asked to end. */
const INTERRUPTED = 130;
