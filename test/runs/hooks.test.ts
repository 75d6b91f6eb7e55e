import { expect, it } from "vitest";
import { signalSoon } from "../../src/runs/hooks.ts";

/** Hooks of a run that say whether anybody looked at its signal: from then on an interruption waits for it. */
function watched() {
  const { signal } = new AbortController();
  const lines: string[] = [];
  const found = { lines, looked: false };
  const hooks = {
    get signal() {
      found.looked = true;
      return signal;
    },
    log: (line: string) => void lines.push(line),
  };
  return { found, hooks, signal };
}

it("a scan that is prepared soon is prepared with the run's own signal", () => {
  const { found, hooks, signal } = watched();
  expect(signalSoon(hooks, { count: 100, height: 64, width: 64 })).toBe(signal);
  expect(found).toEqual({ lines: [], looked: true });
});

it("a larger one leaves interruptions to the system meanwhile, and says so before", () => {
  const { found, hooks } = watched();
  expect(signalSoon(hooks, { count: 4096, height: 256, width: 256 })).toBeUndefined();
  expect(found.looked).toBe(false);
  expect(found.lines).toEqual([
    expect.stringMatching(/^preparing 1.00 GiB of patterns: an interruption .* ends .* at once/),
  ]);
});
