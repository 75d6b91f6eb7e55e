import { PtychonautError } from "../errors.ts";
import type { DataConfig } from "./dataConfig.ts";
import type { ExecutionConfig } from "./executionConfig.ts";
import type { BundleHeader, FileProbe, ScanHeader } from "./fileProbe.ts";
import { fieldSchemas, type GroupName, type Settings } from "./group.ts";
import type { InferenceConfig } from "./inferenceConfig.ts";
import type { Layer, Merged, Source } from "./merge.ts";
import { layerOf, mergeLayers, sameValue, settingsOf, withProfile } from "./merge.ts";
import type { ModelConfig, ModelSettings } from "./modelConfig.ts";
import type { PayloadKind } from "./names.ts";
import { snakeCase } from "./names.ts";
import { deepFreeze, unknownSetting } from "./parse.ts";
import {
  checkData,
  checkExecution,
  checkInference,
  checkModel,
  checkTraining,
  defaultMilestones,
  defaultNeighborCount,
  networkSettings,
} from "./rules.ts";
import { groupOf, groups, parseSettings } from "./schema.ts";
import type { TrainingConfig } from "./trainingConfig.ts";

/** A value that is not the default, and where it came from. */
export interface SettingOrigin {
  readonly name: string;
  readonly group: GroupName;
  readonly value: unknown;
  readonly source: Source;
}

/** Everything that a training run needs to know, checked and frozen. */
export interface TrainingPayload {
  readonly kind: "training";
  readonly trainDataFile: string;
  /** Further scans to train on together with the first; each has its own probe, dose and scales. */
  readonly moreDataFiles: readonly string[];
  readonly outputDir: string;
  readonly model: ModelConfig;
  readonly data: DataConfig;
  readonly training: TrainingConfig;
  readonly execution: ExecutionConfig;
  readonly overridden: readonly SettingOrigin[];
}

/** Everything that a reconstruction needs to know, checked and frozen. */
export interface InferencePayload {
  readonly kind: "inference";
  readonly modelPath: string;
  readonly testDataFile: string;
  readonly outputDir: string;
  readonly model: ModelConfig;
  readonly data: DataConfig;
  readonly inference: InferenceConfig;
  readonly execution: ExecutionConfig & { readonly inferenceBatchSize: number };
  readonly overridden: readonly SettingOrigin[];
}

interface Sources {
  /** Settings said for this run, under any spelling, flat or nested by group. They win. */
  readonly overrides?: Settings;
  /** Runtime settings; names of other groups are refused. They come second. */
  readonly executionConfig?: Settings;
  /** Settings from a config file. They come third, before the defaults. */
  readonly file?: Settings;
}

export interface TrainingRequest extends Sources {
  /** A scan, or several, or folders of scans. */
  readonly trainDataFile: string | readonly string[];
  readonly outputDir: string;
}

export interface InferenceRequest extends Sources {
  readonly modelPath: string;
  readonly testDataFile: string;
  readonly outputDir: string;
}

/**
 * Resolves and checks everything that a training run depends on, before anything runs: N comes from the data, the dose
 * from its metadata, and the output directory exists and is writable afterwards.
 * @throws PtychonautError naming the setting, what was expected and what was found.
 */
export async function resolveTrainingPayload(request: TrainingRequest, files: FileProbe): Promise<TrainingPayload> {
  const given = withProfile(layersOf(request, "training"));
  const initFrom = mergeLayers(given).get("initFrom")?.value;
  const start = typeof initFrom === "string" ? (await files.bundleHeader(initFrom)).model : undefined;
  const merged = mergeLayers(start === undefined ? given : [...given, networkLayer(start)]);
  const settings = parseSettings("training", settingsOf(merged, "training"));
  const dataSettings = parseSettings("data", settingsOf(merged, "data"));
  const execution = parseSettings("execution", settingsOf(merged, "execution"));
  const modelSettings = parseSettings("model", settingsOf(merged, "model"));
  checkExecution(execution);
  await files.checkAccelerator(execution.accelerator);
  const [trainDataFile, ...moreDataFiles] = await scansOf(request.trainDataFile, files);
  const header = await files.scanHeader(trainDataFile, dataSettings);
  const model = resolveModel(modelSettings, header, trainDataFile);
  const subsampleSeed = dataSettings.subsampleSeed ?? settings.seed;
  const resolved = resolveData({ ...dataSettings, subsampleSeed }, header, model.gridsize);
  // Among several scans each has the dose that its own file states.
  const data = moreDataFiles.length === 0 ? resolved : { ...resolved, nphotons: dataSettings.nphotons };
  const training: TrainingConfig = {
    ...settings,
    // Labels are compared by absolute error, the diffraction by its likelihood, unless said otherwise.
    lossFunction: model.modelType === "supervised" && !merged.has("lossFunction") ? "mae" : settings.lossFunction,
    multistageMilestones: settings.multistageMilestones ?? defaultMilestones(settings.maxEpochs),
  };
  if (start !== undefined) checkAgainstStart(model, start);
  checkModel(model);
  checkData(resolved, model.gridsize);
  checkTraining(training, execution, model);
  checkFrames(data, header);
  for (const file of moreDataFiles) {
    const other = await files.scanHeader(file, data);
    patternSide(other, model.N, file);
    checkFrames(data, other);
  }
  if (moreDataFiles.length > 0 && training.testDataFile !== null) {
    throw new PtychonautError("usage", "test_data_file goes with a single scan to train on", {
      fix: "leave it out: of several scans each holds patterns back (validation_fraction)",
    });
  }
  if (training.testDataFile !== null) {
    const test = await files.scanHeader(training.testDataFile, data);
    patternSide(test, model.N, training.testDataFile);
  }
  await files.prepareFolder(request.outputDir);
  return deepFreeze({
    kind: "training",
    trainDataFile,
    moreDataFiles,
    outputDir: request.outputDir,
    model,
    data,
    training,
    execution,
    overridden: originsOf(merged, { N: [model.N, "data"], nphotons: [data.nphotons, "metadata"] }),
  });
}

/** The scans by file, the first of them first. */
async function scansOf(named: string | readonly string[], files: FileProbe): Promise<[string, ...string[]]> {
  const paths = (await Promise.all([named].flat().map((path) => files.scanFiles(path)))).flat();
  const twice = paths.find((path, i) => paths.indexOf(path) < i);
  if (paths[0] !== undefined && twice === undefined) return paths as [string, ...string[]];
  throw new PtychonautError("usage", twice === undefined ? "no scan to train on" : "a scan is named twice", {
    ...(twice === undefined ? {} : { got: twice }),
  });
}

function checkFrames({ nSubsample }: DataConfig, header: ScanHeader): void {
  if (nSubsample !== null && nSubsample > header.frames) throw tooMany("nSubsample", nSubsample, header);
}

/** Settings of a run that inference takes over from the training that made the bundle, unless said otherwise. */
const inherited: readonly (keyof DataConfig)[] = [
  "neighborFunction",
  "neighborCount",
  "quadrantNeighborCount",
  "minNeighborDistance",
  "maxNeighborDistance",
  "gridStep",
  "subsampleSeed",
];

/**
 * Resolves and checks everything that a reconstruction depends on, before anything runs. The network is the bundle's:
 * a model setting may be repeated but not changed. How the file is to be read is never taken from the bundle.
 * @throws PtychonautError naming the setting, what was expected and what was found; "bundle" if it does not fit the data.
 */
export async function resolveInferencePayload(request: InferenceRequest, files: FileProbe): Promise<InferencePayload> {
  const given = layersOf(request, "inference");
  const bundle = await files.bundleHeader(request.modelPath);
  const merged = mergeLayers([...given, bundleLayer(bundle)]);
  const execution = parseSettings("execution", settingsOf(merged, "execution"));
  const dataSettings = parseSettings("data", settingsOf(merged, "data"));
  const inferenceSettings = parseSettings("inference", settingsOf(merged, "inference"));
  checkExecution(execution);
  await files.checkAccelerator(execution.accelerator);
  const { model } = bundle;
  checkAgainstBundle(mergeLayers(given), model);
  const header = await files.scanHeader(request.testDataFile, dataSettings);
  patternSide(header, model.N, request.testDataFile, "bundle");
  const subsampleSeed = dataSettings.subsampleSeed ?? parseSettings("training").seed;
  const data = resolveData({ ...dataSettings, subsampleSeed }, header, model.gridsize);
  const inference: InferenceConfig = { ...inferenceSettings, middleTrim: inferenceSettings.middleTrim ?? model.N / 2 };
  checkData(data, model.gridsize);
  checkInference(inference, model);
  if (inference.nPatterns !== null && inference.nPatterns > header.frames) {
    throw tooMany("nPatterns", inference.nPatterns, header);
  }
  await files.prepareFolder(request.outputDir);
  return deepFreeze({
    kind: "inference",
    modelPath: request.modelPath,
    testDataFile: request.testDataFile,
    outputDir: request.outputDir,
    model,
    data,
    inference,
    execution: { ...execution, inferenceBatchSize: execution.inferenceBatchSize ?? bundle.batchSize },
    overridden: originsOf(merged, { nphotons: [data.nphotons, "metadata"] }),
  });
}

function layersOf({ overrides = {}, executionConfig = {}, file = {} }: Sources, kind: PayloadKind): readonly Layer[] {
  const execution = layerOf("execution config", executionConfig, kind);
  for (const name of Object.keys(execution.settings)) {
    if (groupOf(name) !== "execution") throw notExecution(name);
  }
  const explicit = layerOf("override", overrides, kind);
  for (const name of Object.keys(explicit.settings)) checkPhase(name, kind);
  return [explicit, execution, layerOf("file", file, kind)];
}

function notExecution(name: string): PtychonautError {
  if (groups.execution.refused[name] !== undefined) return unknownSetting(name, [groups.execution]);
  return new PtychonautError("usage", `${snakeCase(name)} is not a setting of the execution config`, {
    fix: "pass it with the overrides: the execution config says where and how to run, never what",
  });
}

/** A setting that this kind of run does not read is refused where it is said for this very run. */
function checkPhase(name: string, kind: PayloadKind): void {
  const group = groupOf(name)!;
  const unread = kind === "training" ? "inference" : "training";
  if (group !== unread && fieldSchemas(groups[group])[name]?.phase !== unread) return;
  throw new PtychonautError("usage", `${snakeCase(name)} is a setting of ${unread}, which ${kind} does not read`);
}

function resolveModel(settings: ModelSettings, header: ScanHeader, file: string): ModelConfig {
  const N = patternSide(header, settings.N, file);
  return parseResolved({
    ...settings,
    N,
    objectBig: settings.objectBig ?? settings.gridsize > 1,
    probeMaskDiameter: settings.probeMaskDiameter ?? N / 2,
  });
}

/** N from the data has to satisfy what the schema asks of N. */
function parseResolved(model: ModelConfig): ModelConfig {
  parseSettings("model", { ...model });
  return model;
}

/** The side of the patterns; refuses other shapes and a side that contradicts what was asked for. */
function patternSide(
  header: ScanHeader,
  wanted: number | null,
  file: string,
  kind: "usage" | "bundle" = "usage",
): number {
  const { height, width } = header;
  if (height !== width) {
    throw new PtychonautError("data", "patterns are not square", { where: file, got: `${height} x ${width}` });
  }
  if (wanted !== null && wanted !== width) {
    const what = kind === "bundle" ? "the bundle does not fit the data" : "N does not fit the data";
    throw new PtychonautError(kind, what, {
      where: file,
      expected: `patterns of ${wanted} x ${wanted}`,
      got: `${height} x ${width}`,
    });
  }
  return width;
}

function resolveData(
  settings: Omit<DataConfig, "neighborCount"> & { readonly neighborCount: number | null },
  header: ScanHeader,
  gridsize: number,
): DataConfig {
  const counted = settings.measurementDomain === "count_intensity" || settings.measurement === "counts";
  return {
    ...settings,
    nphotons: settings.nphotons ?? (counted ? null : header.photonsPerPattern),
    neighborCount: settings.neighborCount ?? defaultNeighborCount(gridsize),
  };
}

function bundleLayer({ data }: BundleHeader): Layer {
  const settings = Object.fromEntries(inherited.filter((name) => data[name] !== undefined).map((n) => [n, data[n]]));
  return { source: "bundle", settings };
}

/** The network that a training starts from says what was left open. */
function networkLayer(start: ModelConfig): Layer {
  const settings = Object.fromEntries(networkSettings(start.architecture).map((name) => [name, start[name]]));
  return { source: "bundle", settings };
}

function checkAgainstStart(model: ModelConfig, start: ModelConfig): void {
  const differing = networkSettings(start.architecture).find((name) => !sameValue(model[name], start[name]));
  if (differing === undefined) return;
  throw new PtychonautError("bundle", `${snakeCase(differing)} differs from the network in init_from`, {
    expected: JSON.stringify(start[differing]),
    got: JSON.stringify(model[differing]),
    fix: "leave the settings of the network open: they are those of the model",
  });
}

function checkAgainstBundle(given: Merged, model: ModelConfig): void {
  const trained = new Map<string, unknown>(Object.entries(model));
  for (const [name, { value, source }] of given) {
    if (source !== "override" || groupOf(name) !== "model") continue;
    if (value === null || sameValue(value, trained.get(name))) continue;
    throw new PtychonautError("bundle", `${snakeCase(name)} differs from what the model was trained with`, {
      expected: JSON.stringify(trained.get(name)),
      got: JSON.stringify(value),
    });
  }
}

function tooMany(name: string, value: number, header: ScanHeader): PtychonautError {
  return new PtychonautError("usage", `${snakeCase(name)} asks for more patterns than there are`, {
    expected: `at most ${header.frames}`,
    got: String(value),
  });
}

/** What was given, and what was found in the files for settings that nobody gave. */
function originsOf(
  merged: Merged,
  found: Readonly<Record<string, readonly [unknown, Source]>>,
): readonly SettingOrigin[] {
  const origins: SettingOrigin[] = [];
  for (const [name, { value, source }] of merged) origins.push({ name, group: groupOf(name)!, value, source });
  for (const [name, [value, source]] of Object.entries(found)) {
    if (merged.has(name) || value === null) continue;
    origins.push({ name, group: groupOf(name)!, value, source });
  }
  return origins;
}
