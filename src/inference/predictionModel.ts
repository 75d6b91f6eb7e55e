import type { ModelConfig } from "../config/modelConfig.ts";
import type { Target } from "../graph/lowering/target.ts";
import { buildModel } from "../graph/onnx/model.ts";
import { peakBytes } from "../graph/peakBytes.ts";
import { Graph } from "../graph/tensor.ts";
import { complexPatches } from "../nets/generator.ts";
import { buildNetwork, type SeenScan, seesExperiment, seesGroups, seesOffsets, seesProbe } from "../nets/network.ts";
import { checkValues, type ParameterSpec, Parameters, type ParameterValues } from "../nets/parameters.ts";
import type { Propagator } from "../physics/propagation/propagator.ts";
import { propagatorOf } from "../physics/propagation/propagators.ts";

/** Name of the input: amplitudes `[batch, gridsize², N, N]`, scaled to a mean energy of (N/2)² a pattern. */
export const PREDICTION_INPUT = "images";
/** Name of a second input `[1, 2, N, N]` of networks that see the probe: its real and imaginary part (`probeChannels`). */
export const PROBE_INPUT = "probe";
/** Name of a third input `[1, 1, N, N]` of networks that have the physics inside: 1 where a detector pixel is valid, else 0. */
export const MASK_INPUT = "mask";
/** Name of a fourth input `[batch, gridsize², 2]` of those that take groups: the patterns' places, r_k − r̄ as (y, x) in pixels. */
export const OFFSETS_INPUT = "offsets";
/** Names of the outputs: real and imaginary part of the object patches `[batch, gridsize², N, N]`. */
export const PREDICTION_OUTPUTS: { readonly re: string; readonly im: string } = { re: "re", im: "im" };

/**
 * A model as it predicts a scan: one that sees one pattern at a time predicts each once, whatever groups it learned in. Its
 * weights are the same.
 */
export const asItPredicts = (model: ModelConfig): ModelConfig =>
  seesGroups(model) ? model : { ...model, gridsize: 1 };

export interface ExportOptions {
  /** What the model is to run on. Default: any ONNX runtime. */
  readonly target?: Target;
  /** Stored with the model, readable by any ONNX tool. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A network that turns diffraction into object patches, before it has weights. */
export interface PredictionGraph {
  /** The weights that it needs. */
  readonly specs: readonly ParameterSpec[];
  /**
   * The model as ONNX, the weights baked in as initializers of their names, where the runtime can rearrange and fuse them.
   * @throws PtychonautError "bundle" when weights are missing, left over or of another size
   */
  export(values: ParameterValues, options?: ExportOptions): Uint8Array;
  /** Bytes of all values that a prediction holds at once, at most (`graph/peakBytes`). */
  readonly peak: number;
}

/**
 * @param batch groups that the network takes at once, fixed in the model
 * @param propagator that of the scan, for networks that have the physics inside. Default: far field
 */
export function predictionGraph(
  model: ModelConfig,
  batch: number,
  propagator: Propagator = propagatorOf(),
): PredictionGraph {
  const graph = new Graph();
  const parameters = new Parameters(graph, { training: false });
  const { N, gridsize } = model;
  const images = graph.input(PREDICTION_INPUT, [batch, gridsize ** 2, N, N]);
  const scan = seesProbe(model) ? seenScan(graph, model, { batch, propagator }) : undefined;
  const { re, im } = complexPatches(buildNetwork(parameters, images, model, scan));
  const outputs = { [PREDICTION_OUTPUTS.re]: re, [PREDICTION_OUTPUTS.im]: im };
  return {
    specs: parameters.specs,
    get peak() {
      return peakBytes([re, im]);
    },
    export: (values, options = {}) => {
      checkValues(parameters.specs, values, "network");
      return buildModel({ outputs, bind: values, ...options });
    },
  };
}

interface Seen {
  readonly batch: number;
  readonly propagator: Propagator;
}

function seenScan(graph: Graph, model: ModelConfig, { batch, propagator }: Seen): SeenScan {
  const { N, gridsize } = model;
  return {
    probe: graph.input(PROBE_INPUT, [1, 2, N, N]),
    propagator,
    ...(seesExperiment(model) ? { valid: graph.input(MASK_INPUT, [1, 1, N, N]) } : {}),
    ...(seesOffsets(model) ? { offsets: graph.input(OFFSETS_INPUT, [batch, gridsize ** 2, 2]) } : {}),
  };
}
