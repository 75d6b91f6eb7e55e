import { expect, it } from "vitest";
import { resolveTrainingPayload } from "../../src/config/resolve/train.ts";
import { readSavedConfig, savedConfigOf } from "../../src/config/savedConfig.ts";
import { PtychonautError } from "../../src/errors.ts";
import { fakeFiles } from "../cli/harness.ts";

const request = { trainDataFile: "scan.npz", outputDir: "out", overrides: { gridsize: 3, probeMask: true } };
const saved = async () => {
  const config = savedConfigOf(await resolveTrainingPayload(request, fakeFiles()));
  return JSON.parse(JSON.stringify(config)) as Record<string, Record<string, unknown>>;
};

it("settings come back from JSON as they were", async () => {
  const payload = await resolveTrainingPayload(request, fakeFiles());
  const back = readSavedConfig(await saved(), "model.zip");
  expect(back).toEqual(savedConfigOf(payload));
  expect(Object.isFrozen(back.model)).toBe(true);
});

it("refuses what this version does not know, as a bundle error", async () => {
  const config = await saved();
  for (const broken of [
    { ...config, model: { ...config["model"], attention: true } },
    { ...config, model: { ...config["model"], gridsize: 0 } },
    { ...config, model: { ...config["model"], N: null } },
    { ...config, optics: {} },
    { ...config, data: [] },
  ]) {
    expect(() => readSavedConfig(broken, "model.zip")).toThrow(PtychonautError);
    try {
      readSavedConfig(broken, "model.zip");
    } catch (error) {
      expect((error as PtychonautError).kind).toBe("bundle");
      expect((error as Error).message).toContain("model.zip");
    }
  }
});
