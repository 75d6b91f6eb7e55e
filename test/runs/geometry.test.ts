import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dataFacts } from "../../src/bundle/fingerprint.ts";
import type { Settings } from "../../src/config/group.ts";
import { openNpz } from "../../src/formats/npz.ts";
import { nodeHome } from "../../src/node/home.ts";
import { createTrainingPayload, runInference, runTraining } from "../../src/node/runs.ts";
import { readReconstruction } from "../../src/reconstructions/reconstructionNpz.ts";
import { fileProbe } from "../../src/runs/payloads.ts";
import { identityOf } from "../../src/runs/train/trainingIdentity.ts";
import { readScanNpz } from "../../src/scans/scanNpz.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { call } from "../cli/harness.ts";
import { writeRandomBundle } from "./inferRun.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-geometry-"));
const path = (...names: string[]): string => join(folder, ...names);
afterAll(() => rmSync(folder, { recursive: true }));

/** λ z / (N p) with h c = 12.398419843 keV Å. */
const N = 32;
const PIXEL = ((12.398419843e-10 / 6.2) * 0.9) / (N * 55e-6);

const run = async (...argv: string[]): Promise<Awaited<ReturnType<typeof call>>> =>
  call(argv, { files: fileProbe(nodeHome), workflows: { train: runTraining, infer: runInference } });
const json = (...names: string[]) => JSON.parse(readFileSync(path(...names), "utf8"));
const infer = (scan: string, out: string, ...flags: string[]) =>
  run(
    "infer",
    "--model_path",
    path("run1"),
    "--test_data",
    path(scan),
    "--output_dir",
    path(out),
    "--accelerator",
    "cpu",
    "--quiet",
    "--picture_formats",
    "png,svg",
    ...flags,
  );

describe("an experiment's geometry, from simulation to the last picture", () => {
  beforeAll(async () => {
    const size = ["--n", String(N), "--patterns", "60", "--step", "4", "--seed", "2"];
    const said = ["--energy_kev", "6.2", "--detector_distance_m", "0.9", "--detector_pixel_m", "55e-6"];
    expect((await run("simulate", "--output", path("scan.npz"), ...size, ...said)).code).toBe(0);
    expect((await run("simulate", "--output", path("plain.npz"), ...size)).code).toBe(0);
    await writeRandomBundle(folder, path("plain.npz"), 1);
    expect((await infer("scan.npz", "object")).code).toBe(0);
  }, 60_000);

  it("the scan states it", () => {
    const { geometry } = readScanNpz(readFileSync(path("scan.npz")));
    expect(geometry).toMatchObject({ propagation: "far-field", radiation: "photons", detectorDistanceM: 0.9 });
    expect(geometry!.objectPixelM! / PIXEL).toBeCloseTo(1, 9);
  });

  it("reconstruction, metrics and record have metres", () => {
    const pixel = openNpz(readFileSync(path("object", "reconstruction.npz"))).readNumbers("pixel_size_m").data[0];
    expect(pixel / PIXEL).toBeCloseTo(1, 9);
    const metrics = json("object", "metrics.json");
    expect(metrics.pixelSizeM).toBe(pixel);
    expect(metrics.resolutionM).toBeCloseTo(metrics.frc.halfBit * pixel, 15);
    expect(json("object", "run.json").inputs[1]).toMatchObject({
      format: { name: "named" },
      geometry: { radiation: "photons", objectPixelM: pixel },
    });
  });

  it("the pictures' bars are lengths", () => {
    for (const name of ["amplitude", "phase", "scan", "probe"]) {
      const picture = readFileSync(path("object", `${name}.svg`), "utf8");
      expect(picture).toMatch(/>\d+ (nm|µm)</);
      expect(picture).not.toMatch(/>\d+ px</);
    }
  });

  it("evaluate and compare tell it, and halves of the scan keep it", async () => {
    const reconstruction = path("object", "reconstruction.npz");
    const evaluate = ["evaluate", reconstruction, "--reference", path("scan.npz")];
    const metrics = JSON.parse((await run(...evaluate, "--json")).stdout);
    expect(metrics.pixelSizeM / PIXEL).toBeCloseTo(1, 9);
    expect(metrics.resolutionM).toBeCloseTo(metrics.frc.halfBit * metrics.pixelSizeM, 15);
    expect((await run(...evaluate)).stdout).toMatch(/FRC resolution .* px = [\d.]+ (nm|µm) \(half-bit\)/);
    const reference = JSON.parse(
      (await run("evaluate", path("scan.npz"), "--reference", path("scan.npz"), "--json")).stdout,
    );
    expect(reference.pixelSizeM).toBe(metrics.pixelSizeM);
    const compare = [
      "compare",
      `ours=${reconstruction}`,
      `truth=${path("scan.npz")}`,
      "--output_dir",
      path("compared"),
    ];
    expect((await run(...compare, "--reference", path("scan.npz"))).code).toBe(0);
    expect(json("compared", "compare.json").pixelSizeM).toBe(metrics.pixelSizeM);
    expect((await run("split", path("scan.npz"), "--output_dir", path("halves"))).code).toBe(0);
    expect(readScanNpz(readFileSync(path("halves", "odd.npz"))).geometry?.objectPixelM).toBe(metrics.pixelSizeM);
  });

  it("a setting gives what a file lacks, and without it there are only pixels", async () => {
    expect((await infer("plain.npz", "given", "--object_pixel_m", "1e-8")).code).toBe(0);
    expect(json("given", "metrics.json").pixelSizeM).toBe(1e-8);
    expect((await infer("plain.npz", "unknown")).code).toBe(0);
    expect(json("unknown", "metrics.json")).toMatchObject({ pixelSizeM: null, resolutionM: null });
    const both = await run("evaluate", path("given", "reconstruction.npz"), "--reference", path("scan.npz"), "--json");
    expect(both.stderr).toMatch(/object pixels differ: 10 nm in .*given.*102(\.\d)? nm in/);
    const wrong = await infer("scan.npz", "wrong", "--object_pixel_m", "1e-8");
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/object's pixel contradicts|object_pixel_m is stated twice/);
  });

  it("flags convert positions in metres, for inspect as for infer", async () => {
    const scan = readScanNpz(readFileSync(path("plain.npz")));
    const metres = (list: Float64Array): Float64Array => list.map((pixel) => 2e-8 * pixel);
    writeFileSync(path("metres.npz"), writeScanNpz({ ...scan, positions: metres(scan.positions) }));
    const flags = ["--position_unit", "m", "--object_pixel_m", "2e-8"];
    const inspected = await run("inspect", path("metres.npz"), ...flags);
    expect([inspected.code, inspected.stderr]).toEqual([0, ""]);
    expect(inspected.stdout).toMatch(/object pixel +20 nm/);
    expect(inspected.stdout).toContain(/positions +\d+, .*/.exec((await run("inspect", path("plain.npz"))).stdout)![0]);
    expect((await infer("metres.npz", "converted", ...flags)).code).toBe(0);
    const { positions } = readReconstruction(readFileSync(path("converted", "reconstruction.npz")));
    const same = readReconstruction(readFileSync(path("unknown", "reconstruction.npz"))).positions;
    positions.forEach((value, i) => void expect(value).toBeCloseTo(same[i], 9));
    const refused = await infer("metres.npz", "refused", "--position_unit", "m");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      /positions in m need the size of an object pixel.*--detector_pixel_m.*--object_pixel_m/,
    );
  });

  it("is no part of what a resumed training must have again", async () => {
    const identity = async (overrides: Settings, scan: string) => {
      const request = {
        trainDataFile: path(scan),
        outputDir: path("resumed"),
        overrides: { gridsize: 1, ...overrides },
      };
      const payload = await createTrainingPayload(request);
      const facts = dataFacts(readScanNpz(readFileSync(path(scan))), 1);
      return identityOf(payload, [{ ...facts, name: "scan" }], 1, undefined);
    };
    const plain = await identity({}, "plain.npz");
    expect(await identity({ energyKev: 8, objectPixelM: 1e-8 }, "plain.npz")).toEqual(plain);
    expect(await identity({}, "scan.npz")).toEqual(plain);
    expect(await identity({ positionReference: "corner" }, "plain.npz")).not.toEqual(plain);
  });

  it("a near field whose numbers are not known is refused by train and infer, and inspect says so", async () => {
    const scan = readScanNpz(readFileSync(path("plain.npz")));
    writeFileSync(path("near.npz"), writeScanNpz({ ...scan, geometry: { propagation: "near-field" } }));
    const refused = /a near field needs its geometry.*near\.npz.*expected --energy_kev/;
    const train = ["--train_data_file", path("near.npz"), "--output_dir", path("trained"), "--gridsize", "1"];
    for (const outcome of [await infer("near.npz", "near"), await run("train", ...train, "--n_filters_scale", "1")]) {
      expect(outcome.code).toBe(2);
      expect(outcome.stderr).toMatch(refused);
    }
    const stated = await infer("plain.npz", "near", "--propagation", "near-field");
    expect(stated.stderr).toMatch(/a near field needs its geometry/);
    expect((await run("inspect", path("near.npz"))).stdout).toMatch(/error +a near field needs its geometry/);
  });
});
