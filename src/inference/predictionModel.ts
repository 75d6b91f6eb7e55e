import type { ModelConfig } from "../config/modelConfig.ts";
import { buildModel } from "../graph/onnx/model.ts";
import { Graph } from "../graph/tensor.ts";
import { complexPatches } from "../nets/generator.ts";
import { type ParameterSpec, Parameters, type ParameterValues } from "../nets/parameters.ts";
import { generatorNamed } from "../nets/registry.ts";

/** Name of the input: amplitudes `[batch, gridsize², N, N]`, scaled to a mean energy of (N/2)² a pattern. */
export const PREDICTION_INPUT = "diffraction";
/** Names of the outputs: real and imaginary part of the object patches `[batch, gridsize², N, N]`. */
export const PREDICTION_OUTPUTS: { readonly re: string; readonly im: string } = { re: "object_re", im: "object_im" };

/** A network that turns diffraction into object patches, before it has weights. */
export interface PredictionGraph {
  /** The weights that it needs. */
  readonly specs: readonly ParameterSpec[];
  /** The model as ONNX, the weights baked in as initializers of their names. */
  export(values: ParameterValues, metadata?: Readonly<Record<string, string>>): Uint8Array;
}

export function predictionGraph(model: ModelConfig, batch: number): PredictionGraph {
  const graph = new Graph();
  const parameters = new Parameters(graph, { training: false });
  const { N, gridsize, architecture } = model;
  const images = graph.input(PREDICTION_INPUT, [batch, gridsize ** 2, N, N]);
  const { re, im } = complexPatches(generatorNamed(architecture)(parameters, images, model));
  const outputs = { [PREDICTION_OUTPUTS.re]: re, [PREDICTION_OUTPUTS.im]: im };
  return {
    specs: parameters.specs,
    export: (values, metadata) =>
      buildModel({ outputs, bind: values, ...(metadata === undefined ? {} : { metadata }) }),
  };
}
