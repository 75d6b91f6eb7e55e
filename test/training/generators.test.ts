import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readBundle } from "../../src/bundle/bundle.ts";
import type { Settings } from "../../src/config/group.ts";
import { writeScanNpz } from "../../src/io/writeScanNpz.ts";
import { createTrainingPayload } from "../../src/node/payloads.ts";
import { runTraining } from "../../src/node/train.ts";
import { simulate } from "../../src/simulation/simulate.ts";

/** Every generator but the CNN (run.test.ts) learns from a scan, with and without merged groups. */
const folder = mkdtempSync(join(tmpdir(), "ptychonaut-generators-"));
const scan = join(folder, "scan.npz");
beforeAll(() => writeFileSync(scan, writeScanNpz(simulate({ n: 32, patterns: 24, seed: 3, photons: 1e5 }))));
afterAll(() => rmSync(folder, { recursive: true }));

const small = {
  accelerator: "cpu",
  maxEpochs: 6,
  learningRate: 3e-3,
  batchSize: 4,
  fnoWidth: 8,
  fnoModes: 6,
  fnoBlocks: 2,
};

const variants: readonly (readonly [string, Settings])[] = [
  ["fno", { gridsize: 1, fnoCnnBlocks: 1 }],
  ["fno_vanilla", { gridsize: 2 }],
  ["ffno", { gridsize: 1, ffnoEncoderShareWeights: false, fnoInputTransform: "sqrt" }],
  ["ffno", { gridsize: 1, generatorOutputMode: "amp_phase" }],
];

it.each(variants)("%s lowers the deviance: %j", async (architecture, settings) => {
  const outputDir = mkdtempSync(join(folder, "run-"));
  const payload = await createTrainingPayload({
    trainDataFile: scan,
    outputDir,
    overrides: { ...small, architecture, ...settings },
  });
  const quiet = (): void => {};
  const hooks = {
    signal: new AbortController().signal,
    log: quiet,
    warn: quiet,
    progress: () => ({ update: quiet, finish: quiet }),
  };
  expect((await runTraining(payload, hooks)).status).toBe("finished");
  const { history } = JSON.parse(readFileSync(join(outputDir, "training.json"), "utf8")) as {
    history: { train: { deviance: number } }[];
  };
  expect(history.at(-1)!.train.deviance).toBeLessThan(0.9 * history[0]!.train.deviance);
  const bundle = readBundle(readFileSync(join(outputDir, "model.zip")));
  expect([...bundle.weights.keys()].some((name) => name.includes("spectral"))).toBe(true);
});
