import { expect, it } from "vitest";
import type { LinesSetup } from "../../src/benchmark/linesData.ts";
import { nodeHome } from "../../src/node/home.ts";
import { benchmarkData, probeOf } from "../../src/runs/benchmark/data.ts";
import { memoryStore } from "../../src/runs/memoryStore.ts";
import type { RunStore } from "../../src/runs/store.ts";
import { quietHooks } from "./inferRun.ts";

const setup: LinesSetup = {
  ...{ n: 32, gridsize: 1, images: 1, size: 64, setPhi: false, probe: "ideal", probeScaling: "pad_extrapolate" },
  ...{ probeSmoothing: 0.5, nphotons: 1e9, dataSeed: 1 },
};

it("the scans of a benchmark that was killed between them are made by the same call", async () => {
  const store = memoryStore();
  await store.makeFolder("/data");
  const home = (of: RunStore) => ({ ...nodeHome, store: of });
  const probe = await probeOf({ setup }, home(store));
  const killed: RunStore = {
    ...store,
    write: (path, content) =>
      path.endsWith("test.npz") ? Promise.reject(new Error("killed")) : store.write(path, content),
  };
  await expect(benchmarkData("/data", { setup }, probe, quietHooks(), home(killed))).rejects.toThrow(/killed/);
  expect(await store.list("/data")).toContain("train.npz");
  const other = benchmarkData("/data", { setup: { ...setup, dataSeed: 2 } }, probe, quietHooks(), home(store));
  await expect(other).rejects.toThrow(/data of another benchmark/);
  const made = await benchmarkData("/data", { setup }, probe, quietHooks(), home(store));
  expect(made.testUnit).toBeGreaterThan(0);
  expect(await benchmarkData("/data", { setup }, probe, quietHooks(), home(killed))).toEqual(made);
});

it("a scan of that name which no benchmark made is not replaced", async () => {
  const store = memoryStore();
  await store.makeFolder("/data");
  await store.write("/data/train.npz", new Uint8Array(3));
  const home = { ...nodeHome, store };
  const probe = await probeOf({ setup }, home);
  await expect(benchmarkData("/data", { setup }, probe, quietHooks(), home)).rejects.toThrow(
    /would be lost.*train\.npz/,
  );
});
