import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBundle } from "../../src/bundle/bundle.ts";
import { writeNpz } from "../../src/formats/npz.ts";
import { main } from "../../src/node/cli/main.ts";
import { createInferencePayload } from "../../src/node/runs.ts";
import { withHermiteModes } from "../../src/optics/probeModes.ts";
import { makeProbe } from "../../src/optics/probes.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { tolerances } from "../tolerances.ts";
import { N, perfectNetwork, quietHooks, writeRandomBundle, writeScan } from "./inferRun.ts";
import { runInference } from "./plainRuns.ts";

/** Choices of the forward model, from the setting to the numbers that a run leaves. */
let folder = "";
const path = (...names: string[]): string => join(folder, ...names);
const json = (...names: string[]) => JSON.parse(readFileSync(path(...names), "utf8"));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(...argv: string[]): Promise<{ code: number; talk: string }> {
  let talk = "";
  const stderr = (text: string): void => {
    talk += text;
  };
  return { code: await main(argv, { terminal: false, stderr }), talk };
}

interface Inference {
  readonly model: string;
  readonly scan: string;
  readonly overrides?: Record<string, unknown>;
  readonly network?: ReturnType<typeof perfectNetwork>;
}

let runs = 0;
async function infer({ model, scan, overrides = {}, network = perfectNetwork() }: Inference) {
  const outputDir = path(`out${runs++}`);
  const payload = await createInferencePayload({
    ...{ modelPath: model, testDataFile: scan, outputDir },
    overrides: { patchWeighting: "uniform", ...overrides },
    executionConfig: { accelerator: "cpu" },
  });
  const hooks = quietHooks();
  await runInference(payload, hooks, { loadPredictor: network });
  return { metrics: JSON.parse(readFileSync(join(outputDir, "metrics.json"), "utf8")), warnings: hooks.warnings };
}

describe("coherent probe modes", () => {
  it.each(["coherent", "incoherent"])("of a known object, taken as %s", async (modeCoherence) => {
    const probe = withHermiteModes(makeProbe(N, { kind: "gaussian", fwhm: 4, defocus: N }), [0.6, 0.4]);
    const scan = writeScan(folder, "coherent.npz", N, { probe, modeCoherence: "coherent" });
    const model = await writeRandomBundle(folder, scan, 1, { name: modeCoherence, model: { modeCoherence } });
    const { metrics } = await infer({ model, scan });
    if (modeCoherence === "coherent") expect(metrics.deviance).toBeLessThan(tolerances.refittedDeviance);
    else expect(metrics.deviance).toBeGreaterThan(1);
  });
});

describe("scales by variable projection", () => {
  const half = perfectNetwork((patch) => {
    for (let i = 0; i < patch.length; i++) patch[i] *= i % 2 === 0 ? 0.5 : 2;
  });

  it("mend an object whose parts have the wrong scales, and report them beside the trained ones", async () => {
    const scan = writeScan(folder, "scan.npz");
    const physics = { s1: 1.25, s2: 0.8 };
    const changes = { name: "rectangular", model: { physicsForwardMode: "rectangular_scaled" }, physics };
    const model = await writeRandomBundle(folder, scan, 1, changes);
    const without = await infer({ model, scan, network: half });
    expect(without.metrics.varpro).toBeUndefined();
    expect(without.metrics.deviance).toBeGreaterThan(1);
    const { metrics } = await infer({ model, scan, network: half, overrides: { varproScaling: true } });
    const { applied, s1, s2, total, relativeError, condition, patterns } = metrics.varpro;
    expect(applied).toBe(true);
    // 0.5 · 1.25 of the real part and 2 · 0.8 of the imaginary part reach the canvas.
    for (const [found, expected] of [
      [s1, 1 / (0.5 * 1.25)],
      [s2, 1 / (2 * 0.8)],
      [total.s1, 2],
      [total.s2, 0.5],
    ]) {
      expect(Math.abs(found / expected - 1)).toBeLessThan(tolerances.scalesAtEdges);
    }
    expect(relativeError.after).toBeLessThan(0.1 * relativeError.before);
    expect(condition).toBeGreaterThan(1);
    expect(patterns).toBe(metrics.dataFit.patterns);
    expect(metrics.deviance).toBeLessThan(tolerances.refittedDeviance);
    expect(metrics.complexError).toBeLessThan(tolerances.scalesAtEdges);
  });

  it("leave the object as it is, with a warning, where the data do not determine them", async () => {
    const scan = writeScan(folder, "scan.npz");
    const changes = { name: "real", model: { physicsForwardMode: "rectangular_scaled" }, physics: { s1: 1, s2: 1 } };
    const model = await writeRandomBundle(folder, scan, 1, changes);
    const real = perfectNetwork((patch) => patch.set(patch.map((_, i) => 1 - (i % 2))));
    const { metrics, warnings } = await infer({ model, scan, network: real, overrides: { varproScaling: true } });
    expect(metrics.varpro).toMatchObject({ applied: false, total: { s1: 1, s2: 1 } });
    expect(warnings).toContainEqual(expect.stringMatching(/do not determine the scales/));
  });

  it("are refused where they make no sense", async () => {
    const scan = writeScan(folder, "scan.npz");
    const amplitude = await writeRandomBundle(folder, scan, 1, { name: "amplitude" });
    const changes = { name: "rectangular2", model: { physicsForwardMode: "rectangular_scaled" } };
    const rectangular = await writeRandomBundle(folder, scan, 1, changes);
    const overrides = { varproScaling: true };
    await expect(infer({ model: amplitude, scan, overrides })).rejects.toThrow(
      /varpro_scaling true and physics_forward_mode "amplitude".*profile ci/,
    );
    await expect(
      infer({ model: rectangular, scan, overrides: { ...overrides, phaseAlignment: true } }),
    ).rejects.toThrow(/varpro_scaling true and phase_alignment true/);
  });
});

describe("the count-intensity profile", () => {
  /** Integer counts with two incoherent modes and a beamstop, as a beamline may write them. */
  function writeCounts(): string {
    const data = simulate({ n: N, patterns: 12, seed: 6, photons: 1e5, modes: 2, beamstop: 3 });
    const { patterns, positions, probe, mask } = data;
    const counts = new Float32Array(patterns.count * N * N);
    patterns.read([...Array(patterns.count).keys()], counts);
    const column = (axis: number): Float64Array => Float64Array.from(positions.filter((_, i) => i % 2 === axis));
    const vector = (values: Float64Array) => ({ shape: [values.length], dtype: "float64", data: values }) as const;
    writeFileSync(
      path("counts.npz"),
      writeNpz({
        diff3d: { shape: [patterns.count, N, N], dtype: "uint32", data: Uint32Array.from(counts) },
        xcoords: vector(column(1)),
        ycoords: vector(column(0)),
        probeGuess: { ...probe, dtype: "complex64" },
        mask: { ...mask!, dtype: "float32" },
      }),
    );
    return path("counts.npz");
  }

  const tiny = ["--accelerator", "cpu", "--max_epochs", "2", "--n_filters_scale", "1", "--batch_size", "4"];

  it("trains on counts and reconstructs with fitted scales, on the command line", async () => {
    const scan = writeCounts();
    const reading = ["--measurement", "counts"];
    const trained = ["--train_data_file", scan, "--output_dir", path("ci"), "--profile", "ci", "--gridsize", "1"];
    const training = await run("train", ...trained, ...tiny, ...reading, "--validation_fraction", "0");
    expect(training.code, training.talk).toBe(0);
    const { settings } = json("ci", "run.json");
    expect(settings.model).toMatchObject({
      physicsForwardMode: "rectangular_scaled",
      cnnOutputMode: "real_imag",
      rectS1s2Init: "data",
    });
    expect(settings.data).toMatchObject({ measurementDomain: "count_intensity", nphotons: null });
    const { history } = json("ci", "training.json");
    expect(history[1].train.deviance).toBeLessThan(history[0].train.deviance);
    const { scales, trainedOn } = readBundle(readFileSync(path("ci", "model.zip"))).manifest;
    expect(trainedOn).toMatchObject({ measurement: "counts", probeModes: 2 });
    // The dose is that of the counts beside the beamstop.
    expect(scales["photonsPerPattern"]).toBeLessThan(1e5);
    expect(scales["photonsPerPattern"]).toBe(scales["meanEnergy"]);
    const inferred = ["--model_path", path("ci"), "--test_data", scan, "--output_dir", path("ciOut"), ...reading];
    const inference = await run(
      "infer",
      ...inferred,
      "--varpro-scaling",
      "--middle_trim",
      String(N),
      ...tiny.slice(0, 2),
    );
    expect(inference.code, inference.talk).toBe(0);
    const { varpro, deviance } = json("ciOut", "metrics.json");
    expect(varpro.applied).toBe(true);
    expect(varpro.total.s1 / varpro.s1).toBeCloseTo(scales["s1"], 6);
    expect(varpro.total.s2 / varpro.s2).toBeCloseTo(scales["s2"], 6);
    expect(varpro.relativeError.after).toBeLessThanOrEqual(varpro.relativeError.before);
    expect(deviance).toBeGreaterThan(0);
  });

  it.each([
    [["--loss_function", "mae"], /profile "ci" and loss_function "mae"/],
    [["--physics_forward_mode", "amplitude"], /profile "ci" and physics_forward_mode "amplitude"/],
    [["--measurement_domain", "normalized_amplitude"], /profile "ci" and measurement_domain "normalized_amplitude"/],
    [["--scale_contract_version", "legacy_v1"], /profile "ci" and scale_contract_version "legacy_v1"/],
    [["--nphotons", "1e6"], /count_intensity" and nphotons 1000000.*The dose is in the counts/],
  ])("refuses %s", async (flags, reason) => {
    const trained = ["--train_data_file", writeCounts(), "--output_dir", path("never"), "--profile", "ci"];
    const { code, talk } = await run("train", ...trained, ...tiny, "--measurement", "counts", ...flags);
    expect(code).toBe(2);
    expect(talk).toMatch(reason);
  });

  it("refuses scales started from data where no forward model has them", async () => {
    const trained = ["--train_data_file", writeCounts(), "--output_dir", path("never"), "--measurement", "counts"];
    const { code, talk } = await run("train", ...trained, ...tiny, "--rect_s1s2_init", "data");
    expect(code).toBe(2);
    expect(talk).toMatch(/rect_s1s2_init has an effect only when physics_forward_mode is rectangular_scaled/);
  });
});
