import { describe, expect, it } from "vitest";
import { alone } from "../../src/communicator.ts";
import { PtychonautError } from "../../src/errors.ts";
import type { RunHooks } from "../../src/runs/hooks.ts";
import type { Home, Machine } from "../../src/runs/machine.ts";
import { memoryStore } from "../../src/runs/memoryStore.ts";
import { inRunFolder } from "../../src/runs/runFolder.ts";
import type { RunStore } from "../../src/runs/store.ts";
import { quietHooks } from "./inferRun.ts";

const run = { command: "reconstruct", outputDir: "/run" };
const finished = { status: "finished", files: [] } as const;

async function made(change: Partial<RunStore> = {}): Promise<{ home: Home; text: () => Promise<string> }> {
  const store = { ...memoryStore(), ...change };
  await store.makeFolder("/run");
  const home: Home = { store, machine: { ranks: alone } as Machine };
  return { home, text: async () => new TextDecoder().decode(await store.read("/run/run-log.txt")) };
}

describe("what a run says", () => {
  it("is in its folder as it is said, each part of a run after the one before, with how it ended", async () => {
    const { home, text } = await made();
    await inRunFolder(run, quietHooks(), home, async ({ log, warn }) => {
      log("first");
      warn("warning: second");
      await expect.poll(text).toMatch(/^== \S+Z reconstruct, ptychonaut .*\nfirst\nwarning: second\n$/);
      log("third\u001b[31m\nstill third");
      return { ...finished, status: "interrupted", advice: "go on" };
    });
    const broken = inRunFolder(run, quietHooks(), home, async () => {
      throw new PtychonautError("data", "no scan");
    });
    await expect(broken).rejects.toThrow("no scan");
    const lines = (await text()).split("\n");
    expect(lines).toHaveLength(8);
    expect(lines[3]).toMatch(/^third.*still third$/);
    expect(lines[3]).not.toContain("\u001b");
    expect(lines[4]).toMatch(/^== \S+Z interrupted: go on$/);
    expect(lines[6]).toMatch(/^== \S+Z failed: no scan/);
  });

  it("begins a line of its own where a program was killed in the middle of one", async () => {
    const { home, text } = await made();
    await home.store.append("/run/run-log.txt", "half a li");
    await inRunFolder(run, quietHooks(), home, async () => finished);
    expect((await text()).split("\n").slice(0, 2)).toEqual([
      "half a li",
      expect.stringMatching(/^== \S+Z reconstruct/),
    ]);
  });

  it("ends no run where it cannot be kept, which is said once", async () => {
    const { home } = await made({
      append: async () => {
        throw new PtychonautError("output", "the disk is full");
      },
    });
    const warned: string[] = [];
    const hooks: RunHooks = { ...quietHooks(), warn: (line) => void warned.push(line) };
    const outcome = await inRunFolder(run, hooks, home, async ({ log }) => {
      for (let i = 0; i < 5; i++) {
        log(`line ${i}`);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      return finished;
    });
    expect(outcome).toEqual(finished);
    expect(warned).toEqual([expect.stringMatching(/what is said is not kept any more: the disk is full/)]);
  });
});
