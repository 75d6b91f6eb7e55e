import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ComplexArray } from "../../src/arrays.ts";
import { computeScales, scaledProbe } from "../../src/data/normalisation.ts";
import { loadPredictor } from "../../src/inference/predictor.ts";
import { nodeHome } from "../../src/node/home.ts";
import { createInferencePayload, readScan } from "../../src/node/runs.ts";
import { type Reconstruction, readReconstruction } from "../../src/reconstructions/reconstructionNpz.ts";
import type { RunOutcome, Workflows } from "../../src/runs/hooks.ts";
import { runInference } from "../../src/runs/infer/inferAndRefine.ts";
import type { InferenceDeps } from "../../src/runs/infer/inferenceRun.ts";
import type { Home } from "../../src/runs/machine.ts";
import { readObjectFile } from "../../src/runs/objectFile.ts";
import { fileProbe } from "../../src/runs/payloads.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { call } from "../cli/harness.ts";
import { maxDeviation } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";
import { N, object, perfectNetwork, positions, quietHooks, writeRandomBundle, writeScan } from "./inferRun.ts";
import { oneThread, plainHome } from "./plainHome.ts";

let folder = "";
let scan = "";
const bundles: Record<number, string> = {};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-"));
  scan = writeScan(folder, "scan.npz");
  for (const gridsize of [1, 2]) bundles[gridsize] = await writeRandomBundle(folder, scan, gridsize);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Run {
  readonly outcome: RunOutcome;
  readonly outputDir: string;
  readonly reconstruction: Reconstruction;
  readonly metrics: Record<string, unknown>;
  readonly record: { readonly [key: string]: unknown; readonly warnings: readonly string[] };
}

let runs = 0;

interface Options extends InferenceDeps {
  readonly gridsize?: number;
  readonly modelPath?: string;
  /** The scan to reconstruct. */
  readonly data?: string;
  readonly overrides?: Record<string, unknown>;
  readonly execution?: Record<string, unknown>;
  readonly signal?: AbortSignal;
  /** Default: without pictures. */
  readonly home?: Home;
}

async function infer(options: Options = {}): Promise<Run> {
  const {
    gridsize = 1,
    modelPath = bundles[gridsize],
    data = scan,
    overrides = {},
    execution = {},
    signal,
    home = plainHome,
    ...deps
  } = options;
  const outputDir = join(folder, `out${runs++}`);
  const payload = await createInferencePayload({
    modelPath,
    testDataFile: data,
    outputDir,
    overrides,
    executionConfig: { accelerator: "cpu", ...execution },
  });
  const outcome = await runInference(payload, quietHooks(signal), home, deps);
  const json = (name: string) => JSON.parse(readFileSync(join(outputDir, name), "utf8"));
  return {
    outcome,
    outputDir,
    reconstruction: readReconstruction(readFileSync(join(outputDir, "reconstruction.npz"))),
    metrics: json("metrics.json"),
    record: json("run.json"),
  };
}

/** Largest difference to the object over the covered pixels, and how many those are. */
function againstObject({ object: image, coverage, origin }: Reconstruction): { error: number; pixels: number } {
  const [, width] = image.shape as [number, number];
  let [error, pixels] = [0, 0];
  coverage.forEach((weight, k) => {
    if (weight < 1e-3) return;
    pixels++;
    const at = 2 * ((origin.y + Math.floor(k / width)) * object.shape[1] + origin.x + (k % width));
    for (const part of [0, 1]) error = Math.max(error, Math.abs(image.data[2 * k + part] - object.data[at + part]));
  });
  return { error, pixels };
}

describe("the object in other formats as well", () => {
  it("are written beside reconstruction.npz, with the probe, and what each cannot hold is in the record", async () => {
    const metres = { overrides: { outputFormat: ["product", "cxi", "tiff"], objectPixelM: 2e-8, energyKev: 8 } };
    const product = await infer({ ...metres, loadPredictor: perfectNetwork() });
    expect(product.outcome.files).toContain(join(product.outputDir, "reconstruction_product.h5"));
    const file = await readObjectFile(join(product.outputDir, "reconstruction_product.h5"), nodeHome);
    expect(file.object).toEqual(product.reconstruction.object);
    expect(file.pixelSizeM).toBe(2e-8);
    const { origin, positions: used } = product.reconstruction;
    file.positions?.forEach((value, i) => {
      expect(value).toBeCloseTo(used[i] - (i % 2 === 0 ? origin.y : origin.x), 9);
    });
    expect(product.record.warnings.join()).toMatch(/product cannot hold how well its \d+ pixels are covered/);
    expect(product.record.warnings.join()).toMatch(/asks for .*: no distance to the detector \(0 is written\)/);
    expect((product.record["settings"] as { inference: unknown }).inference).toMatchObject({
      outputFormat: ["product", "cxi", "tiff"],
    });
    const cxi = await readObjectFile(join(product.outputDir, "reconstruction.cxi"), nodeHome);
    expect(cxi.object).toEqual(product.reconstruction.object);
    for (const name of ["reconstruction_amplitude.tif", "reconstruction_phase.tif"]) {
      expect(product.outcome.files).toContain(join(product.outputDir, name));
      expect(existsSync(join(product.outputDir, name))).toBe(true);
    }
    expect(product.record.warnings.join()).toMatch(/cxi cannot hold/);
    expect(product.record.warnings.join()).toMatch(/tiff cannot hold/);
  });

  it("go with the next run in the folder that does not write them", async () => {
    const cxi = await infer({ overrides: { outputFormat: "cxi" }, loadPredictor: perfectNetwork() });
    expect(existsSync(join(cxi.outputDir, "reconstruction.cxi"))).toBe(true);
    const payload = await createInferencePayload({
      ...{ modelPath: bundles[1], testDataFile: scan, outputDir: cxi.outputDir },
      executionConfig: { accelerator: "cpu" },
    });
    await runInference(payload, quietHooks(), plainHome, { loadPredictor: perfectNetwork() });
    expect(readdirSync(cxi.outputDir).filter((name) => name.startsWith("reconstruction."))).toEqual([
      "reconstruction.npz",
    ]);
  });

  it("are refused in metres before anything is computed where no pixel is known", async () => {
    const refused = infer({
      overrides: { outputFormat: ["cxi", "ptyr"] },
      loadPredictor: () => Promise.reject(new Error("too late")),
    });
    await expect(refused).rejects.toThrow(/ptyr is in metres.*object_pixel_m/);
  });
});

describe("inference with a perfect network", () => {
  for (const gridsize of [1, 2]) {
    it(`puts every patch where it belongs, gridsize ${gridsize}`, async () => {
      const overrides = { patchWeighting: "uniform" };
      const { reconstruction, metrics } = await infer({ gridsize, overrides, loadPredictor: perfectNetwork() });
      const { error, pixels } = againstObject(reconstruction);
      expect(error).toBeLessThan(tolerances.float32Rounding);
      expect(pixels).toBeGreaterThan(40 * 30);
      expect(reconstruction.positions).toEqual(positions);
      expect(metrics["complexError"]).toBeLessThan(tolerances.perfectReconstruction);
    });
  }

  it("says where positions do not fit the patches: x and y swapped", async () => {
    const right = await infer({ loadPredictor: perfectNetwork() });
    expect(right.record.warnings).toEqual([]);
    const dataset = await readScan(scan, {});
    const data = join(folder, "swapped.npz");
    writeFileSync(
      data,
      writeScanNpz({ ...dataset, positions: dataset.positions.map((_, i) => dataset.positions[i ^ 1]) }),
    );
    const { record, metrics } = await infer({ data, loadPredictor: perfectNetwork() });
    expect(record.warnings).toContainEqual(expect.stringMatching(/do not fit together where the positions put them/));
    const { fit } = metrics["patches"] as { fit: { explained: number } };
    expect(fit.explained).toBeGreaterThan(0.99);
    expect((metrics["dataFit"] as { explained: number }).explained).toBeLessThan(0.9);
    expect(record.warnings.join()).toMatch(/% of \d+ overlapping pairs agree better with y and x swapped/);
    expect(right.metrics["patches"]).not.toHaveProperty("placement");
  });

  it("finds the data explained, and not so by a network that is wrong", async () => {
    const right = await infer({ loadPredictor: perfectNetwork() });
    const wrong = await infer({ loadPredictor: perfectNetwork((patch) => patch.reverse()) });
    const fit = right.metrics["dataFit"] as { rFactor: number; patterns: number; eligible: number };
    expect(fit.rFactor).toBeLessThan(tolerances.refittedR);
    expect(fit.patterns).toBe(fit.eligible);
    expect(fit.patterns).toBeGreaterThan(20);
    expect(right.metrics["deviance"]).toBeLessThan(tolerances.refittedDeviance);
    expect(wrong.metrics["deviance"]).toBeGreaterThan(1);
  });

  it.each([
    [
      "s1 and s2 of the rectangular physics",
      { physicsForwardMode: "rectangular_scaled" },
      { s1: 2, s2: 0.5 },
      { re: 2, im: 0.5 },
    ],
    [
      "the amplitude's gain and affine factor",
      { amplitudePhysicsGain: 1.6, intensityScaleTrainable: true },
      { alpha: 0.5, beta: 0 },
      { re: 0.8, im: 0.8 },
    ],
  ] as const)("saves the physical object, with %s in it", async (_, model, physics, { re, im }) => {
    const name = Object.keys(physics).join("");
    const modelPath = await writeRandomBundle(folder, scan, 1, { name, model, physics });
    const network = perfectNetwork((patch) => {
      for (let i = 0; i < patch.length; i++) patch[i] /= i % 2 === 0 ? re : im;
    });
    for (const phaseAlignment of [false, true]) {
      const overrides = { patchWeighting: "uniform", phaseAlignment };
      const run = await infer({ modelPath, overrides, loadPredictor: network });
      if (!phaseAlignment) expect(againstObject(run.reconstruction).error).toBeLessThan(tolerances.float32Rounding);
      expect(run.metrics["complexError"]).toBeLessThan(tolerances.perfectReconstruction);
      expect(run.metrics["deviance"]).toBeLessThan(tolerances.refittedDeviance);
    }
  });

  it("shows a network that sees the probe that of the data at hand", async () => {
    const model = { inputConditioning: "probe_real_imag" };
    const modelPath = await writeRandomBundle(folder, scan, 1, { name: "seeing", model });
    const other = simulate({ n: N, patterns: 24, seed: 4, photons: 1e4 });
    const data = join(folder, "other.npz");
    writeFileSync(data, writeScanNpz(other));
    let shown: ComplexArray | undefined;
    await infer({
      modelPath,
      data,
      loadPredictor: (runtime, config, weights, batch, scan) => {
        shown = scan?.probe;
        return loadPredictor(runtime, config, weights, batch, scan);
      },
    });
    const { patterns } = other;
    const scales = computeScales(
      other,
      Array.from({ length: patterns.count }, (_, frame) => frame),
    );
    const expected = scaledProbe(other.probe, scales);
    expect(shown!.shape).toEqual(expected.shape);
    expect(maxDeviation(shown!.data, expected.data)).toBeLessThan(tolerances.float32Rounding);
  });

  it("aligns patches that come with phases of their own", async () => {
    const turned = perfectNetwork((patch, frame) => {
      const [c, s] = [Math.cos(frame), Math.sin(frame)];
      for (let i = 0; i < patch.length; i += 2) {
        const [re, im] = [patch[i], patch[i + 1]];
        patch[i] = c * re - s * im;
        patch[i + 1] = s * re + c * im;
      }
    });
    const without = await infer({ loadPredictor: turned });
    const aligned = await infer({ loadPredictor: turned, overrides: { phaseAlignment: true } });
    expect(without.metrics["complexError"]).toBeGreaterThan(0.3);
    expect(aligned.metrics["complexError"]).toBeLessThan(tolerances.perfectReconstruction);
    expect(aligned.record["outcome"]).toMatchObject({ alignment: { components: 1, converged: true } });
  });

  it("leaves out patches that are not finite and says so", async () => {
    const broken = perfectNetwork((patch, frame) => {
      if (frame === 7) patch[3] = Number.NaN;
    });
    const { reconstruction, record } = await infer({ loadPredictor: broken });
    expect(againstObject(reconstruction).error).toBeLessThan(tolerances.float32Rounding);
    expect(reconstruction.positions).toHaveLength(positions.length - 2);
    expect(record.warnings).toContainEqual(expect.stringMatching(/^1 predicted patches are not finite/));
  });

  it("calls it diverged when nothing is finite", async () => {
    const outputDir = join(folder, "nothing");
    const payload = await createInferencePayload({ modelPath: bundles[1], testDataFile: scan, outputDir });
    const loadPredictor = perfectNetwork((patch) => patch.fill(Number.NaN));
    const outcome = await runInference(payload, quietHooks(), plainHome, { loadPredictor });
    expect(outcome).toMatchObject({ status: "diverged", advice: expect.stringMatching(/no finite patch/) });
    expect(readdirSync(outputDir).sort()).toEqual(["run-log.txt", "run-settings.json", "run.json"]);
  });
});

describe("inference with a network", () => {
  it("leaves everything that was promised", async () => {
    const { outcome, outputDir, metrics, record } = await infer({ gridsize: 2, home: oneThread });
    const drawn = ["amplitude", "phase", "scan", "probe", "patterns"].map((name) => `${name}.png`);
    const names = ["reconstruction.npz", ...drawn, "metrics.json", "run.json"];
    expect(outcome).toEqual({ status: "finished", files: names.map((name) => join(outputDir, name)) });
    // Beside its results what it was asked, and what it said.
    expect(readdirSync(outputDir).sort()).toEqual([...names, "run-log.txt", "run-settings.json"].sort());
    for (const key of ["complexError", "amplitude", "phase", "frc", "deviance", "gauge", "coverage", "compat"])
      expect(metrics).toHaveProperty(key);
    expect(record).toMatchObject({
      command: "infer",
      inputs: [
        { path: join(bundles[2], "model.zip"), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
        { path: scan, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      ],
      settings: { model: { gridsize: 2 }, inference: { middleTrim: 16 }, execution: { inferenceBatchSize: 8 } },
      runtime: expect.stringMatching(/CPU/),
      scales: { used: { patterns: 70 } },
      outcome: { status: "finished", predictions: 70, patterns: 70, batches: 9 },
      // Weights are random.
      warnings: [
        expect.stringMatching(/^the stitched object explains next to nothing/),
        expect.stringMatching(/nothing agrees/),
      ],
    });
  });

  it("says on its pictures what is wrong with it", async () => {
    const { outputDir } = await infer({ gridsize: 1, execution: { pictureFormats: ["svg"] }, home: oneThread });
    for (const name of ["amplitude", "phase"])
      expect(readFileSync(join(outputDir, `${name}.svg`), "utf8")).toMatch(/>The stitched object explains next to/);
  });

  it("does not depend on batch size or on worker threads", async () => {
    for (const gridsize of [1, 2]) {
      const whole = await infer({ gridsize, execution: { inferenceBatchSize: 500 } });
      const partial = await infer({ gridsize, execution: { inferenceBatchSize: 12 } });
      const threads = await infer({ gridsize, execution: { inferenceBatchSize: 12, numWorkers: 2 } });
      expect(threads.reconstruction).toEqual(partial.reconstruction);
      expect(whole.record["outcome"]).toMatchObject({ batches: 1 });
      const largest = whole.reconstruction.object.data.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      whole.reconstruction.object.data.forEach((value, i) => {
        const difference = Math.abs(value - partial.reconstruction.object.data[i]);
        if (difference > tolerances.otherSummationOrder * largest) expect.fail(`differs by ${difference} at ${i}`);
      });
    }
  });

  it("takes the first patterns only when asked to", async () => {
    const { reconstruction, record } = await infer({ gridsize: 2, overrides: { nPatterns: 30 } });
    expect(reconstruction.positions).toEqual(positions.slice(0, 60));
    expect(record["outcome"]).toMatchObject({ predictions: 30 });
  });

  it("saves what it has when interrupted", async () => {
    const controller = new AbortController();
    let batches = 0;
    const network = perfectNetwork(() => {
      if (++batches === 20) controller.abort();
    });
    const { outcome, reconstruction } = await infer({
      loadPredictor: network,
      signal: controller.signal,
      execution: { inferenceBatchSize: 8 },
    });
    expect(outcome).toMatchObject({ status: "interrupted", advice: expect.stringMatching(/24 of 70/) });
    expect(reconstruction.positions).toEqual(positions.slice(0, 48));
    expect(againstObject(reconstruction).error).toBeLessThan(tolerances.float32Rounding);
  });

  it("writes statistics of the patches", async () => {
    const execution = { logPatchStats: true, patchStatsLimit: 2, inferenceBatchSize: 10 };
    const { outputDir, outcome } = await infer({ gridsize: 2, execution, home: oneThread });
    const stats = JSON.parse(readFileSync(join(outputDir, "analysis/patch_stats.json"), "utf8"));
    expect(stats).toHaveLength(2);
    expect(stats[1]).toMatchObject({ phase: "inference", batch_idx: 1, batch_size: 40 });
    expect(stats[1].per_patch).toHaveLength(40);
    expect(stats[0].global_mean).toBeGreaterThan(0);
    expect(stats[0].var_zero_mean).toBeGreaterThan(0);
    expect(existsSync(join(outputDir, "analysis/patch_grid.png"))).toBe(true);
    expect(outcome.files).toContain(join(outputDir, "analysis/patch_stats.json"));
  });
});

describe("infer on the command line", () => {
  const args = (model: string, data: string) => ["infer", "--model_path", model, "--test_data", data, "--output_dir"];
  const workflows: Partial<Workflows> = { infer: (payload, hooks) => runInference(payload, hooks, oneThread) };
  const options = { files: fileProbe(nodeHome), workflows };

  it("reconstructs", async () => {
    const out = join(folder, "cli");
    const { code, stderr } = await call([...args(bundles[1], scan), out, "--accelerator", "cpu"], options);
    expect(stderr).toMatch(/computing on CPU/);
    expect(stderr).toMatch(/70 patterns in 70 predictions, .* patterns a second; deviance .* a pixel/);
    expect(code).toBe(0);
    expect(existsSync(join(out, "reconstruction.npz"))).toBe(true);
  });

  it("refuses a bundle that does not fit the data, with the reason and exit code 2", async () => {
    const larger = writeScan(folder, "larger.npz", 40);
    const out = join(folder, "refused");
    const size = await call([...args(bundles[1], larger), out], options);
    expect(size.code).toBe(2);
    expect(size.stderr).toMatch(/bundle does not fit the data.*expected patterns of 32 x 32; got 40 x 40/);
    const counts = await call([...args(bundles[1], scan), out, "--measurement", "counts"], options);
    expect(counts.code).toBe(2);
    expect(counts.stderr).toMatch(/trained on amplitude, not counts/);
    expect(existsSync(join(out, "run.json"))).toBe(false);
  });
});
