import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { joinComplex } from "../../src/arrays.ts";
import { readBundle } from "../../src/bundle/bundle.ts";
import type { Settings } from "../../src/config/group.ts";
import type { NpyArray } from "../../src/formats/npy.ts";
import { writeNpz } from "../../src/formats/npz.ts";
import { PREDICTION_INPUT, PREDICTION_OUTPUTS } from "../../src/inference/predictionModel.ts";
import { nodeHome } from "../../src/node/home.ts";
import { createTrainingPayload } from "../../src/node/runs.ts";
import { runImportWeights } from "../../src/runs/importWeights.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { maxDeviation, testRuntime } from "../evaluate.ts";
import { describeFixtures, type Fixture, fixtureArrays, itWith } from "../fixtures.ts";
import { tolerances } from "../tolerances.ts";
import { untoldOptions } from "./spectral.ts";

/** The reference's weights, imported without a word on what they tell themselves, give the reference's outputs. */
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ptychonaut-"));
});
afterAll(async () => await rm(folder, { recursive: true }));

/** Imports a file of weights for a scan of the entry's size, and runs the bundle's model on the first group of `x`. */
async function imported(
  { entry, arrays }: Fixture,
  weights: Readonly<Record<string, NpyArray>>,
  settings: Settings = {},
): Promise<{ re: Float32Array; im: Float32Array; shape: readonly [C: number, N: number] }> {
  const [weightsFile, scan] = [join(folder, "weights.npz"), join(folder, "scan.npz")];
  await writeFile(weightsFile, writeNpz(weights, { compress: false }));
  await writeFile(scan, writeScanNpz(simulate({ n: Number(entry["N"]), patterns: 12 })));
  const bundle = await runImportWeights(
    weightsFile,
    (implied) =>
      createTrainingPayload({
        command: "import-weights",
        ...{ trainDataFile: scan, outputDir: folder, file: { ...implied, ...settings } },
      }),
    nodeHome,
  );
  const session = await testRuntime.load(readBundle(await readFile(bundle)).model);
  const [, C, N] = arrays.get("x").shape;
  const image = Float32Array.from(arrays.get("x").data.slice(0, C * N * N), Number);
  const outputs = await session.run({ [PREDICTION_INPUT]: { data: image, shape: [1, C, N, N] } });
  await session.dispose();
  const part = (name: string): Float32Array => outputs[name].data as Float32Array;
  return { re: part(PREDICTION_OUTPUTS.re), im: part(PREDICTION_OUTPUTS.im), shape: [C, N] };
}

describeFixtures("cnn", (fixture) => {
  const { entry, arrays } = fixture;
  itWith(arrays, ["amp", "phase"], "weights through import and bundle give the same patches", async () => {
    const weights: Record<string, NpyArray> = {};
    const sources = entry["weightsFrom"] === undefined ? [] : [fixtureArrays(String(entry["weightsFrom"]))];
    for (const source of [...sources, arrays]) {
      for (const key of source.keys.filter((name) => name.startsWith("sd."))) weights[key] = source.get(key);
    }
    const { re, im } = await imported(fixture, weights);
    const amplitude = arrays.get("amp").data.slice(0, re.length);
    const phase = arrays.get("phase").data;
    expect(
      maxDeviation(
        re,
        amplitude.map((a, i) => a * Math.cos(phase[i])),
      ),
    ).toBeLessThan(tolerances.parityPatches);
    expect(
      maxDeviation(
        im,
        amplitude.map((a, i) => a * Math.sin(phase[i])),
      ),
    ).toBeLessThan(tolerances.parityPatches);
  });
});

/** The spectral generators' weights as the reference's file has them: complex arrays. */
for (const kind of ["fno", "fno_vanilla", "ffno"]) {
  describeFixtures(kind, (fixture) => {
    const { arrays } = fixture;
    itWith(arrays, ["out_real_imag"], "weights through import and bundle give the same patches", async () => {
      const weights: Record<string, NpyArray> = {};
      for (const key of arrays.keys.filter((name) => name.startsWith("sd."))) {
        const [, complex] = /^(.+)_re$/.exec(key) ?? [];
        if (complex !== undefined) {
          const { shape, re, im } = arrays.complex(complex);
          weights[complex] = { dtype: "complex64", ...joinComplex(shape, re, im) };
        } else if (!key.endsWith("_im")) weights[key] = arrays.get(key);
      }
      const { re, im, shape } = await imported(fixture, weights, untoldOptions(fixture));
      const [C, N] = shape;
      const all = arrays.get("out_real_imag").data;
      for (const [part, values] of [re, im].entries()) {
        // [y, x, channel, part] against [channel, y, x].
        const expected = values.map((_, i) => all[((i % (N * N)) * C + Math.floor(i / (N * N))) * 2 + part]);
        expect(maxDeviation(values, expected)).toBeLessThan(tolerances.parityNetwork);
      }
    });
  });
}
