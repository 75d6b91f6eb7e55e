/** Milliseconds that one thread works before it looks up. */
const STRETCH_MS = 50;

/**
 * For long work in one thread: `await pause()` now and then, and timers, messages and the user's interruption get their turn
 * about twenty times a second. Costs next to nothing while there is no turn to give.
 */
export function pauses(): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    if (performance.now() - last < STRETCH_MS) return undefined;
    return new Promise((resolve) =>
      setTimeout(() => {
        last = performance.now();
        resolve();
      }),
    );
  };
}
