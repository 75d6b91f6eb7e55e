import { z } from "zod";
import { PICTURE_FORMATS, type PictureFormat } from "../pictures/pictureWriter.ts";
import { choice, integer, only, optional, real, toggle, withDefault } from "./fields.ts";
import type { SettingGroup } from "./group.ts";
import { MOST_WORKERS } from "./mostWorkers.ts";

/** Where and how a run is carried out. Nothing here describes the science. */
export interface ExecutionConfig {
  readonly accelerator: "auto" | "cpu" | "gpu" | "cuda" | "webgpu" | "tpu" | "mps";
  readonly devices: number | "auto";
  readonly strategy: "auto";
  readonly deterministic: boolean | "warn";
  readonly precision: "32-true";
  readonly gradientClipVal: number | null;
  readonly gradientClipAlgorithm: "norm" | "value" | "agc";
  readonly accumSteps: number;
  readonly scaleBatch: boolean;
  readonly scaleLearningRate: "none" | "linear" | "sqrt";
  readonly patternsInMemory: "auto" | "yes" | "no";
  readonly numWorkers: number;
  readonly pinMemory: false;
  readonly persistentWorkers: boolean;
  readonly prefetchFactor: number | null;
  readonly learningRate: number;
  readonly scheduler: "Default" | "Exponential" | "MultiStage" | "Adaptive" | "WarmupCosine" | "ReduceLROnPlateau";
  readonly enableProgressBar: boolean;
  readonly enableCheckpointing: boolean;
  readonly checkpointEveryNMinutes: number;
  readonly checkpointSaveTopK: number;
  readonly checkpointMonitorMetric: "val_loss" | "train_loss";
  readonly checkpointMode: "min" | "max";
  readonly earlyStopPatience: number;
  readonly loggerBackend: "csv" | "tensorboard" | "mlflow" | "none";
  readonly mlflowTrackingUri: string | null;
  readonly experimentName: string;
  readonly reconLogEveryNEpochs: number;
  readonly reconLogNumPatches: number;
  readonly reconLogFixedIndices: readonly number[] | null;
  readonly reconLogStitch: boolean;
  readonly reconLogMaxStitchSamples: number | null;
  readonly logPatchStats: boolean;
  readonly patchStatsLimit: number | null;
  readonly threads: number | null;
  readonly inferenceBatchSize: number | null;
  readonly pictureFormats: readonly PictureFormat[];
}

const training = { phase: "training" } as const;
const networks = { phase: ["training", "inference"] } as const;
/** Runs of many epochs. */
const epochs = { phase: ["training", "reconstruction"] } as const;
/** What is learned depends on it. */
const learning = { phase: "training", identity: "always" } as const;

const schema = z.strictObject({
  accelerator: choice(
    ["auto", "cpu", "gpu", "cuda", "webgpu", "tpu", "mps"],
    "auto",
    "Where to compute. auto takes a GPU when there is a real one; gpu is CUDA or WebGPU, which iterative engines but ad compute on; tpu is known and refused.",
  ),
  devices: withDefault(
    z.union([integer({ min: 1 }), z.literal("auto")]),
    1,
    "Replicas that share each batch, in worker threads (CPU); one by default, whose operators use all cores. auto: a replica for each core, at most one for each group of a batch; 1 on a GPU.",
    training,
  ),
  strategy: choice(["auto"], "auto", "How replicas share the work; there is one way.", training),
  deterministic: withDefault(
    z.union([z.boolean(), z.literal("warn")]),
    true,
    "Bit-identical results of two runs on the same machine; warn only says where that cannot be promised.",
  ),
  precision: choice(["32-true"], "32-true", "Number format of the computation.", {
    refused: {
      "16-mixed": "half precision is not in this version",
      "bf16-mixed": "bfloat16 is not in this version",
    },
  }),
  gradientClipVal: optional(real({ above: 0 }), "Clip gradients at this value; no clipping when left open.", learning),
  gradientClipAlgorithm: choice(
    ["norm", "value", "agc"],
    "norm",
    "What is clipped: the global norm, each value, or each parameter's gradient relative to its weights.",
    learning,
  ),
  accumSteps: withDefault(integer({ min: 1 }), 1, "Batches whose gradients make one optimiser step.", learning),
  scaleBatch: toggle(
    false,
    "Multiply batch_size by the number of processes that train together (mpirun, srun). Without it they share the batches of one process, and learn what that would.",
    training,
  ),
  scaleLearningRate: choice(
    ["none", "linear", "sqrt"],
    "none",
    "Multiply learning_rate by the number of processes as well, or by its square root. Needs scale_batch.",
    training,
  ),
  patternsInMemory: choice(
    ["auto", "yes", "no"],
    "auto",
    "Whether the patterns are held in memory or read from their file when they are needed; the results are the same. auto: in memory unless they would take more than a quarter of it, or several processes (MPI) share them.",
  ),
  numWorkers: withDefault(
    integer({ min: 0, max: MOST_WORKERS }),
    0,
    "Worker threads that prepare batches; 0 prepares them inline.",
    networks,
  ),
  pinMemory: only(
    false,
    "Page-locked host memory.",
    "ONNX Runtime for Node has no page-locked buffers to offer",
    networks,
  ),
  persistentWorkers: toggle(
    false,
    "Keep the worker threads between epochs instead of starting them anew. Needs num_workers above 0.",
    networks,
  ),
  prefetchFactor: optional(
    integer({ min: 1 }),
    "Batches that each worker prepares ahead; two when left open. Needs num_workers above 0.",
    networks,
  ),
  learningRate: withDefault(real({ above: 0 }), 1e-3, "Learning rate at the start.", learning),
  scheduler: choice(
    ["Default", "Exponential", "MultiStage", "Adaptive", "WarmupCosine", "ReduceLROnPlateau"],
    "Default",
    "Learning rate: constant, exponential decay, steps, on a plateau (Adaptive, ReduceLROnPlateau), warm-up and cosine.",
    learning,
  ),
  enableProgressBar: toggle(true, "Show a progress bar with the time left, when standard error is a terminal."),
  enableCheckpointing: toggle(true, "Write checkpoints.", epochs),
  checkpointEveryNMinutes: withDefault(
    real({ min: 0 }),
    5,
    "Write the last checkpoint when so many minutes have passed since the one before; 0 for never. A training writes one after every epoch as well.",
    { ...epochs, unit: "minutes" },
  ),
  checkpointSaveTopK: withDefault(
    integer({ min: -1 }),
    1,
    "Checkpoints kept beside the last: -1 all, 0 none, k the best k.",
    training,
  ),
  checkpointMonitorMetric: choice(
    ["val_loss", "train_loss"],
    "val_loss",
    "What decides which checkpoint is best and when to stop; val_loss falls back to train_loss without validation data.",
    training,
  ),
  checkpointMode: choice(["min", "max"], "min", "Whether a smaller or a larger monitored value is better.", training),
  earlyStopPatience: withDefault(integer({ min: 1 }), 100, "Stop after so many epochs without improvement.", training),
  loggerBackend: choice(
    ["csv", "tensorboard", "mlflow", "none"],
    "csv",
    "Where metrics go: a CSV file or a TensorBoard event file in output_dir, an MLflow server beside the CSV file, or nowhere.",
    epochs,
  ),
  mlflowTrackingUri: optional(
    z.string().min(1),
    "Address of the MLflow server, http or https; MLFLOW_TRACKING_URI when left open, else http://127.0.0.1:5000.",
    epochs,
  ),
  experimentName: withDefault(
    z.string().min(1).max(500),
    "ptychonaut",
    "MLflow experiment that the run goes into; created where it is not there.",
    epochs,
  ),
  reconLogEveryNEpochs: withDefault(
    integer({ min: 0 }),
    5,
    "Write pictures of the current reconstruction every so many epochs, 0 for never; when not stated, less often where they would take over a twentieth of the time.",
    epochs,
  ),
  reconLogNumPatches: withDefault(integer({ min: 1 }), 4, "Patches in such a picture.", training),
  reconLogFixedIndices: optional(
    z.array(z.int().min(0)).readonly(),
    "Patterns whose patches are shown, by index; spread over the scan when left open.",
    training,
  ),
  reconLogStitch: toggle(false, "Also write the stitched object.", training),
  reconLogMaxStitchSamples: optional(
    integer({ min: 1 }),
    "Patterns that enter that stitched object; all when left open.",
    training,
  ),
  logPatchStats: toggle(false, "Write statistics of predicted patches to analysis/ in output_dir.", networks),
  patchStatsLimit: optional(integer({ min: 1 }), "Batches that enter those statistics; all when left open.", networks),
  threads: optional(
    integer({ min: 1, max: MOST_WORKERS }),
    "Threads that compute; all processors when left open. The results do not depend on it.",
    { phase: ["inference", "reconstruction"] },
  ),
  inferenceBatchSize: optional(
    integer({ min: 1 }),
    "Groups in one prediction batch; the training batch size when left open.",
    {
      phase: "inference",
    },
  ),
  pictureFormats: withDefault(
    z.array(z.enum(PICTURE_FORMATS)).min(1).readonly(),
    ["png"],
    "Formats that pictures are written in: png, svg, pdf. SVG and PDF have text as text and curves as curves.",
  ),
}) satisfies z.ZodType<ExecutionConfig>;

export const executionGroup: SettingGroup<ExecutionConfig> = {
  name: "execution",
  title: "Execution",
  schema,
  refused: {
    middleTrim: "it is a setting of stitching, not of execution; pass it with the overrides",
    padEval: "the reference system declares it and does nothing with it",
  },
};
