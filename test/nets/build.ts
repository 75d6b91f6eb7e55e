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
  generatorOutputMode: "real_imag",
  fnoModes: 4,
  fnoWidth: 4,
  fnoBlocks: 2,
  fnoCnnBlocks: 1,
  fnoStableBlocks: false,
  fnoInputTransform: "none",
  ffnoEncoderShareWeights: true,
  ffnoEncoderGateInit: 0.1,
  ffnoEncoderNorm: "instance",
  ffnoEncoderMlpRatio: 2,
  ffnoEncoderLocalConv: false,
};

export interface BuiltNetwork {
  readonly graph: Graph;
  readonly parameters: Parameters;
  readonly images: Tensor;
  readonly patches: Patches;
  /** Amplitude and phase, or real and imaginary part. */
  readonly outputs: readonly [Tensor, Tensor];
}

interface BatchShape {
  readonly batch: number;
  readonly channels: number;
}

/** A CNN for `x`, images `[batch, channel, N, N]`. */
export const buildCnn = (shape: BatchShape, changes: Partial<GeneratorOptions> = {}, training = false): BuiltNetwork =>
  buildNetwork("cnn", shape, changes, training);

/** Any generator for `x`, images `[batch, channel, N, N]`. */
export function buildNetwork(
  architecture: string,
  shape: BatchShape,
  changes: Partial<GeneratorOptions> = {},
  training = false,
): BuiltNetwork {
  const options = { ...defaultOptions, ...changes };
  const graph = new Graph();
  const parameters = new Parameters(graph, { training });
  const images = graph.input("x", [shape.batch, shape.channels, options.N, options.N]);
  const patches = generatorNamed(architecture)(parameters, images, options);
  const outputs =
    patches.kind === "polar" ? ([patches.amplitude, patches.phase] as const) : ([patches.re, patches.im] as const);
  return { graph, parameters, images, patches, outputs };
}

export const freshValues = (network: BuiltNetwork, seed = 1): Record<string, Float32Array> =>
  initialise(network.parameters.specs, new Random(seed));
