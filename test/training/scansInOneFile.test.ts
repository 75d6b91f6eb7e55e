import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readBundle } from "../../src/bundle/bundle.ts";
import { dataFacts } from "../../src/bundle/fingerprint.ts";
import { scalesFor } from "../../src/bundle/fitsData.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { joinedPatterns } from "../../src/data/joinedScans.ts";
import { memoryPatterns } from "../../src/data/memoryPatterns.ts";
import { selectFrames } from "../../src/data/selectFrames.ts";
import { openNpz } from "../../src/formats/npz.ts";
import { main } from "../../src/node/cli/main.ts";
import { nodeHome } from "../../src/node/home.ts";
import { createTrainingPayload, readScan, runTraining } from "../../src/node/runs.ts";
import { readSavedRun, repeatRequest } from "../../src/runs/savedRun.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { quietHooks } from "../runs/inferRun.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-one-file-"));
const path = (...names: string[]): string => join(folder, ...names);
const N = 32;
const COUNT = 18;
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => {
  const [a, other] = [3, 4].map((seed) => {
    const { object: _, ...scan } = simulate({ n: N, patterns: COUNT, seed, photons: 1e4, measurement: "amplitude" });
    return scan;
  });
  const b = { ...other, probe: a.probe };
  writeFileSync(path("a.npz"), writeScanNpz(a));
  writeFileSync(path("b.npz"), writeScanNpz(b));
  writeFileSync(path("both.npz"), writeScanNpz(interleaved(a, b)));
});

/** Both scans in one, their patterns alternating, as scans 1 and 2. */
function interleaved(a: Dataset, b: Dataset): Dataset {
  const parts = [a, b].map(({ patterns, measurement }) => ({ patterns, measurement, inputScale: 1 }));
  const patterns = new Float32Array(2 * COUNT * N * N);
  const frames = Array.from({ length: 2 * COUNT }, (_, k) => (k >> 1) + (k % 2) * COUNT);
  joinedPatterns(parts).read(frames, patterns);
  const both = {
    ...a,
    positions: Float64Array.from([...a.positions, ...b.positions]),
    scanIndex: Int32Array.from(frames, (_, k) => (k < COUNT ? 1 : 2)),
    patterns: memoryPatterns(new Float32Array(2 * COUNT * N * N), [2 * COUNT, N, N]),
  };
  return { ...selectFrames(both, frames), patterns: memoryPatterns(patterns, [2 * COUNT, N, N]) };
}

const settings = { gridsize: 2, nFiltersScale: 1, batchSize: 4, maxEpochs: 1, accelerator: "cpu" };
const train = async (files: readonly string[], name: string, more = {}) => {
  const trainDataFile = files.map((file) => path(file));
  const overrides = { ...settings, reconLogEveryNEpochs: 0, profile: "ci", ...more };
  const payload = await createTrainingPayload({ trainDataFile, outputDir: path(name), overrides });
  const hooks = quietHooks();
  expect((await runTraining(payload, hooks)).status).toBe("finished");
  return readBundle(readFileSync(path(name, "model.zip")));
};

it("scans in one file are trained on as those of two files, to the last bit, and reconstructed one by one", async () => {
  const apart = await train(["a.npz", "b.npz"], "apart");
  const together = await train(["both.npz"], "together", { patternsInMemory: "no", numWorkers: 1 });
  expect(together.manifest.scans?.map(({ facts }) => facts.name)).toEqual(["both scan 1", "both scan 2"]);
  expect(together.manifest.scans?.map(({ scales }) => scales)).toEqual(
    apart.manifest.scans?.map(({ scales }) => scales),
  );
  expect(together.weights).toEqual(apart.weights);
  // Raster and probe are those of the first, and still each has what was learned of it.
  const second = dataFacts(await readScan(path("b.npz")), 2);
  expect(second).toMatchObject({
    probeCrc: apart.manifest.trainedOn.probeCrc,
    positionsCrc: apart.manifest.trainedOn.positionsCrc,
  });
  expect(scalesFor(apart.manifest, second)).toBe(apart.manifest.scans?.[1].scales);

  const run = await readSavedRun(path("together", "run.json"), nodeHome.store);
  expect(repeatRequest(run, "again").request).toMatchObject({ trainDataFile: [path("both.npz")] });

  const infer = (file: string, output: string, ...more: string[]): Promise<number> => {
    const files = ["--model_path", path("together"), "--test_data", path(file), "--output_dir", path(output)];
    return main(["infer", ...files, "--accelerator", "cpu", "--quiet", ...more], { stderr: () => {} });
  };
  expect(await infer("both.npz", "objects")).toBe(0);
  expect(existsSync(path("objects", "reconstruction.npz"))).toBe(false);
  for (const [scan, file] of [
    [1, "a.npz"],
    [2, "b.npz"],
  ] as const) {
    expect(await infer(file, `alone-${scan}`)).toBe(0);
    expect(await infer("both.npz", `chosen-${scan}`, "--scan_index", `${scan}`)).toBe(0);
    const object = (output: string) => openNpz(readFileSync(path(output, "reconstruction.npz"))).readNumbers("object");
    expect(object(`objects/scan_${scan}`)).toEqual(object(`alone-${scan}`));
    expect(object(`chosen-${scan}`)).toEqual(object(`alone-${scan}`));
  }
}, 180_000);

it("commands that take one scan refuse several, with the way out", async () => {
  const heard: string[] = [];
  const args = ["--test_data_file", path("both.npz"), "--output_dir", path("never")];
  expect(
    await main(["train", "--train_data_file", path("a.npz"), ...args, "--accelerator", "cpu"], {
      stderr: (text) => void heard.push(text),
    }),
  ).toBe(2);
  expect(heard.join("")).toMatch(/several scans; in .*both\.npz;.*2 scans \(1, 2\).*--scan_index 1/);
});

it("split halves each scan by itself", async () => {
  expect(await main(["split", path("both.npz"), "--output_dir", path("halves"), "--quiet"])).toBe(0);
  for (const half of ["even", "odd"]) {
    const { data } = openNpz(readFileSync(path("halves", `${half}.npz`))).readNumbers("scan_index");
    expect(Array.from(data, Number).filter((number) => number === 1)).toHaveLength(COUNT / 2);
  }
});
