import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { interruptSignal } from "../../src/node/cli/program.ts";

it("the first Ctrl-C asks the run to end, the second ends the program", () => {
  const exits: number[] = [];
  const said: string[] = [];
  const source = Object.assign(new EventEmitter(), { exit: (code: number) => void exits.push(code) });
  const { signal, dispose } = interruptSignal(source, (text) => void said.push(text));
  expect(signal.aborted).toBe(false);
  source.emit("SIGINT");
  expect(signal.aborted).toBe(true);
  expect(said.join()).toContain("saving");
  expect(exits).toEqual([]);
  source.emit("SIGINT");
  expect(exits).toEqual([130]);
  dispose();
  expect(source.listenerCount("SIGINT")).toBe(0);
});
