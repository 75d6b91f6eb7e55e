import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readBundle } from "../../src/bundle/bundle.ts";
import type { Settings } from "../../src/config/group.ts";
import { generatorNamed, generatorNames } from "../../src/nets/registry.ts";
import { createTrainingPayload, runTraining } from "../../src/node/runs.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";

/** Every generator but the CNN (run.test.ts) learns from a scan, with and without merged groups. */
const folder = mkdtempSync(join(tmpdir(), "ptychonaut-generators-"));
const scan = join(folder, "scan.npz");
beforeAll(() => writeFileSync(scan, writeScanNpz(simulate({ n: 32, patterns: 24, seed: 3, photons: 1e5 }))));
afterAll(() => rmSync(folder, { recursive: true }));

const training = { accelerator: "cpu", maxEpochs: 6, learningRate: 3e-3, batchSize: 4 };

/** Small sizes, of which each generator takes those that it has. */
const sizes: Settings = {
  nFiltersScale: 1,
  fnoWidth: 8,
  fnoModes: 6,
  fnoBlocks: 2,
  fnoCnnBlocks: 1,
  hybridResnetBlocks: 1,
  spectralBottleneckBlocks: 2,
};

const variants: readonly (readonly [string, Settings])[] = [
  ...generatorNames.filter((name) => name !== "cnn").map((name) => [name, { gridsize: 1 }] as const),
  ["fno_vanilla", { gridsize: 2 }],
  ["ffno", { gridsize: 1, ffnoEncoderShareWeights: false, fnoInputTransform: "sqrt" }],
  ["ffno", { gridsize: 1, generatorOutputMode: "amp_phase" }],
  ["hybrid_resnet", { gridsize: 2, hybridSkipConnections: true, inputConditioning: "coordinate_grid" }],
  ["neuralop_uno", { gridsize: 1, inputConditioning: "probe_real_imag", generatorOutputMode: "amp_phase_logits" }],
];

it.each(variants)("%s lowers the deviance: %j", async (architecture, settings) => {
  const outputDir = mkdtempSync(join(folder, "run-"));
  const payload = await createTrainingPayload({
    trainDataFile: scan,
    outputDir,
    overrides: { ...training, ...ownSizes(architecture), architecture, ...settings },
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
  expect(history.at(-1)!.train.deviance).toBeLessThan(0.9 * history[0].train.deviance);
  const { manifest, weights } = readBundle(readFileSync(join(outputDir, "model.zip")));
  expect(manifest.config["model"]).toMatchObject({ architecture, ...settings });
  expect([...weights.values()].every(({ data }) => data.every(Number.isFinite))).toBe(true);
});

function ownSizes(architecture: string): Settings {
  const own: readonly string[] = generatorNamed(architecture).settings;
  return Object.fromEntries(Object.entries(sizes).filter(([name]) => own.includes(name)));
}
