import { describe, expect, it } from "vitest";
import { comparisonTable, markdownHead, markdownRow } from "../../src/benchmark/report.ts";
import { benchmarkRows, findRow } from "../../src/benchmark/rows.ts";
import { meanCompat, scoreImage, spreadCompat } from "../../src/benchmark/score.ts";
import type { TrainingPayload } from "../../src/config/payload.ts";
import { resolveTrainingPayload } from "../../src/config/resolve/train.ts";
import { parseSettings } from "../../src/config/schema.ts";
import type { ComplexImage } from "../../src/metrics/image.ts";
import { linesRequest } from "../../src/node/cli/benchmark.ts";
import { fakeFiles } from "../cli/harness.ts";
import { tolerances } from "../tolerances.ts";

function payloadOf(values: Readonly<Record<string, unknown>>): Promise<TrainingPayload> {
  const { setup, settings, overrides, executionConfig, seeds } = linesRequest({ outputDir: "out", ...values });
  const files = fakeFiles({ frames: 1e5, height: setup.n, width: setup.n, photonsPerPattern: 1e9 });
  const request = { trainDataFile: "train.npz", outputDir: "out", file: settings };
  return resolveTrainingPayload({ ...request, overrides: { ...overrides, seed: seeds[0] }, executionConfig }, files);
}

/** Whether this version has what a row asks for. */
function isSupported(settings: Readonly<Record<string, unknown>>): boolean {
  const { architecture = "cnn", modelType = "pinn" } = settings;
  try {
    parseSettings("model", { architecture, modelType });
    return true;
  } catch {
    return false;
  }
}

describe.each(benchmarkRows)("row $name", ({ name, settings, published, seed, data }) => {
  it.runIf(isSupported(settings))("resolves to its settings", async () => {
    const { model, training, execution, data: reading } = await payloadOf({ row: name });
    expect(model).toMatchObject({ N: data.n, gridsize: data.gridsize ?? 1 });
    expect({ ...model, ...training, ...execution, ...reading }).toMatchObject({
      ...{ batchSize: 16, scheduler: "ReduceLROnPlateau", plateauMinLr: 1e-4, splitMode: "spatial", seed },
      ...settings,
    });
  });

  it.runIf(!isSupported(settings))("is refused by name where its network is not in this version", async () => {
    await expect(payloadOf({ row: name })).rejects.toThrow(/architecture|model_type/);
  });

  it("has published numbers in their ranges", () => {
    for (const value of [...(published.mae ?? []), ...(published.ssim ?? []), ...(published.msSsim ?? [])]) {
      expect(value).toBeGreaterThan(0);
      expect(value).toBeLessThan(1);
    }
    expect(published.ssim).toBeDefined();
  });
});

describe("a command line", () => {
  it("departs from a row by name, and does not by repeating it", () => {
    const request = linesRequest({
      outputDir: "o",
      row: "lines64",
      N: 128,
      maxEpochs: 60,
      nGroups: 9,
      accelerator: "cpu",
    });
    expect(request.changed).toEqual(["n", "n_groups"]);
    expect(request.setup).toMatchObject({ n: 128, probe: "experimental", images: 2, size: 392, nphotons: 1e9 });
    expect(linesRequest({ outputDir: "o", row: "lines64-groups" }).settings).toMatchObject({
      ...{ gridsize: 2, neighborFunction: "Grid", gridStep: 4 },
    });
  });

  it("may say what excludes a setting of the benchmark or of the row", async () => {
    expect((await payloadOf({ row: "lines64" })).model.borderChannels).toBe(4);
    expect((await payloadOf({ row: "lines64", architecture: "ffno" })).model.borderChannels).toBeNull();
    expect((await payloadOf({ probe: "ideal", scheduler: "Default" })).execution.scheduler).toBe("Default");
    expect((await payloadOf({ probe: "ideal", profile: "ci" })).training.lossFunction).toBe("poisson");
  });

  it("has the seeds that it says, else the row's", () => {
    expect(linesRequest({ outputDir: "o", row: "lines128-cnn" }).seeds).toEqual([3]);
    expect(linesRequest({ outputDir: "o", row: "lines128-cnn", seeds: [2, 1, 2] }).seeds).toEqual([2, 1]);
    expect(() => findRow("lines-64")).toThrow(/did you mean|Did you mean/);
  });
});

/** Waves without symmetry on a level of 3. */
function wavy(scale: number, turn: number): ComplexImage {
  const side = 40;
  const data = new Float64Array(2 * side * side);
  for (let k = 0; k < side * side; k++) {
    const [y, x] = [Math.floor(k / side), k % side];
    const amplitude = scale * (3 + Math.sin(0.7 * y + 0.2 * x) + 0.5 * Math.cos(0.05 * x * y));
    const phase = turn + 0.5 * Math.sin(0.3 * x - 0.4 * y);
    data[2 * k] = amplitude * Math.cos(phase);
    data[2 * k + 1] = amplitude * Math.sin(phase);
  }
  return { shape: [side, side], data };
}

describe("scores", () => {
  const truth = wavy(1, 0);
  const perfect = scoreImage({ reconstruction: wavy(0.4, 0.9), truth });

  it("are perfect for the truth times a constant", () => {
    for (const part of [perfect.compat.amplitude, perfect.compat.phase]) {
      expect(part.ssim).toBeCloseTo(1, 6);
      expect(part.mae).toBeLessThan(tolerances.perfectReconstruction);
    }
    expect(perfect.standard.complexError).toBeLessThan(tolerances.perfectReconstruction);
  });

  it("average and spread over runs", () => {
    const flat = scoreImage({ reconstruction: { ...truth, data: truth.data.map((_, k) => 1 - (k % 2)) }, truth });
    const all = [perfect.compat, flat.compat];
    const [a, b] = [perfect.compat.amplitude.mae, flat.compat.amplitude.mae];
    expect(b).toBeGreaterThan(0.3);
    expect(meanCompat(all).amplitude.mae).toBeCloseTo((a + b) / 2, 12);
    expect(spreadCompat(all).amplitude.mae).toBeCloseTo(Math.abs(a - b) / Math.SQRT2, 12);
    expect(spreadCompat([flat.compat]).phase.ssim).toBe(0);
  });

  it("are printed beside the published ones, and as a row with as many cells as its head", () => {
    const { compat } = perfect;
    const table = comparisonTable(compat, undefined, { ssim: [0.904, 0.886], frc50: 165 });
    expect(table).toMatch(/SSIM +1\.0000 +1\.0000 +0\.9040 +0\.8860/);
    expect(table).toMatch(/FRC50.* 165\.0 +-\n/);
    const row = markdownRow({
      ...{ name: "lines64", mean: compat, spread: compat, seeds: [1, 2], epochs: 60, secondsPerEpoch: 12.4 },
      machine: "two cores",
    });
    expect(row.split("|").length).toBe(markdownHead.split("\n")[0].split("|").length);
    expect(row).toMatch(/^\| `lines64` \| 60 \|.* 1, 2 \| 12 \| two cores \|$/);
  });
});
