import { expect, it } from "vitest";
import { main } from "../../src/node/cli/main.ts";

it("view, which saves nothing, listens without a word of saving", async () => {
  const heard: (boolean | undefined)[] = [];
  const ended = new AbortController();
  const deps = { stdout: () => ended.abort(), stderr: () => {}, signal: ended.signal };
  expect(await main(["view"], { ...deps, listen: (silently) => void heard.push(silently) })).toBe(0);
  expect(heard).toEqual([true]);
});
