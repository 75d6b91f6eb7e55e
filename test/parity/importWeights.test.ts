import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { joinComplex } from "../../src/arrays.ts";
import { readBundle } from "../../src/bundle/bundle.ts";
import type { NpyArray } from "../../src/formats/npy.ts";
import { writeNpz } from "../../src/formats/npz.ts";
import { PREDICTION_INPUT, PREDICTION_OUTPUTS } from "../../src/inference/predictionModel.ts";
import { createTrainingPayload } from "../../src/node/payloads.ts";
import { importReferenceWeights } from "../../src/runs/importWeights.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { maxDeviation, testRuntime } from "../evaluate.ts";
import { describeFixtures, fixtureArrays } from "../fixtures.ts";
import { tolerances } from "../tolerances.ts";

/** The reference's weights, imported without a word on the architecture, give the reference's outputs. */
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ptychonaut-"));
});
afterAll(async () => await rm(folder, { recursive: true }));

describeFixtures("cnn", ({ entry, arrays }) => {
  it("weights through import and bundle give the same patches", async () => {
    const weights: Record<string, NpyArray> = {};
    const sources = entry["weightsFrom"] === undefined ? [] : [fixtureArrays(String(entry["weightsFrom"]))];
    for (const source of [...sources, arrays]) {
      for (const key of source.keys.filter((name) => name.startsWith("sd."))) weights[key] = source.get(key);
    }
    const [weightsFile, scan] = [join(folder, "weights.npz"), join(folder, "scan.npz")];
    await writeFile(weightsFile, writeNpz(weights, { compress: false }));
    await writeFile(scan, writeScanNpz(simulate({ n: Number(entry["N"]), patterns: 12 })));
    const bundle = await importReferenceWeights(
      weightsFile,
      (implied) => createTrainingPayload({ trainDataFile: scan, outputDir: folder, file: implied }),
      "test",
    );
    const session = await testRuntime.load(readBundle(await readFile(bundle)).model);
    const { shape, data } = arrays.get("x");
    const [, C, N] = shape as [number, number, number, number];
    const image = Float32Array.from(data.slice(0, C * N * N), Number);
    const outputs = await session.run({ [PREDICTION_INPUT]: { data: image, shape: [1, C, N, N] } });
    await session.dispose();
    const first = (name: string): Float32Array => Float32Array.from(arrays.get(name).data.slice(0, C * N * N), Number);
    const [amplitude, phase] = [first("amp"), first("phase")];
    const parts = {
      [PREDICTION_OUTPUTS.re]: amplitude.map((a, i) => a * Math.cos(phase[i])),
      [PREDICTION_OUTPUTS.im]: amplitude.map((a, i) => a * Math.sin(phase[i])),
    };
    for (const [name, expected] of Object.entries(parts)) {
      const actual = outputs[name].data as Float32Array;
      expect(maxDeviation(actual, expected)).toBeLessThan(tolerances.parityPatches);
    }
  });
});

/** The spectral generators' weights as the reference's file has them: complex arrays. */
for (const kind of ["fno", "fno_vanilla", "ffno"]) {
  describeFixtures(kind, ({ entry, arrays }) => {
    it("weights through import and bundle give the same patches", async () => {
      const weights: Record<string, NpyArray> = {};
      for (const key of arrays.keys.filter((name) => name.startsWith("sd."))) {
        const [, complex] = /^(.+)_re$/.exec(key) ?? [];
        if (complex !== undefined) {
          const { shape, re, im } = arrays.complex(complex);
          weights[complex] = { dtype: "complex64", ...joinComplex(shape, re, im) };
        } else if (!key.endsWith("_im")) weights[key] = arrays.get(key);
      }
      const [weightsFile, scan] = [join(folder, `${kind}.npz`), join(folder, "scan.npz")];
      await writeFile(weightsFile, writeNpz(weights, { compress: false }));
      await writeFile(scan, writeScanNpz(simulate({ n: Number(entry["N"]), patterns: 12 })));
      const bundle = await importReferenceWeights(
        weightsFile,
        (implied) => createTrainingPayload({ trainDataFile: scan, outputDir: folder, file: implied }),
        "test",
      );
      const session = await testRuntime.load(readBundle(await readFile(bundle)).model);
      const { shape, data } = arrays.get("x");
      const [, C, N] = shape as [number, number, number, number];
      const image = Float32Array.from(data.slice(0, C * N * N), Number);
      const outputs = await session.run({ [PREDICTION_INPUT]: { data: image, shape: [1, C, N, N] } });
      await session.dispose();
      const all = arrays.get("out_real_imag").data;
      for (const [part, name] of [PREDICTION_OUTPUTS.re, PREDICTION_OUTPUTS.im].entries()) {
        // [y, x, channel, part] against [channel, y, x].
        const expected = image.map((_, i) => all[((i % (N * N)) * C + Math.floor(i / (N * N))) * 2 + part]);
        expect(maxDeviation(outputs[name].data as Float32Array, expected)).toBeLessThan(tolerances.parityNetwork);
      }
    });
  });
}
