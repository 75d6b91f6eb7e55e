import { lookUp } from "./lookUp.ts";

/**
 * Spellings. A setting has one name, in camel case. Command lines and files may write it with underscores or hyphens,
 * and the reference system's other names for the same quantity are understood.
 */

/** `n_filters_scale`, `n-filters-scale` or `nFiltersScale` → `nFiltersScale`. The first letter's case is kept (`N`). */
export function camelCase(name: string): string {
  return name.replace(/[-_]+([A-Za-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** `nFiltersScale` → `n_filters_scale`; `N` stays. */
export function snakeCase(name: string): string {
  return name.replace(/(?<=.)[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Other names of the reference system for a setting, in camel case, for every command. */
const commonAliases: Readonly<Record<string, string>> = {
  // One quantity, many names (reference, sections 4.2 to 4.4).
  gridSize: "gridsize",
  mode: "modelType",
  K: "neighborCount",
  offset: "gridStep",
  KQuadrant: "quadrantNeighborCount",
  torchLossMode: "lossFunction",
  useSharedDecoder: "sharedDecoder",
  parityInitScheme: "initialization",
  // What an iterative reconstruction refined, by the folder of its run.
  initProbe: "probeFile",
  positionsFrom: "positions",
  // Short flags of the reference's command line (section 1.1) and their fields (section 3.1).
  logger: "loggerBackend",
  checkpointMonitor: "checkpointMonitorMetric",
  accumulateGradBatches: "accumSteps",
  nDevices: "devices",
  reconEvery: "reconLogEveryNEpochs",
  reconLogEvery: "reconLogEveryNEpochs",
};

/** What settings are for: training a network, inference with it, or an iterative reconstruction. */
export type PayloadKind = "training" | "inference" | "reconstruction";
export const payloadKinds: readonly PayloadKind[] = ["training", "inference", "reconstruction"];

/** Of a training; an iterative reconstruction has epochs of its own. */
const networkAliases: Readonly<Record<string, string>> = { nepochs: "maxEpochs", epochs: "maxEpochs" };

/** In training n_images was always the number of groups; in inference, of patterns. */
const aliasesByKind: Readonly<Record<PayloadKind, Readonly<Record<string, string>>>> = {
  training: { nImages: "nGroups", ...networkAliases },
  inference: { nImages: "nPatterns", ...networkAliases },
  reconstruction: {
    ...{ nepochs: "epochs", maxEpochs: "epochs" },
    ...{ modes: "probeModes", nModes: "probeModes", nProbeModes: "probeModes", numProbeModes: "probeModes" },
  },
};

/** The one name of a setting, from any spelling of it or of a name that the reference system gives it. */
export function canonicalName(spelling: string, kind: PayloadKind): string {
  const camel = camelCase(spelling);
  const stripped = /^torch[A-Z]/.test(camel) ? camel.charAt(5).toLowerCase() + camel.slice(6) : camel;
  for (const name of [camel, stripped]) {
    const alias = lookUp(aliasesByKind[kind], name) ?? lookUp(commonAliases, name);
    if (alias !== undefined) return alias;
  }
  return stripped;
}

/** All other names of a setting, for the help. */
export function aliasesOf(name: string, kind: PayloadKind): readonly string[] {
  const entries = [...Object.entries(aliasesByKind[kind]), ...Object.entries(commonAliases)];
  return entries.filter(([, target]) => target === name).map(([alias]) => alias);
}

/** Other spellings of values, by setting. */
const valueAliases: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  lossFunction: { Poisson: "poisson", MAE: "mae" },
  ampActivation: { swish: "silu", SiLU: "silu" },
  architecture: {
    uno: "neuralop_uno",
    hybrid: "hybrid_resnet",
    spectral_resnet_bottleneck_net: "spectral_resnet_bottleneck",
  },
  modelType: { Unsupervised: "pinn", Supervised: "supervised" },
  initialization: { default: "torch", tf_glorot: "glorot" },
  checkpointMonitorMetric: {
    poisson_val_loss: "val_loss",
    mae_val_loss: "val_loss",
    poisson_train_loss: "train_loss",
    mae_train_loss: "train_loss",
  },
};

/** The one spelling of a value. `[2, 2]` for gridsize is the reference's grid_size; only square groups exist. */
export function canonicalValue(name: string, value: unknown): unknown {
  if (name === "gridsize" && Array.isArray(value) && value.length === 2 && value[0] === value[1]) return value[0];
  if (name === "loggerBackend" && value === null) return "none";
  if ((name === "ampLoss" || name === "phaseLoss") && value === null) return "None";
  if (typeof value !== "string") return value;
  return lookUp(lookUp(valueAliases, name) ?? {}, value) ?? value;
}

/** Words of other programs for what has another name here, beyond what is near by its letters. */
const otherWords: Readonly<Record<string, string>> = {
  ...{ data: "trainDataFile", input: "trainDataFile", scan: "trainDataFile", model: "modelPath", net: "architecture" },
  ...{ network: "architecture", gpu: "accelerator", cpu: "accelerator", cuda: "accelerator", gpus: "devices" },
  ...{ workers: "numWorkers", filters: "nFiltersScale", nfilters: "nFiltersScale" },
  ...{ clip: "gradientClipVal", patience: "earlyStopPatience", dose: "nphotons", checkpoint: "resume", o: "outputDir" },
  ...{ lrScheduler: "scheduler", iterations: "maxEpochs", verbose: "quiet", silent: "quiet", force: "overwrite" },
};

/** What such a word means, if it is among the names that are known; in snake case. */
export function meantName(word: string, known: readonly string[]): string | undefined {
  const meant = lookUp(otherWords, camelCase(word));
  return meant !== undefined && known.includes(snakeCase(meant)) ? snakeCase(meant) : undefined;
}
