/**
 * Ctrl-C: the first asks the run to finish its step, save and end; the second ends the program at once.
 * @returns the signal to give to a run, and what takes the listener off again
 */
export function interruptSignal(stderr: (text: string) => void): { signal: AbortSignal; dispose: () => void } {
  const controller = new AbortController();
  const onInterrupt = () => {
    if (controller.signal.aborted) process.exit(130);
    stderr("\nstopping after this step and saving; press Ctrl-C again to quit at once\n");
    controller.abort();
  };
  process.on("SIGINT", onInterrupt);
  return { signal: controller.signal, dispose: () => void process.off("SIGINT", onInterrupt) };
}

/** Runs a command as a program: arguments from the process, exit code to it. */
export async function runProgram(
  argv: readonly string[],
  main: (argv: readonly string[], deps: { readonly signal: AbortSignal }) => Promise<number>,
): Promise<void> {
  const { signal, dispose } = interruptSignal((text) => void process.stderr.write(text));
  process.exitCode = await main(argv, { signal });
  dispose();
}
