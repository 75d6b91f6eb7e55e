import { type Complex, polar } from "../graph/complex.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { SeenExperiment } from "../physics/dataUpdate.ts";
import type { InitialisationScheme } from "./initialisers.ts";
import type { Builder } from "./layers.ts";
import type { SampleNorm } from "./normalise.ts";

/** What the spectral generators need to know beside. */
export interface SpectralOptions {
  /** Frequencies that the spectral layers keep, of each axis. */
  readonly fnoModes: number;
  /** Channels behind the lifter. */
  readonly fnoWidth: number;
  readonly fnoBlocks: number;
  /** Convolutional blocks behind the spectral ones. */
  readonly fnoCnnBlocks: number;
  readonly fnoStableBlocks: boolean;
  readonly fnoInputTransform: InputTransform;
  readonly generatorOutputMode: SpectralOutputMode;
  /** One set of spectral weights and one gate for all blocks. */
  readonly ffnoEncoderShareWeights: boolean;
  readonly ffnoEncoderGateInit: number;
  readonly ffnoEncoderNorm: SampleNorm;
  /** Hidden channels of a block over its own. */
  readonly ffnoEncoderMlpRatio: number;
  readonly ffnoEncoderLocalConv: boolean;
}

/** What the generators between a spectral encoder and an upsampling decoder need to know beside. */
export interface HybridOptions {
  /** Halvings of the image, and doublings of the channels, in the encoder. */
  readonly hybridDownsampleSteps: number;
  readonly hybridDownsampleOp: DownsampleOp;
  /** Encoder features of the same size are added in the decoder. */
  readonly hybridSkipConnections: boolean;
  /** Channels inside the local branch of an encoder block, over those of the block. */
  readonly hybridEncoderConvHiddenScale: number;
  /** Residual blocks of the bottleneck. */
  readonly hybridResnetBlocks: number;
  readonly spectralBottleneckBlocks: number;
  readonly spectralBottleneckModes: number;
  readonly spectralBottleneckShareWeights: boolean;
  readonly spectralBottleneckGateInit: number;
  readonly spectralBottleneckGateMode: "shared" | "per_block";
}

/** What the unrolled generator needs to know beside. */
export interface UnrolledOptions {
  /** Updates from the data, and networks behind them. */
  readonly unrolledStages: number;
  /** Channels at full resolution in a stage's network. */
  readonly unrolledWidth: number;
}

export type InputTransform = "none" | "sqrt" | "log1p" | "instancenorm";
export type SpectralOutputMode = "real_imag" | "amp_phase" | "amp_phase_logits";
export type DownsampleOp = "stride_conv" | "avgpool_conv";
/** What a network sees beside the diffraction. */
export type InputConditioning = "diffraction_only" | "probe_real_imag" | "coordinate_grid";

/** What the generators need to know; the model settings have these fields. */
export interface GeneratorOptions extends SpectralOptions, HybridOptions, UnrolledOptions {
  /** Side of a pattern and of a patch, in pixels. */
  readonly N: number;
  readonly nFiltersScale: number;
  /** Members of a group are seen together, as channels of one image. */
  readonly objectBig: boolean;
  readonly inputConditioning: InputConditioning;
  /** Each pixel of a pattern enters as its deviation from its mean, in its own scale (`standardised`). */
  readonly standardiseInput: boolean;
  readonly cnnOutputMode: "amp_phase" | "real_imag";
  readonly ampActivation: "silu" | "sigmoid";
  readonly sharedDecoder: boolean;
  readonly batchNorm: boolean;
  readonly cbamEncoder: boolean;
  readonly ecaEncoder: boolean;
  readonly cbamBottleneck: boolean;
  readonly cbamDecoder: boolean;
  readonly ecaDecoder: boolean;
  readonly spatialDecoder: boolean;
  readonly decoderSpatialKernel: number;
  readonly probeBig: boolean;
  /** Features of the border path; null: as many as a decoder has outputs. */
  readonly borderChannels: number | null;
  readonly initialization: InitialisationScheme;
}

/** Object patches `[batch, channel, N, N]`; phase in radians. */
export type Patches =
  | { readonly kind: "polar"; readonly amplitude: Tensor; readonly phase: Tensor }
  | { readonly kind: "cartesian"; readonly re: Tensor; readonly im: Tensor };

export const complexPatches = (patches: Patches): Complex =>
  patches.kind === "polar" ? polar(patches.amplitude, patches.phase) : { re: patches.re, im: patches.im };

export interface BuildOptions extends GeneratorOptions {
  /** Patches to make of each image: as many as patterns are in it. */
  readonly outputs: number;
  /** Of a generator that sees it. */
  readonly experiment?: SeenExperiment;
}

/** A network that turns diffraction into object patches. */
export interface Generator {
  /** What it is, in a few words, for the help. */
  readonly summary: string;
  /**
   * The model settings that `build` reads and that not every generator has. Set beside a generator that does not name
   * it, a setting is refused.
   */
  readonly settings: readonly (keyof GeneratorOptions)[];
  /**
   * The scopes that the names of its encoder's parameters begin with: the part that turns diffraction into features, which
   * can be kept while what makes patches of them goes on learning.
   */
  readonly encoder: readonly string[];
  /** Every pattern is an image of its own to it, also those of a group. */
  readonly onePattern?: true;
  /**
   * It has the physics inside, and needs the probe, the way to the detector, the detector's mask and where the patterns of a
   * group are of each other.
   */
  readonly seesExperiment?: true;
  /**
   * Rules between its settings, checked before anything runs.
   * @throws PtychonautError "usage"
   */
  readonly check?: (options: GeneratorOptions) => void;
  /**
   * @param images `[image, channel, N, N]`: the patterns of a group as amplitudes of mean energy (N/2)², and behind them
   * the channels that `inputConditioning` adds
   * @returns patches `[image, outputs, N, N]`
   */
  readonly build: (builder: Builder, images: Tensor, options: BuildOptions) => Patches;
}
