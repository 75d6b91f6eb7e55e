import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Settings } from "../../src/config/group.ts";
import { parseSettings } from "../../src/config/schema.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { createTrainingPayload, runTraining } from "../../src/node/runs.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { quietHooks } from "../runs/inferRun.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-supervised-"));
const scan = join(folder, "scan.npz");
const dataset = simulate({ n: 32, patterns: 24, seed: 3, photons: 1e5 });
beforeAll(() => writeFileSync(scan, writeScanNpz(dataset)));
afterAll(() => rmSync(folder, { recursive: true }));

interface Measures {
  readonly deviance: number;
  readonly label_amplitude_error: number;
  readonly label_phase_error: number;
}
interface Training {
  readonly history: readonly { readonly trainLoss: number; readonly train: Measures; readonly validation: Measures }[];
  readonly lines: readonly string[];
  readonly csv: string;
}

const defaults = parseSettings("data");

async function train(settings: Settings, trainDataFile = scan): Promise<Training> {
  const outputDir = mkdtempSync(join(folder, "run-"));
  const overrides = {
    accelerator: "cpu",
    modelType: "supervised",
    gridsize: 1,
    maxEpochs: 4,
    batchSize: 4,
    validationFraction: 0.1,
  };
  const payload = await createTrainingPayload({ trainDataFile, outputDir, overrides: { ...overrides, ...settings } });
  const lines: string[] = [];
  await runTraining(payload, { ...quietHooks(), log: (line) => void lines.push(line) });
  const { history } = JSON.parse(readFileSync(join(outputDir, "training.json"), "utf8")) as Training;
  return { history, lines, csv: readFileSync(join(outputDir, "lightning_logs/version_0/metrics.csv"), "utf8") };
}

describe("training on labels", () => {
  it.each([
    ["the CNN", { nFiltersScale: 1 }],
    [
      "real and imaginary part, of groups in worker threads",
      { nFiltersScale: 1, cnnOutputMode: "real_imag", gridsize: 2, numWorkers: 1, maxEpochs: 2 },
    ],
    ["the PtychoNN baseline, on replicas", { architecture: "ptychonn", nFiltersScale: 1, devices: 2, maxEpochs: 2 }],
    [
      "a Fourier neural operator",
      { architecture: "fno_vanilla", fnoWidth: 8, fnoModes: 6, fnoBlocks: 2, learningRate: 5e-3 },
    ],
  ] as [string, Settings][])("lowers the error against the truth: %s", async (_name, settings) => {
    const { history, lines, csv } = await train(settings);
    const [first, last] = [history[0], history.at(-1)!];
    const { label_amplitude_error: amplitude, label_phase_error: phase, deviance } = last.train;
    expect(last.trainLoss).toBeCloseTo(2 * amplitude + 4 * phase, 4);
    expect(last.trainLoss).toBeLessThan(0.9 * first.trainLoss);
    expect(last.validation.label_phase_error).toBeLessThan(first.validation.label_phase_error);
    expect(deviance).toBeGreaterThan(0);
    expect(lines.join("\n")).toMatch(/labels: cut from the object at the positions, bilinear, times 1\.\d+/);
    expect(csv).toMatch(
      /^epoch,step,mae_train_loss,mae_val_loss,deviance_train,deviance_val,label_amplitude_error_train/,
    );
  });

  it("takes patches of the file before the object", async () => {
    const data = new Float32Array(2 * 24 * 32 * 32).map((_, i) => (i & 1 ? 0.3 : 0.8));
    const path = join(folder, "patches.npz");
    writeFileSync(path, writeScanNpz({ ...dataset, patches: { shape: [24, 32, 32], data } }));
    const { lines } = await train({ nFiltersScale: 1, maxEpochs: 1 }, path);
    expect(lines.join("\n")).toMatch(/labels: the file's patches/);
  });

  it("refuses a scan without labels, to train on and to validate on", async () => {
    const { object: _, ...unlabelled }: Dataset = dataset;
    const path = join(folder, "unlabelled.npz");
    writeFileSync(path, writeScanNpz(unlabelled));
    await expect(train({}, path)).rejects.toThrow(/the scan has no labels to train on; in unlabelled/);
    // Beside another scan to validate on nothing is held back.
    const other = { testDataFile: path, validationFraction: defaults.validationFraction };
    await expect(train(other)).rejects.toThrow(/the scan has no labels to train on; in unlabelled/);
  });
});
