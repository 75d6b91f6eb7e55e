import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { scanOptions } from "../../src/config/dataConfig.ts";
import { parseSettings } from "../../src/config/schema.ts";
import { writeNpz } from "../../src/formats/npz.ts";
import { createInferencePayload, createTrainingPayload, readScan } from "../../src/node/runs.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { call } from "../cli/harness.ts";
import { quietHooks } from "./inferRun.ts";
import { runInference, runTraining } from "./plainRuns.ts";

/** A scan of electrons as a detector leaves it: no positions, no probe, prepared by what is said of it. */

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-prepared-"));
const path = (...names: string[]): string => join(folder, ...names);
afterAll(() => rmSync(folder, { recursive: true }));

const [ROWS, COLUMNS, N] = [5, 6, 64];
/** The detector has more pixels, a beam off its middle, a pedestal of 3, and lies on its side. */
const [HEIGHT, WIDTH, TOP, LEFT] = [72, 80, 3, 9];

function raw(): Uint8Array {
  const probe = { kind: "airy", pupilRadius: 16, defocus: 40 } as const;
  const count = ROWS * COLUMNS;
  const { patterns } = simulate({ n: N, patterns: count, scan: "raster", jitter: 0, step: 4, probe, photons: 1e5 });
  const data = new Uint16Array(count * HEIGHT * WIDTH).fill(3);
  const frame = new Float32Array(N * N);
  for (let k = 0; k < count; k++) {
    patterns.read([k], frame);
    for (let y = 0; y < N; y++)
      for (let x = 0; x < N; x++) data[(k * HEIGHT + x + TOP) * WIDTH + y + LEFT] += frame[y * N + x];
  }
  return writeNpz({ stack: { shape: [ROWS, COLUMNS, HEIGHT, WIDTH], dtype: "uint16", data } });
}

const scan = path("raw.npz");
writeFileSync(scan, raw());

const said = {
  ...{ patternsKey: "stack", measurement: "counts", background: 3, threshold: 1, countsPerPhoton: 2 },
  ...{ beamCenter: "found", cropTo: N, binBy: 2, detectorOrientation: "transpose", findBadPixels: true },
  ...{
    voltageKv: 300,
    objectPixelM: 5e-11,
    scanStep: 2,
    positionUnit: "angstrom",
    positionRotation: 90,
    positionFlip: "x",
  },
  ...{ probeModel: "aperture", semiAngleMrad: 9.84, defocusM: 5e-8 },
};
const small = {
  nFiltersScale: 1,
  batchSize: 4,
  maxEpochs: 1,
  gridsize: 1,
  accelerator: "cpu",
  reconLogEveryNEpochs: 0,
};
const json = (...names: string[]) => JSON.parse(readFileSync(path(...names), "utf8"));

const flags = Object.entries(said).flatMap(([name, value]) => [
  `--${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
  ...(value === true ? [] : [String(value)]),
]);

async function train(name: string, overrides: Record<string, unknown>) {
  const request = { trainDataFile: scan, outputDir: path(name), overrides: { ...small, ...said, ...overrides } };
  await runTraining(await createTrainingPayload(request), quietHooks());
  return json(name, "training.json").history.map(({ trainLoss, validationLoss }: Record<string, number>) => [
    trainLoss,
    validationLoss,
  ]);
}

describe("a scan without positions and probe", () => {
  it("is trained on in one go, in memory and from its file by threads with the same numbers", async () => {
    const inMemory = await train("inMemory", {});
    expect(await train("inFile", { numWorkers: 1, patternsInMemory: "no" })).toEqual(inMemory);
    const { inputs } = json("inFile", "run.json");
    const done = inputs[0].conversions.join("\n");
    for (const step of [
      /positions of a raster of 5 × 6, 2 angstrom apart/,
      /positions x turned round, then rotated by 90°/,
      /background of 3 counts taken off, never below zero: [\d.]+ % of the counts/,
      /fewer than 1 counts made zero: 0.00 % of the counts/,
      /counts divided by 2 a photon/,
      /the beam's centre, found at \(3[45]\.\d+, 4[01]\.\d+\): pixel \(35, 41\) goes to index floor\(n\/2\)/,
      /patterns of 72 × 80 made 64 × 64/,
      /squares of 2 × 2 detector pixels made one/,
      /detector turned: transpose/,
      /probe built: round aperture of 9.84 mrad, its radius 8.0 detector pixels, 50 nm behind its focus/,
    ])
      expect(done).toMatch(step);
    expect(inputs[0].conventions).toMatchObject({ beam_center: "found", bin_by: "2", probe_model: "aperture" });
  });

  it("is reconstructed as the training's scan was read, without a word", async () => {
    const hooks = quietHooks();
    const request = { modelPath: path("inMemory"), testDataFile: scan, outputDir: path("object") };
    await runInference(await createInferencePayload({ ...request, overrides: { accelerator: "cpu" } }), hooks);
    expect(hooks.warnings.join()).toMatch(/read as the training's scan was, with .*`bin_by=2`.*`probe_model=aperture`/);
    expect(json("object", "run.json").inputs[1].conversions).toEqual(
      json("inMemory", "run.json").inputs[0].conversions,
    );
  });

  it("is inspected with the same flags", async () => {
    const { code, stdout } = await call(["inspect", scan, ...flags]);
    expect([code, stdout]).toEqual([0, expect.not.stringMatching(/\berror\b/)]);
  });

  it("is converted as it is prepared: the file then needs no flags", async () => {
    const target = path("prepared.npz");
    const { code } = await call(["convert", scan, target, ...flags, "--use_frames", "0-19/2"]);
    expect(code).toBe(0);
    const { measurement, background, threshold, countsPerPhoton, ...others } = said;
    const options = scanOptions(
      parseSettings("data", { measurement, background, threshold, countsPerPhoton, ...others, useFrames: "0-19/2" }),
    );
    const [direct, written] = [await readScan(scan, options), await readScan(target)];
    const kept = Array.from({ length: 10 }, (_, k) => 2 * k);
    expect(written.patterns).toMatchObject({ count: 10, height: N / 2, width: N / 2 });
    const [own, other] = [new Float32Array(10 * (N / 2) ** 2), new Float32Array(10 * (N / 2) ** 2)];
    direct.patterns.read(kept, own);
    written.patterns.read([...Array(10).keys()], other);
    // Roots of counts, in float32.
    for (let i = 0; i < own.length; i++) expect(Math.abs(other[i] ** 2 - own[i])).toBeLessThan(1e-6 * own[i] + 1e-9);
    expect(Array.from(written.positions)).toEqual(kept.flatMap((k) => [...direct.positions.slice(2 * k, 2 * k + 2)]));
    expect([written.probe.data, written.mask?.data, written.geometry]).toEqual([
      direct.probe.data,
      direct.mask?.data,
      direct.geometry,
    ]);
  });
});
