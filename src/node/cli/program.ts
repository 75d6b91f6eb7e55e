/** The parts of the process that an interruption concerns. */
export interface Interruptible {
  on(event: "SIGINT", listener: () => void): unknown;
  off(event: "SIGINT", listener: () => void): unknown;
  exit(code: number): void;
}

/**
 * Ctrl-C: the first asks the run to finish its step, save and end; the second ends the program at once.
 * @returns the signal to give to a run, and what takes the listener off again
 */
export function interruptSignal(
  source: Interruptible,
  stderr: (text: string) => void,
): { readonly signal: AbortSignal; readonly dispose: () => void } {
  const controller = new AbortController();
  const onInterrupt = () => {
    if (controller.signal.aborted) return source.exit(130);
    stderr("\nstopping after this step and saving; press Ctrl-C again to quit at once\n");
    controller.abort();
  };
  source.on("SIGINT", onInterrupt);
  return { signal: controller.signal, dispose: () => void source.off("SIGINT", onInterrupt) };
}

/** Runs a command as a program: its arguments from the caller, Ctrl-C to its signal, its exit code to the process. */
export async function runProgram(
  argv: readonly string[],
  main: (argv: readonly string[], deps: { readonly signal: AbortSignal }) => Promise<number>,
): Promise<void> {
  const { signal, dispose } = interruptSignal(process, (text) => void process.stderr.write(text));
  process.exitCode = await main(argv, { signal });
  dispose();
}
