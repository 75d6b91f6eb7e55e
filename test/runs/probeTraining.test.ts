import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { complexZeros } from "../../src/arrays.ts";
import { readBundle } from "../../src/bundle/bundle.ts";
import { energyOf } from "../../src/data/normalisation.ts";
import { openNpz } from "../../src/formats/npz.ts";
import { planCanvas } from "../../src/inference/canvas.ts";
import { probeWeights } from "../../src/inference/patchWeights.ts";
import { createStitcher } from "../../src/inference/stitch.ts";
import { main } from "../../src/node/cli/main.ts";
import { makeProbe } from "../../src/optics/probes.ts";
import { readReconstruction } from "../../src/reconstructions/reconstructionNpz.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { maxDeviation } from "../evaluate.ts";
import { overlap } from "../probeOverlap.ts";
import { tolerances } from "../tolerances.ts";

/** Training and inference on a scan whose file has another probe, out of focus, than the one that made the patterns. */
const N = 32;
const PATTERNS = 8;
const data = simulate({
  n: N,
  patterns: PATTERNS,
  seed: 3,
  photons: 1e5,
  probe: { kind: "gaussian", fwhm: 4, defocus: 64 },
});
const wrong = { shape: [1, N, N], data: makeProbe(N, { kind: "gaussian", fwhm: 4, defocus: 100 }).data };
const other = { shape: [1, N, N], data: makeProbe(N, { kind: "gaussian", fwhm: 4, defocus: 90 }).data };

let folder = "";
const path = (...names: string[]): string => join(folder, ...names);
const json = (...names: string[]) => JSON.parse(readFileSync(path(...names), "utf8"));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-"));
  writeFileSync(path("scan.npz"), writeScanNpz({ ...data, probe: wrong }));
  writeFileSync(path("other.npz"), writeScanNpz({ ...data, probe: other }));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(...argv: string[]): Promise<string> {
  let talk = "";
  const stderr = (text: string): void => {
    talk += text;
  };
  expect(await main(argv, { terminal: false, stderr }), talk).toBe(0);
  return talk;
}

const training = ["--n_filters_scale", "1", "--batch_size", "4", "--gridsize", "1", "--accelerator", "cpu"];
const quiet = ["--validation_fraction", "0", "--recon_log_every_n_epochs", "0"];
const train = (name: string, epochs: number, ...more: string[]): Promise<string> =>
  run(
    ...["train", "--train_data_file", path("scan.npz"), "--output_dir", path(name), "--probe_trainable"],
    ...["--max_epochs", String(epochs)],
    ...[...training, ...quiet, ...more],
  );

describe("a probe that is refined in training", () => {
  it("keeps its energy, and differs from the file's", async () => {
    expect(await train("refined", 2)).toContain("warning: the patches share no object");
    const { probe } = readBundle(readFileSync(path("refined", "model.zip")));
    expect(energyOf(probe!) / (N / 2) ** 2).toBeCloseTo(1, 5);
    expect(1 - overlap(probe!, wrong)).toBeGreaterThan(1e-5);
  });

  it("is written for people and for the next scan file", () => {
    const npz = openNpz(readFileSync(path("refined", "probe.npz")));
    const [found, start] = ["probeGuess", "probeStart"].map((key) => {
      const { shape, data: values } = npz.readNumbers(key);
      return { shape, data: Float32Array.from(values) };
    });
    expect(start).toEqual(wrong);
    expect(energyOf(found!) / energyOf(wrong)).toBeCloseTo(1, 5);
    const { probe } = readBundle(readFileSync(path("refined", "model.zip")));
    expect(overlap(found!, probe!)).toBeCloseTo(1, 6);
    const { files } = json("refined", "run.json");
    expect(files).toContain(path("refined", "probe.png"));
  });

  it("lights the reconstruction of its own data, and not that of data with another probe", async () => {
    const infer = (scan: string): Promise<string> =>
      run(
        ...["infer", "--model_path", path("refined"), "--test_data", path(scan), "--output_dir", path(`out-${scan}`)],
        ...["--accelerator", "cpu"],
      );
    expect(await infer("scan.npz")).toContain("the probe is the one that training refined");
    expect(await infer("other.npz")).not.toContain("that training refined");
    const { probe } = readBundle(readFileSync(path("refined", "model.zip")));
    for (const [scan, from, lit] of [
      ["scan.npz", "training", probe!],
      ["other.npz", "file", other],
    ] as const) {
      expect(json(`out-${scan}`, "run.json").probe).toBe(from);
      // Patches are weighted by the light on them.
      const { coverage } = readReconstruction(readFileSync(path(`out-${scan}`, "reconstruction.npz")));
      const stitcher = createStitcher({
        canvas: planCanvas(data.positions, N / 2),
        trim: N / 2,
        weights: probeWeights(lit, N / 2),
      });
      stitcher.add(complexZeros([data.patterns.count, N, N]), data.positions);
      const { weight } = stitcher.finish();
      const heaviest = weight.reduce((x, y) => Math.max(x, y), 0);
      expect(
        maxDeviation(
          coverage,
          weight.map((x) => x / heaviest),
        ),
      ).toBeLessThan(tolerances.otherSummationOrder);
    }
  });

  it("resumes bit for bit", async () => {
    await train("parts", 1);
    await train("parts", 2, "--resume", "last");
    const [whole, parts] = ["refined", "parts"].map((name) => readBundle(readFileSync(path(name, "model.zip"))));
    expect(parts!.probe).toEqual(whole!.probe);
    expect(parts!.model).toEqual(whole!.model);
  });
});

describe("the probe's learning rate", () => {
  it("is refused where the probe is not trained", async () => {
    let talk = "";
    const stderr = (text: string): void => {
      talk += text;
    };
    const files = ["--train_data_file", path("scan.npz"), "--output_dir", path("never")];
    expect(await main(["train", ...files, "--probe_learning_rate_factor", "2"], { terminal: false, stderr })).toBe(2);
    expect(talk).toMatch(/probe_learning_rate_factor has an effect only when probe_trainable is on/);
  });
});
