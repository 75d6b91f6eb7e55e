import { readBundle } from "../../../src/bundle/bundle.ts";
import type { Settings } from "../../../src/config/group.ts";
import type { RunHooks } from "../../../src/runs/hooks.ts";
import { runInference } from "../../../src/runs/infer/inferAndRefine.ts";
import { runInspection } from "../../../src/runs/inspect.ts";
import type { Home } from "../../../src/runs/machine.ts";
import { memoryStore } from "../../../src/runs/memoryStore.ts";
import { createInferencePayload, createTrainingPayload } from "../../../src/runs/payloads.ts";
import { silentProgress } from "../../../src/runs/progress.ts";
import { runSimulation } from "../../../src/runs/simulate.ts";
import { runTraining } from "../../../src/runs/train/train.ts";
import { webMachine } from "../../../src/web/machine.ts";
import { svgPictures } from "../../../src/web/svgPictures.ts";

/** Whole runs in a worker: what came of them, as plain values. */
export interface ScenarioResults {
  readonly patterns: number;
  /** How each training ended, in their order. */
  readonly statuses: readonly string[];
  /** By the folder of the training: straight, in epochs, in the middle of one. */
  readonly trained: Readonly<Record<string, Trained>>;
  /** SHA-256 of the reconstructions, by the folder of the training whose network made them. */
  readonly objects: Readonly<Record<string, string>>;
  /** Of the first training and its reconstruction. */
  readonly files: readonly string[];
  readonly record: unknown;
  /** `metrics.json` of the first reconstruction. */
  readonly metrics: unknown;
  /** Of the first one, the files that a program elsewhere needs to do the same, and what came of it: base64. */
  readonly scan: string;
  readonly bundle: string;
  readonly object: string;
}

export interface Trained {
  /** SHA-256 of each array of weights, by name. */
  readonly weights: Readonly<Record<string, string>>;
  /** Loss of each epoch on training and validation patterns. */
  readonly losses: readonly (readonly [number, number | null])[];
}

export const SCENARIO_SETTINGS: Settings = {
  ...{ accelerator: "cpu", nFiltersScale: 1, gridsize: 1, batchSize: 8, seed: 3, validationFraction: 0.2 },
  ...{ learningRate: 1e-3, reconLogEveryNEpochs: 0, pictureFormats: ["svg"] },
};

/** Trains two epochs straight, and stopped and resumed twice over; then reconstructs with what each left. */
export async function runScenario(): Promise<ScenarioResults> {
  const home: Home = { machine: webMachine({ threads: 1, pictures: svgPictures }), store: memoryStore() };
  const scan = "scan.npz";
  await runSimulation({ output: scan, options: { n: 32, patterns: 40, seed: 5 }, labels: false }, quiet(), home);
  const { patterns } = await runInspection(scan, {}, home);
  const train = async (outputDir: string, settings: Settings, hooks = quiet()): Promise<string> => {
    const overrides = { ...SCENARIO_SETTINGS, maxEpochs: 2, ...settings };
    const payload = await createTrainingPayload({ trainDataFile: scan, outputDir, overrides }, home);
    return (await runTraining(payload, hooks, home)).status;
  };
  const statuses = [
    await train("straight", {}),
    // Stopped between two epochs.
    await train("epochs", { maxEpochs: 1 }),
    await train("epochs", { resume: "last" }),
    // Stopped in the middle of the second.
    await train("middle", {}, abortedAfter(6)),
    await train("middle", { resume: "last" }),
  ];
  const folders = ["straight", "epochs", "middle"];
  const trained: Record<string, Trained> = {};
  const objects: Record<string, string> = {};
  for (const folder of folders) {
    trained[folder] = await trainedIn(folder, home);
    const outputDir = `${folder}/object`;
    const request = {
      modelPath: folder,
      testDataFile: scan,
      outputDir,
      overrides: { accelerator: "cpu", pictureFormats: ["svg"], confidence: folder === "straight" },
    };
    const payload = await createInferencePayload(request, home);
    statuses.push((await runInference(payload, quiet(), home)).status);
    objects[folder] = await home.machine.sha256(await home.store.read(`${outputDir}/reconstruction.npz`));
  }
  return {
    ...{ patterns: patterns?.count ?? 0, statuses, trained, objects },
    files: [...(await home.store.list("straight")), ...(await home.store.list("straight/object"))].sort(),
    record: JSON.parse(new TextDecoder().decode(await home.store.read("straight/run.json"))),
    metrics: JSON.parse(new TextDecoder().decode(await home.store.read("straight/object/metrics.json"))),
    scan: base64(await home.store.read(scan)),
    bundle: base64(await home.store.read("straight/model.zip")),
    object: base64(await home.store.read("straight/object/reconstruction.npz")),
  };
}

async function trainedIn(folder: string, { machine, store }: Home): Promise<Trained> {
  const { weights } = readBundle(await store.read(`${folder}/model.zip`));
  const { history } = JSON.parse(new TextDecoder().decode(await store.read(`${folder}/training.json`))) as {
    readonly history: readonly { readonly trainLoss: number; readonly validationLoss: number | null }[];
  };
  const hashes: Record<string, string> = {};
  for (const [name, { data }] of weights) {
    hashes[name] = await machine.sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return {
    weights: hashes,
    losses: history.map(({ trainLoss, validationLoss }) => [trainLoss, validationLoss]),
  };
}

/** Text that crosses to the test at once, where a list of numbers would not. */
function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 2 ** 14) text += String.fromCharCode(...bytes.subarray(at, at + 2 ** 14));
  return btoa(text);
}

function quiet(signal: AbortSignal = new AbortController().signal): RunHooks {
  return { signal, log: () => {}, warn: () => {}, progress: () => silentProgress };
}

/** Hooks whose run is told to stop after some steps. */
function abortedAfter(steps: number): RunHooks {
  const controller = new AbortController();
  let seen = 0;
  const update = (): void => {
    if (++seen === steps) controller.abort();
  };
  return { ...quiet(controller.signal), progress: () => ({ update, finish() {} }) };
}
