import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeHome } from "../../src/node/home.ts";
import { createReconstructionPayload, runInference, runTraining } from "../../src/node/runs.ts";
import type { Home } from "../../src/runs/machine.ts";
import { fileProbe } from "../../src/runs/payloads.ts";
import { runReconstruction } from "../../src/runs/reconstruct/reconstruct.ts";
import { readScanNpz } from "../../src/scans/scanNpz.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { call } from "../cli/harness.ts";
import { dataFile } from "../fixtures.ts";
import { quietHooks } from "./inferRun.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-near-"));
const path = (...names: string[]): string => join(folder, ...names);
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...argv: string[]): ReturnType<typeof call> =>
  call(argv, { files: fileProbe(nodeHome), workflows: { train: runTraining, infer: runInference } });
const json = (...names: string[]) => JSON.parse(readFileSync(path(...names), "utf8"));
const quiet = ["--accelerator", "cpu", "--quiet", "--picture_formats", ""];

/** 0.1 nm, a focus 2 mm before the sample and a detector 0.4 m behind it: M = 201, λ z / p² = 20 in pixels of 99.5 nm. */
const beam = ["--wavelength_m", "1e-10", "--detector_distance_m", "0.4", "--detector_pixel_m", "20e-6"];
const near = ["--propagation", "near-field", "--focus_distance_m", "2e-3"];

const train = (scan: string, out: string, ...flags: string[]) =>
  run(
    ...[
      "train",
      "--train_data_file",
      path(scan),
      "--output_dir",
      path(out),
      "--gridsize",
      "1",
      "--n_filters_scale",
      "1",
    ],
    ...["--nepochs", "12", "--batch_size", "8", "--learning_rate", "3e-3", ...quiet.slice(0, 3), ...flags],
  );
const infer = (scan: string, out: string, ...flags: string[]) =>
  run(
    "infer",
    "--model_path",
    path("run"),
    "--test_data",
    path(scan),
    "--output_dir",
    path(out),
    ...quiet.slice(0, 3),
    ...flags,
  );

const measured = dataFile("p25_near_field.cxi");
describe.skipIf(measured === undefined)("a measured near field, a Siemens star at PETRA III", () => {
  it("is explained by an engine from a probe made of its patterns", async () => {
    const payload = await createReconstructionPayload({
      ...{ scan: measured ?? "", outputDir: path("p25") },
      overrides: {
        ...{ propagation: "near-field", focusDistanceM: 3.65e-3, probeModel: "mean" },
        ...{ engine: "rpie", epochs: 15, threads: 1, reconLogEveryNEpochs: 0, loggerBackend: "none" },
      },
    });
    const machine = Object.create(nodeHome.machine, { pictures: { value: undefined } }) as Home["machine"];
    await runReconstruction(payload, quietHooks(), { ...nodeHome, machine });
    const { heldOut, pixelSizeM } = json("p25", "metrics.json");
    // 0.075 is seen, and 0.093 after one epoch.
    expect(heldOut.rFactor).toBeLessThan(0.08);
    expect(pixelSizeM * 1e9).toBeCloseTo(178.659, 3);
  }, 120_000);
});

describe("a near field, from simulation to reconstruction", () => {
  beforeAll(async () => {
    const size = ["--n", "32", "--patterns", "100", "--step", "3", "--seed", "4", "--photons", "1e6"];
    expect((await run("simulate", "--output", path("near.npz"), ...size, ...beam, ...near)).code).toBe(0);
    expect((await run("simulate", "--output", path("far.npz"), ...size)).code).toBe(0);
    expect(await train("near.npz", "run")).toMatchObject({ code: 0 });
  }, 120_000);

  it("the file has all that its light's way follows from", async () => {
    const { geometry } = readScanNpz(readFileSync(path("near.npz")));
    expect(geometry).toMatchObject({ propagation: "near-field", detectorPixelM: 20e-6, detectorDistanceM: 0.4 });
    expect(geometry!.objectPixelM! * 201).toBeCloseTo(20e-6, 15);
    const inspected = await run("inspect", path("near.npz"));
    expect(inspected.code).toBe(0);
    expect(inspected.stdout).toMatch(/geometry +near-field.*\n +object pixel +99\.5 nm/);
    expect(inspected.stdout).not.toMatch(/warning|error/);
  });

  it("training learns by the near field's physics, and inference explains the patterns", async () => {
    expect(await infer("near.npz", "object")).toMatchObject({ code: 0 });
    const { dataFit } = json("object", "metrics.json");
    // A flat object explains 0.
    expect(dataFit.explained).toBeGreaterThan(0.25);
    expect(json("object", "run.json").inputs[1].geometry.propagation).toBe("near-field");
  }, 60_000);

  it("a model of near fields does not take a far field, nor two ways be trained on together", async () => {
    const other = await infer("far.npz", "other");
    expect(other.code).toBe(2);
    expect(other.stderr).toMatch(/trained on near fields, not far fields/);
    const mixed = await train("near.npz", "mixed", "--train_data_file", path("far.npz"));
    expect(mixed.stderr).toMatch(/only where their light travels alike.*λ z \/ p² = 20\.\d+ and a far field/);
  });

  it("what is missing is asked for, and numbers that make no sense are said", async () => {
    const scan = readScanNpz(readFileSync(path("near.npz")));
    const said = async (geometry: NonNullable<typeof scan.geometry>) => {
      writeFileSync(path("changed.npz"), writeScanNpz({ ...scan, geometry }));
      return (await run("inspect", path("changed.npz"))).stdout;
    };
    const known = scan.geometry!;
    const { detectorPixelM: _, ...open } = known;
    expect(await said(open)).toMatch(/error +a near field needs its geometry\s.*detector_pixel_m/);
    expect(await said({ ...known, detectorDistanceM: 20 })).toMatch(/error +light travels too far for a near field/);
    expect(await said({ ...known, detectorDistanceM: 1 })).toMatch(
      /warning +light of the finest detail travels beyond half a window, and is left out\s+25\.\d+ of 32 pixels.*finer than 3\.\d+ pixels/,
    );
    expect(await said({ ...known, objectPixelM: 20e-6 })).toMatch(
      /warning +light hardly travels, so that patterns hardly tell phases\s.* 0\.0785\d? rad in 400 mm/,
    );
    expect((await infer("changed.npz", "changed")).stderr).toMatch(/light hardly travels/);
  }, 60_000);
});
