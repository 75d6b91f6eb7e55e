import { describe, expect, it } from "vitest";
import type { Settings } from "../../src/config/group.ts";
import { identitySettings, isLearning } from "../../src/config/identity.ts";
import { resolveTrainingPayload } from "../../src/config/resolve/train.ts";
import { isRead } from "../../src/config/schema.ts";
import { fakeFiles } from "../cli/harness.ts";

const identity = async (overrides: Settings): Promise<Settings> => {
  const payload = await resolveTrainingPayload({ trainDataFile: "scan.npz", outputDir: "out", overrides }, fakeFiles());
  return identitySettings(payload as never, (name) => payload.overridden.some((origin) => origin.name === name));
};

describe("what the parts of one training must agree on", () => {
  it.each([
    [{ learningRate: 0.01 }, { learningRate: 0.02 }],
    [{ scheduler: "MultiStage" }, { scheduler: "Exponential" }],
    [{ gridsize: 2 }, { gridsize: 3 }],
    [{ seed: 1 }, { seed: 2 }],
    [
      { scheduler: "MultiStage", multistageMilestones: [1] },
      { scheduler: "MultiStage", multistageMilestones: [2] },
    ],
    [{ scheduler: "MultiStage" }, { scheduler: "MultiStage", multistageMilestones: [1] }],
  ])("%j is not %j", async (a, b) => {
    expect(await identity(a)).not.toEqual(await identity(b));
  });

  it.each([
    [{ maxEpochs: 2 }, { maxEpochs: 4 }],
    [
      { maxEpochs: 2, scheduler: "MultiStage" },
      { maxEpochs: 4, scheduler: "MultiStage" },
    ],
    [{ patternsInMemory: "no" }, { numWorkers: 2 }],
    [{}, { neighborCount: 4, probeMaskDiameter: 32, N: 64 }],
    [{ resume: "last" }, { epochsFineTune: 3 }],
  ])("%j may go on as %j", async (a, b) => {
    expect(await identity(a)).toEqual(await identity(b));
  });

  it("learning depends on the length too, and on nothing of how a run is carried out", () => {
    for (const name of ["maxEpochs", "learningRate", "accumSteps", "gridsize", "nphotons"]) {
      expect([name, isLearning(name)]).toEqual([name, true]);
    }
    for (const name of ["accelerator", "patternsInMemory", "loggerBackend", "middleTrim", "outputDir"]) {
      expect([name, isLearning(name)]).toEqual([name, false]);
    }
  });
});

it("a kind of run reads what its groups and phases say", () => {
  expect(
    ["patternsInMemory", "accelerator", "logPatchStats", "middleTrim"].filter((n) => isRead(n, "inference")),
  ).toHaveLength(4);
  expect(["learningRate", "maxEpochs", "nGroups", "unknown"].filter((n) => isRead(n, "inference"))).toEqual([]);
  expect(["inferenceBatchSize", "middleTrim"].filter((n) => isRead(n, "training"))).toEqual([]);
});
