import type { Communicator } from "../communicator.ts";
import type { Optimizer } from "../graph/optimizers.ts";
import type { HostTensor, Runtime, SessionOptions } from "../runtime/runtime.ts";
import type { Weights } from "./parameterStore.ts";
import type { StepModels } from "./stepModels.ts";

/** One batch as graphs take it. */
export interface StepBatch {
  /** The objective's graph inputs. */
  readonly inputs: Readonly<Record<string, HostTensor>>;
  /** `[batch]`: 1, or 0 for samples that only fill the batch up. */
  readonly sampleWeights: Float32Array;
}

/** Means over the samples of what an objective computes. */
export interface Losses {
  readonly loss: number;
  readonly measures: Readonly<Record<string, number>>;
}

export interface StepReport extends Losses {
  /** Samples that counted, in all processes. */
  readonly samples: number;
  readonly gradientNormBefore: number;
  readonly gradientNormAfter: number;
  /** False when loss or gradient was not finite; the weights are then those from before the step. */
  readonly finite: boolean;
}

export interface TrainingStep {
  /** The weights as they are now, brought to the host from wherever they are kept. Views stay valid until the next step. */
  read(): Promise<Weights>;
  /** Replaces the weights (a copy is taken). */
  load(weights: Weights): void;
  /**
   * One optimiser step on the mean loss over all samples of all batches, in all processes.
   * @param step counts from 1
   */
  run(batches: readonly StepBatch[], learningRate: number, step: number): Promise<StepReport>;
  /** Mean losses over the batches of all processes, with the weights as they are, in inference mode. */
  evaluate(batches: AsyncIterable<StepBatch>): Promise<Losses & { readonly samples: number }>;
  dispose(): Promise<void>;
}

/** Computes gradients of one batch after another and adds them up. */
export interface GradientSource {
  /**
   * Adds Σ over the batches, each with its sample weights, of gradients, loss and measures to `total`, which is
   * `[gradients…, loss, measures…]`, and writes the new untrained state to `state`.
   */
  accumulate(
    batches: readonly StepBatch[],
    weights: Pick<Weights, "parameters" | "state">,
    total: Float32Array,
    state: Float32Array,
  ): Promise<void>;
  dispose(): Promise<void>;
}

export interface TrainingStepOptions {
  readonly runtime: Runtime;
  readonly models: StepModels;
  readonly optimizer: Optimizer;
  readonly start: Weights;
  /**
   * Steps on several batches, or in several processes, need the split form; one batch in one process runs fused, with the
   * weights in the device's memory where the runtime has it.
   */
  readonly form: "fused" | "split";
  readonly communicator?: Communicator;
  /** Computes gradients elsewhere (split form); default: one session of the runtime. */
  readonly gradients?: GradientSource;
  readonly session?: SessionOptions;
}
