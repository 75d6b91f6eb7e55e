import { buildModel } from "../graph/onnx/model.ts";
import { Graph } from "../graph/tensor.ts";
import { complexPatches, type GeneratorOptions } from "./generator.ts";
import { checkValues, type ParameterSpec, Parameters, type ParameterValues } from "./parameters.ts";
import { generatorNamed } from "./registry.ts";

/** A network and the batches that it takes. */
export interface NetworkDescription extends GeneratorOptions {
  readonly architecture: string;
  /** A group is gridsize² patterns. */
  readonly gridsize: number;
}

/** The parameters that a network needs, in the order of its layers. */
export function parameterSpecs(network: NetworkDescription): readonly ParameterSpec[] {
  return build(network, 1).parameters.specs;
}

/**
 * The trained network alone, as an ONNX model with its weights inside.
 *
 * Input `images` `[batch, gridsize², N, N]`: diffraction amplitudes of mean energy (N/2)². Outputs `object_re` and
 * `object_im` of the same shape: the object patches.
 * @param batch fixed in the model
 * @throws PtychonautError "bundle" when values are missing, left over or of another size
 */
export function networkModel(network: NetworkDescription, values: ParameterValues, batch: number): Uint8Array {
  const { parameters, patches } = build(network, batch);
  checkValues(parameters.specs, values, "network");
  return buildModel({ outputs: { object_re: patches.re, object_im: patches.im }, bind: values });
}

function build(network: NetworkDescription, batch: number) {
  const { N, gridsize, architecture } = network;
  const parameters = new Parameters(new Graph(), { training: false });
  const images = parameters.graph.input("images", [batch, gridsize ** 2, N, N]);
  return { parameters, patches: complexPatches(generatorNamed(architecture)(parameters, images, network)) };
}
