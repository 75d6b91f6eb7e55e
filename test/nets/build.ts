import { Graph, type Tensor } from "../../src/graph/tensor.ts";
import type { GeneratorOptions, Patches } from "../../src/nets/generator.ts";
import { initialise, Parameters } from "../../src/nets/parameters.ts";
import { generatorNamed } from "../../src/nets/registry.ts";
import { Random } from "../../src/random.ts";

/** The defaults of the model settings, for a small network. */
export const defaultOptions: GeneratorOptions = {
  N: 64,
  nFiltersScale: 1,
  objectBig: true,
  cnnOutputMode: "amp_phase",
  ampActivation: "silu",
  sharedDecoder: false,
  batchNorm: false,
  cbamEncoder: false,
  cbamBottleneck: false,
  probeBig: true,
  initialization: "variance_preserving",
};

export interface BuiltNetwork {
  readonly graph: Graph;
  readonly parameters: Parameters;
  readonly images: Tensor;
  readonly patches: Patches;
  /** Amplitude and phase, or real and imaginary part. */
  readonly outputs: readonly [Tensor, Tensor];
}

/** A CNN for `x`, images `[batch, channel, N, N]`. */
export function buildCnn(
  shape: { readonly batch: number; readonly channels: number },
  changes: Partial<GeneratorOptions> = {},
  training = false,
): BuiltNetwork {
  const options = { ...defaultOptions, ...changes };
  const graph = new Graph();
  const parameters = new Parameters(graph, { training });
  const images = graph.input("x", [shape.batch, shape.channels, options.N, options.N]);
  const patches = generatorNamed("cnn")(parameters, images, options);
  const outputs =
    patches.kind === "polar" ? ([patches.amplitude, patches.phase] as const) : ([patches.re, patches.im] as const);
  return { graph, parameters, images, patches, outputs };
}

export const freshValues = (network: BuiltNetwork, seed = 1): Record<string, Float32Array> =>
  initialise(network.parameters.specs, new Random(seed));
