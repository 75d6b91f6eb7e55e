import { reasonOf } from "../files/failures.ts";

/** Signals that ask a program to end, with their numbers: Ctrl-C, a batch system before its limit, a closed terminal. */
const endings = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

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
  /** Listens from now on. Until then signals end the program at once, as they do where nothing is there to be saved. */
  readonly listen: () => void;
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
      stderr(`\nstopping after this step and saving; a second ${name === "SIGINT" ? "Ctrl-C" : name} quits at once\n`);
      controller.abort();
    };
    return [name, listener] as const;
  });
  const stopListening = (): void => {
    for (const [name, listener] of listeners) source.off(name, listener);
  };
  let listening = false;
  return {
    signal: controller.signal,
    listen: () => {
      if (listening) return;
      listening = true;
      for (const [name, listener] of listeners) source.on(name, listener);
    },
    exitCode: () => (first === undefined ? undefined : 128 + endings[first]),
    dispose: stopListening,
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
  readonly listen: () => void;
}

/** Runs a command as a program: its arguments from the caller, signals to its own, its exit code to the process. */
export async function runProgram(
  argv: readonly string[],
  main: (argv: readonly string[], deps: ProgramDeps) => Promise<number>,
): Promise<void> {
  const exit = (): void => process.exit(1);
  dropUnread(process.stdout, (why) => process.stderr.write(`error: standard output cannot be written: ${why}\n`, exit));
  dropUnread(process.stderr, exit);
  const { signal, listen, exitCode, dispose } = interruption(process, (text) => void process.stderr.write(text));
  const code = await main(argv, { signal, listen });
  process.exitCode = code === INTERRUPTED ? (exitCode() ?? code) : code;
  dispose();
}

/** What a command returns that was asked to end. */
const INTERRUPTED = 130;
