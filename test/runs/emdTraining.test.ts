import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Dataset } from "../../src/data/dataset.ts";
import { nodeHome } from "../../src/node/home.ts";
import { readScan, runInference, runTraining } from "../../src/node/runs.ts";
import { electronWavelength } from "../../src/optics/units.ts";
import { fileProbe } from "../../src/runs/payloads.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { call } from "../cli/harness.ts";
import { writtenHdf5 } from "../formats/hdf5/written.ts";

/** A 4D-STEM file as py4DSTEM writes it: patterns, calibrations and microscope, neither positions nor probe. */

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-emd-"));
const path = (...names: string[]): string => join(folder, ...names);
afterAll(() => rmSync(folder, { recursive: true }));

const [ROWS, COLUMNS, N, STEP] = [5, 6, 32, 3];
const [VOLTAGE, PIXEL_A] = [80, 0.4];
const LAMBDA_A = electronWavelength(VOLTAGE) * 1e10;
const SEMI_ANGLE_MRAD = 21;
const DEFOCUS_NM = 8;
const pupilRadius = (N * PIXEL_A * SEMI_ANGLE_MRAD * 1e-3) / LAMBDA_A;
const defocus = (LAMBDA_A * DEFOCUS_NM * 10) / PIXEL_A ** 2;

let truth: Dataset;

async function write(file: string): Promise<void> {
  const frames = ROWS * COLUMNS;
  const data = new Float32Array(frames * N * N);
  truth.patterns.read([...Array(frames).keys()], data);
  writeFileSync(
    file,
    await writtenHdf5((h5) => {
      const root = h5.create_group("datacube_root");
      root.create_attribute("emd_group_type", "root");
      const cube = root.create_group("datacube");
      cube.create_attribute("emd_group_type", "array");
      cube.create_dataset({
        ...{ name: "data", data: Uint16Array.from(data), shape: [ROWS, COLUMNS, N, N], dtype: "<H" },
        ...{ chunks: [1, COLUMNS, N, N], compression: "gzip", compression_opts: 3 },
      });
      const calibration = root.create_group("metadatabundle").create_group("calibration");
      const numbers = { Q_pixel_size: 1 / (N * PIXEL_A), R_pixel_size: (STEP * PIXEL_A) / 10 };
      const words = { Q_pixel_units: "A^-1", R_pixel_units: "nm" };
      for (const [name, value] of Object.entries(numbers)) calibration.create_dataset({ name, data: value });
      for (const [name, value] of Object.entries(words)) calibration.create_dataset({ name, data: value });
      const microscope = h5.get("datacube_root/metadatabundle");
      if (microscope === null || !("create_group" in microscope)) throw new Error("no group");
      const group = microscope.create_group("microscope");
      group.create_dataset({ name: "accelerating_voltage", data: VOLTAGE * 1000 });
      group.create_dataset({ name: "convergence_semiangle_mrad", data: SEMI_ANGLE_MRAD });
    }),
  );
}

const run = async (...argv: string[]): Promise<Awaited<ReturnType<typeof call>>> =>
  call(argv, { files: fileProbe(nodeHome), workflows: { train: runTraining, infer: runInference } });
const json = (...names: string[]) => JSON.parse(readFileSync(path(...names), "utf8"));
const quick = ["--gridsize", "1", "--n_filters_scale", "1", "--batch_size", "8", "--max_epochs", "1"];
const quiet = ["--accelerator", "cpu", "--quiet", "--recon_log_every_n_epochs", "0"];

describe("a 4D-STEM file", () => {
  beforeAll(async () => {
    truth = simulate({
      ...{ n: N, patterns: ROWS * COLUMNS, seed: 3, scan: "raster", jitter: 0, step: STEP },
      ...{ probe: { kind: "airy", pupilRadius, defocus }, photons: 2e4, measurement: "counts" },
    });
    await write(path("scan.h5"));
  });

  it("has positions, pixel and probe of the experiment, once the defocus is said", async () => {
    const dataset = await readScan(path("scan.h5"), { probeModel: "aperture", defocusM: DEFOCUS_NM * 1e-9 });
    expect(dataset.geometry?.objectPixelM).toBeCloseTo(PIXEL_A * 1e-10, 18);
    expect(dataset.positions[3] - dataset.positions[1]).toBeCloseTo(STEP, 9);
    expect(dataset.positions[2 * COLUMNS] - dataset.positions[0]).toBeCloseTo(STEP, 9);
    let [re, im, own, other] = [0, 0, 0, 0];
    for (let i = 0; i < dataset.probe.data.length; i += 2) {
      const [a, b, c, d] = [dataset.probe.data[i], dataset.probe.data[i + 1], ...truth.probe.data.slice(i, i + 2)];
      re += a * c + b * d;
      im += b * c - a * d;
      own += a * a + b * b;
      other += c * c + d * d;
    }
    expect(Math.hypot(re, im) / Math.sqrt(own * other)).toBeGreaterThan(0.999);
  });

  it("is trained on and reconstructed in one command each", async () => {
    const optics = ["--probe_model", "aperture", "--defocus_m", `${DEFOCUS_NM}e-9`];
    const trained = await run("train", path("scan.h5"), "--output_dir", path("run"), ...optics, ...quick, ...quiet);
    expect([trained.code, trained.stderr]).toEqual([0, expect.not.stringMatching(/error/)]);
    const [{ conversions, conventions }] = json("run", "run.json").inputs;
    expect(conversions.join("\n")).toMatch(/raster of 5 × 6[\s\S]*aperture of 21 mrad[\s\S]*8 nm behind its focus/);
    expect(conventions).toMatchObject({ measurement: "counts", probe_model: "aperture" });
    const inferred = await run(
      ...["infer", "--model_path", path("run"), "--test_data", path("scan.h5"), "--output_dir", path("object")],
      ...["--accelerator", "cpu", "--quiet"],
    );
    expect([inferred.code, inferred.stderr]).toEqual([0, expect.not.stringMatching(/error/)]);
    expect(json("object", "run.json").outcome.status).toBe("finished");
  }, 60_000);

  it("without a defocus is told what to say", async () => {
    const { code, stderr } = await run("train", path("scan.h5"), "--output_dir", path("no"), ...quick, ...quiet);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/no probe.*--probe_model/s)]);
  });
});
