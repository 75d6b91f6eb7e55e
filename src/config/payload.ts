import type { DataConfig } from "./dataConfig.ts";
import type { ExecutionConfig } from "./executionConfig.ts";
import type { GroupName, Settings } from "./group.ts";
import type { InferenceConfig } from "./inferenceConfig.ts";
import type { Source } from "./merge.ts";
import type { ModelConfig } from "./modelConfig.ts";
import type { ReconstructionConfig } from "./reconstructionConfig.ts";
import type { StageConfig } from "./stages.ts";
import type { TrainingConfig } from "./trainingConfig.ts";

/** A value that is not the default, and where it came from. */
export interface SettingOrigin {
  readonly name: string;
  readonly group: GroupName;
  readonly value: unknown;
  readonly source: Source;
}

/** Settings that become others while a run goes, at the beginning of an epoch. */
export interface PlannedChange {
  /** From 1. */
  readonly epoch: number;
  readonly settings: Readonly<Record<string, number>>;
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
  /** By epoch; absent where nothing becomes another. */
  readonly changes?: readonly PlannedChange[] | undefined;
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
  /** What was assumed about the file, to be said. */
  readonly notes: readonly string[];
}

/** Everything that an iterative reconstruction needs to know, checked and frozen. */
export interface ReconstructionPayload {
  readonly kind: "reconstruction";
  readonly scan: string;
  readonly outputDir: string;
  readonly data: DataConfig;
  readonly reconstruction: ReconstructionConfig;
  /** What its settings mean, at least one. */
  readonly stages: readonly StageConfig[];
  /** By epoch, through all stages; absent where nothing becomes another. */
  readonly changes?: readonly PlannedChange[] | undefined;
  readonly execution: ExecutionConfig;
  readonly overridden: readonly SettingOrigin[];
  /** What the run will warn of, as far as the settings and the scan's header tell. */
  readonly notes: readonly string[];
}

/** What a run is asked to do beside its settings. */
export interface OutputRequest {
  readonly outputDir: string;
  /** Whether results that are in the folder may be lost. Default false. */
  readonly overwrite?: boolean | undefined;
  /** Files that are read for the request itself: they are not replaced either. */
  readonly alsoRead?: readonly string[] | undefined;
}

/** Who may say settings of a run, by rank. */
export interface Sources {
  /** Settings said for this run, under any spelling, flat or nested by group. They win. */
  readonly overrides?: Settings;
  /** Runtime settings; names of other groups are refused. They come second. */
  readonly executionConfig?: Settings;
  /** Settings from a config file. They come third, before the defaults. */
  readonly file?: Settings;
}

export interface TrainingRequest extends Sources, OutputRequest {
  /** What will write to the folder. Default "train". */
  readonly command?: "train" | "import-weights";
  /** A scan, or several, or folders of scans. */
  readonly trainDataFile: string | readonly string[];
  /** Learning rates that become others, as in the run that is repeated. */
  readonly changes?: readonly PlannedChange[] | undefined;
}

export interface InferenceRequest extends Sources, OutputRequest {
  readonly modelPath: string;
  readonly testDataFile: string;
}

export interface ReconstructionRequest extends Sources, OutputRequest {
  readonly scan: string;
  /** Steps that become others, as in the run that is repeated. */
  readonly changes?: readonly PlannedChange[] | undefined;
}
