import type { ScanHeader } from "../../config/fileProbe.ts";
import type { GroupName, Settings } from "../../config/group.ts";
import { identitySettings } from "../../config/identity.ts";
import { sameValue } from "../../config/merge.ts";
import { snakeCase } from "../../config/names.ts";
import type { TrainingPayload } from "../../config/payload.ts";
import { resolveInferencePayload } from "../../config/resolve/infer.ts";
import { resolveTrainingPayload } from "../../config/resolve/train.ts";
import { parseSettings } from "../../config/schema.ts";
import { PtychonautError } from "../../errors.ts";
import { counted } from "../../printable.ts";
import type { OutcomeKind } from "../../training/trainer.ts";
import type { RunHooks, RunOutcome, Workflows } from "../hooks.ts";
import type { Home } from "../machine.ts";
import { outputs } from "../outputs.ts";
import { joinPath } from "../paths.ts";
import { fileProbe } from "../payloads.ts";
import { readSavedRun } from "../savedRun.ts";
import { isThere, type RunStore, readJson } from "../store.ts";
import { lastCheckpoint } from "../train/checkpointFiles.ts";
import { epochsOf } from "../train/trainingOutcome.ts";
import { readTraining } from "./records.ts";

export interface TrainingStage {
  readonly trainDataFile: string;
  /** Folder of the training. */
  readonly outputDir: string;
  readonly overrides: Settings;
  readonly executionConfig: Settings;
  /** Settings of the row, under those above. */
  readonly file: Settings;
}

/**
 * Checks all settings of a training before its scan exists.
 * @throws PtychonautError as the training itself would
 */
export async function checkStage(stage: TrainingStage, scan: ScanHeader, home: Home): Promise<void> {
  await resolveTrainingPayload(stage, {
    ...fileProbe(home),
    scanFiles: async (path) => [path],
    scanHeader: async () => scan,
    prepareFolder: async () => {},
  });
}

/**
 * Trains, goes on with what an earlier call left, or leaves a finished training as it is.
 * @throws PtychonautError "usage" when the folder holds a training with other settings
 */
export async function trainOrContinue(
  stage: TrainingStage,
  workflows: Workflows,
  hooks: RunHooks,
  home: Home,
): Promise<RunOutcome["status"]> {
  const { store } = home;
  const { outputDir } = stage;
  const resume = (await isThere(lastCheckpoint(outputDir), store)) ? { resume: "last" } : {};
  const record = joinPath(outputDir, outputs.run);
  const before = await isThere(record, store);
  // What is there was made by an earlier call; whether with the same settings is checked below.
  const payload = await resolveTrainingPayload(
    { ...stage, overrides: { ...stage.overrides, ...resume }, overwrite: before },
    fileProbe(home),
  );
  if (before) {
    await checkSettings(record, payload, store);
    const { outcome, epochs } = await readTraining(outputDir, store);
    if (isFinished(outcome.kind, epochs, epochsOf(payload))) {
      hooks.log(`${outputDir}: trained already (${outcome.kind} after ${counted(epochs, "epoch")})`);
      return outcome.kind === "diverged" || outcome.kind === "not-finite" ? "diverged" : "finished";
    }
  }
  return report(await workflows.train(payload, hooks), hooks);
}

const isFinished = (kind: OutcomeKind, epochs: number, maxEpochs: number): boolean =>
  kind !== "interrupted" && (kind !== "completed" || epochs >= maxEpochs);

async function checkSettings(runFile: string, payload: TrainingPayload, store: RunStore): Promise<void> {
  const { model, data, training, execution, overridden } = payload;
  const before = await readSavedRun(runFile, store);
  const groups = Object.keys(before.settings) as GroupName[];
  // Settings that the version before did not have were what their defaults are.
  const completed = Object.fromEntries(groups.map((group) => [group, parseSettings(group, before.settings[group])]));
  const stated =
    (list: readonly { readonly name: string }[]) =>
    (name: string): boolean =>
      list.some((origin) => origin.name === name);
  const { initFrom = null } = before.settings.training ?? {};
  const was: Settings = { ...identitySettings(completed, stated(before.overridden)), initFrom };
  const now: Settings = {
    ...identitySettings({ model, data, training, execution }, stated(overridden)),
    initFrom: training.initFrom,
  };
  const names = [...new Set([...Object.keys(was), ...Object.keys(now)])];
  const differing = names.filter((name) => !sameValue(was[name], now[name]));
  if (differing.length === 0) return;
  throw new PtychonautError("usage", "the folder holds a training with other settings", {
    where: runFile,
    got: differing.map((name) => `${snakeCase(name)} ${JSON.stringify(was[name])}`).join(", "),
    fix: "name another output folder, or repeat the settings",
  });
}

export interface InferenceStage {
  /** Folder of the training. */
  readonly modelPath: string;
  readonly testDataFile: string;
  readonly outputDir: string;
  /** Side of the tile that a patch gives. */
  readonly tile: number;
  readonly executionConfig: Settings;
}

/** Predicts and stitches the test images, unless an earlier call did so with the same network. */
export async function inferOrReuse(
  { modelPath, testDataFile, outputDir, tile, executionConfig }: InferenceStage,
  workflows: Workflows,
  hooks: RunHooks,
  home: Home,
): Promise<RunOutcome["status"]> {
  const { machine, store } = home;
  const model = await machine.sha256(await store.read(joinPath(modelPath, outputs.model)));
  const record = joinPath(outputDir, outputs.run);
  const before = (await isThere(record, store)) ? await readJson(record, store) : undefined;
  if (isInferenceOf(before, model)) {
    hooks.log(`${outputDir}: reconstructed already`);
    return "finished";
  }
  const overrides = { middleTrim: tile, patchWeighting: "uniform" };
  const payload = await resolveInferencePayload(
    { modelPath, testDataFile, outputDir, overrides, executionConfig },
    fileProbe(home),
  );
  return report(await workflows.infer(payload, hooks), hooks);
}

function isInferenceOf(record: unknown, model: string): boolean {
  const { inputs, outcome } = (record ?? {}) as {
    readonly inputs?: readonly { readonly sha256: string }[];
    readonly outcome?: { readonly status?: string };
  };
  return outcome?.status === "finished" && inputs?.[0]?.sha256 === model;
}

function report({ status, advice }: RunOutcome, hooks: RunHooks): RunOutcome["status"] {
  if (advice !== undefined) (status === "finished" ? hooks.log : hooks.warn)(advice);
  return status;
}
