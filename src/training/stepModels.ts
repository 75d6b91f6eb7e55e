import { PtychonautError } from "../errors.ts";
import { type Clipping, clipGradients } from "../graph/clipping.ts";
import { gradients } from "../graph/gradients.ts";
import type { Target } from "../graph/lowering/target.ts";
import { buildModel, measuredModel } from "../graph/onnx/model.ts";
import { mul } from "../graph/ops/elementwise.ts";
import { sum } from "../graph/ops/reduce.ts";
import { type Optimizer, optimizerScalars } from "../graph/optimizers.ts";
import { Graph, type Tensor } from "../graph/tensor.ts";
import { type ParameterSpec, Parameters, type ParametersOptions } from "../nets/parameters.ts";

/** What a batch costs, sample by sample, as built into a graph. */
export interface Objective {
  /** `[batch]`: what is minimised. */
  readonly loss: Tensor;
  /** `[batch]` each: what is reported beside it. */
  readonly measures: Readonly<Record<string, Tensor>>;
}

/** Builds network, physics and likelihood; declares the batch's graph inputs. */
export type BuildObjective = (parameters: Parameters) => Objective;

export interface StepOptions {
  readonly optimizer: Optimizer;
  readonly clipping?: Clipping;
  /** Scopes of parameters that stay as they are. Default none. */
  readonly frozen?: readonly string[];
  /** Factor on the steps of a parameter, by its name, whatever the optimiser. Default 1. */
  readonly stepFactor?: (name: string) => number;
  /** What losses and measures are of that are only looked at, with the same parameters. Default: what is trained on. */
  readonly judged?: BuildObjective;
  /** How the runtime wants its graphs; default: any runtime. */
  readonly target?: Target;
}

/**
 * The graphs of training, serialised. All are made of the same pieces: `fused` is `gradient` followed by `update`.
 *
 * Graph inputs: the objective's own; `sampleWeights` `[batch]`, factors on the samples' losses (the loss is their
 * weighted *sum*, so that weights 1/B make a mean, and sums over several batches stay exact); every parameter under
 * its name; moments as `MOMENT/NAME`; gradients as `grad/NAME`; `optimizer.SCALAR`.
 * Outputs: `loss`, `measure/NAME`, `grad/NAME`, `norm/before`, with clipping `norm/after`, and new values as `next/INPUT`.
 */
export interface StepModels {
  readonly specs: readonly ParameterSpec[];
  readonly measures: readonly string[];
  readonly fused: Uint8Array;
  readonly gradient: Uint8Array;
  readonly update: Uint8Array;
  /** Loss and measures in inference mode; changes nothing. */
  readonly evaluation: Uint8Array;
  /** Bytes of all values that a training step holds at once, at most (`graph/peakBytes`). */
  readonly peak: number;
}

export const SAMPLE_WEIGHTS = "sampleWeights";

export function buildStepModels(build: BuildObjective, options: StepOptions): StepModels {
  const { specs, measures, fused, gradient } = trainingGraph(build, options);
  const target = options.target ?? "portable";
  const { bytes, peak } = measuredModel({ outputs: fused, target });
  return {
    specs,
    measures,
    fused: bytes,
    peak,
    gradient: buildModel({ outputs: gradient, target }),
    update: updateModel(specs, options),
    evaluation: buildModel({ outputs: forwardGraph(options.judged ?? build, { training: false }).outputs, target }),
  };
}

/** What `fused` and `gradient` compute, as tensors of one graph, by the names of their outputs. */
export interface TrainingGraph {
  readonly specs: readonly ParameterSpec[];
  readonly measures: readonly string[];
  readonly fused: Readonly<Record<string, Tensor>>;
  readonly gradient: Readonly<Record<string, Tensor>>;
}

export function trainingGraph(build: BuildObjective, options: StepOptions): TrainingGraph {
  const { parameters, outputs, loss, measures } = forwardGraph(build, { training: true, frozen: options.frozen ?? [] });
  const trained = trainedTensors(parameters);
  const grads = gradients(loss, [...trained.values()]);
  const state = Object.fromEntries([...parameters.updates].map(([name, tensor]) => [`next/${name}`, tensor]));
  const gradientOutputs = Object.fromEntries([...trained.keys()].map((name, i) => [`grad/${name}`, grads[i]]));
  return {
    specs: parameters.specs,
    measures,
    fused: { ...outputs, ...state, ...updateOutputs(trained, grads, options) },
    gradient: { ...outputs, ...state, ...gradientOutputs },
  };
}

interface Forward {
  readonly parameters: Parameters;
  readonly loss: Tensor;
  readonly measures: readonly string[];
  readonly outputs: Readonly<Record<string, Tensor>>;
}

function forwardGraph(build: BuildObjective, options: ParametersOptions): Forward {
  const graph = new Graph();
  const parameters = new Parameters(graph, options);
  const objective = build(parameters);
  const batch = objective.loss.shape;
  if (batch.length !== 1) {
    throw new PtychonautError("shape", "an objective gives one loss a sample", {
      expected: "[batch]",
      got: String(objective.loss),
    });
  }
  const weights = graph.input(SAMPLE_WEIGHTS, batch);
  const weighted = (perSample: Tensor): Tensor => sum(mul(perSample, weights));
  const loss = weighted(objective.loss);
  const measures = Object.entries(objective.measures);
  return {
    parameters,
    loss,
    measures: measures.map(([name]) => name),
    outputs: { loss, ...Object.fromEntries(measures.map(([name, tensor]) => [`measure/${name}`, weighted(tensor)])) },
  };
}

/** The optimiser alone, fed with gradients that were summed elsewhere. */
function updateModel(specs: readonly ParameterSpec[], options: StepOptions): Uint8Array {
  const graph = new Graph();
  const trained = specs.filter((spec) => spec.trainable);
  const tensors = new Map(trained.map(({ name, shape }) => [name, graph.input(name, shape)]));
  const grads = trained.map(({ name, shape }) => graph.input(`grad/${name}`, shape));
  return buildModel({ outputs: updateOutputs(tensors, grads, options) });
}

function updateOutputs(
  trained: ReadonlyMap<string, Tensor>,
  grads: readonly Tensor[],
  { optimizer, clipping, stepFactor = () => 1 }: StepOptions,
): Record<string, Tensor> {
  const graph = grads[0].graph;
  return graph.scoped("update", () => {
    const clipped = clipGradients(grads, [...trained.values()], clipping);
    const scalars = optimizerScalars(graph, optimizer);
    const outputs: Record<string, Tensor> = { "norm/before": clipped.normBefore };
    if (clipping !== undefined) outputs["norm/after"] = clipped.normAfter;
    for (const [i, [name, parameter]] of [...trained].entries()) {
      const moments = optimizer.moments.map((moment) => graph.input(`${moment}/${name}`, parameter.shape));
      const updated = optimizer.update(parameter, clipped.gradients[i], moments, scalars, stepFactor(name));
      outputs[`next/${name}`] = updated.parameter;
      for (const [j, moment] of optimizer.moments.entries()) outputs[`next/${moment}/${name}`] = updated.moments[j];
    }
    return outputs;
  });
}

function trainedTensors(parameters: Parameters): Map<string, Tensor> {
  const trained = parameters.specs.filter((spec) => spec.trainable);
  if (trained.length === 0) throw new PtychonautError("usage", "there is nothing to train");
  return new Map(trained.map(({ name }) => [name, parameters.tensors.get(name)!]));
}
