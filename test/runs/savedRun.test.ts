import { expect, it } from "vitest";
import { parseSettings } from "../../src/config/schema.ts";
import { memoryStore } from "../../src/runs/memoryStore.ts";
import { stageBySetting } from "../../src/runs/reconstruct/identityOfStages.ts";
import { readSavedRun } from "../../src/runs/savedRun.ts";
import { checkIdentity } from "../../src/training/checkpoint.ts";

/** What an earlier version had, where nobody had said it. */
const left = { floatingIntensities: null };

const record = (reconstruction: Readonly<Record<string, unknown>>): Uint8Array =>
  new TextEncoder().encode(
    JSON.stringify({
      ...{ command: "reconstruct", inputs: [{ path: "scan.npz", sha256: null }], overridden: [] },
      settings: {
        ...{ data: parseSettings("data"), execution: parseSettings("execution") },
        reconstruction: { ...parseSettings("reconstruction"), ...reconstruction },
      },
      ...{ seeds: { run: 1, grouping: 1 }, workingFolder: "/" },
    }),
  );

it("a run is repeated without settings that are no more, unless somebody said them", async () => {
  const store = memoryStore();
  await store.write("left.json", record(left));
  const { settings } = await readSavedRun("left.json", store);
  expect(settings.reconstruction).not.toHaveProperty("floatingIntensities");
  await store.write("said.json", record({ floatingIntensities: true }));
  await expect(readSavedRun("said.json", store)).rejects.toThrow(/floating_intensities is refused.*intensities/);
});

it("a checkpoint of an earlier version is of the same run where nobody had said them", () => {
  const identity = { ...parseSettings("reconstruction"), stages: [] };
  expect(() => checkIdentity(...stageBySetting({ ...identity, ...left }, identity), "last.ckpt.zip")).not.toThrow();
});
