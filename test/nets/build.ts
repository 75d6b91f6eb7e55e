import { Graph, type Tensor } from "../../src/graph/tensor.ts";
import type { GeneratorOptions, Patches } from "../../src/nets/generator.ts";
import { buildNetwork as buildNet } from "../../src/nets/network.ts";
import { initialise, Parameters } from "../../src/nets/parameters.ts";
import { propagatorOf } from "../../src/physics/propagation/propagators.ts";
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
  ecaEncoder: false,
  cbamBottleneck: false,
  cbamDecoder: false,
  ecaDecoder: false,
  spatialDecoder: false,
  decoderSpatialKernel: 7,
  probeBig: true,
  borderChannels: null,
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
  inputConditioning: "diffraction_only",
  standardiseInput: false,
  unrolledStages: 2,
  unrolledWidth: 4,
  hybridDownsampleSteps: 2,
  hybridDownsampleOp: "stride_conv",
  hybridSkipConnections: false,
  hybridEncoderConvHiddenScale: 1,
  hybridResnetBlocks: 2,
  spectralBottleneckBlocks: 2,
  spectralBottleneckModes: 4,
  spectralBottleneckShareWeights: true,
  spectralBottleneckGateInit: 0.1,
  spectralBottleneckGateMode: "shared",
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

/**
 * Any generator for `x`, images `[batch, channel, N, N]`, and where it sees one a `probe` `[1, 2, N, N]`. The members of a
 * group lie around its middle, some pixels apart.
 */
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
  const probe = graph.input("probe", [1, 2, options.N, options.N]);
  const offsets = graph.constant(groupOffsets(shape), [shape.batch, shape.channels, 2]);
  const scan = { probe, offsets, propagator: propagatorOf() };
  const patches = buildNet(parameters, images, { ...options, architecture }, scan);
  const outputs =
    patches.kind === "polar" ? ([patches.amplitude, patches.phase] as const) : ([patches.re, patches.im] as const);
  return { graph, parameters, images, patches, outputs };
}

/** `[batch, channel, 2]` */
export function groupOffsets({ batch, channels }: BatchShape): Float32Array {
  const random = new Random(6);
  return Float32Array.from({ length: 2 * batch * channels }, () => 3 * random.normal());
}

/** What the part of the network that is built under this scope gives in the end. */
export function lastOf(network: BuiltNetwork, scope: string): Tensor {
  const inside = network.graph.nodes.filter((node) => node.scope === scope || node.scope.startsWith(`${scope}.`));
  return inside.at(-1)!.outputs[0];
}

export const freshValues = (network: BuiltNetwork, seed = 1): Record<string, Float32Array> =>
  initialise(network.parameters.specs, new Random(seed));
