import { type Complex, polar } from "../graph/complex.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { InitialisationScheme } from "./initialisers.ts";
import type { SampleNorm } from "./normalise.ts";
import type { Parameters } from "./parameters.ts";

/** What the spectral generators need to know beside. */
export interface SpectralOptions {
  /** Frequencies that the spectral layers keep, of each axis. */
  readonly fnoModes: number;
  /** Channels between lifter and output. */
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

export type InputTransform = "none" | "sqrt" | "log1p" | "instancenorm";
export type SpectralOutputMode = "real_imag" | "amp_phase" | "amp_phase_logits";

/** What the generators need to know; the model settings have these fields. */
export interface GeneratorOptions extends SpectralOptions {
  /** Side of a pattern and of a patch, in pixels. */
  readonly N: number;
  readonly nFiltersScale: number;
  /** Members of a group are seen together, as channels of one image. */
  readonly objectBig: boolean;
  readonly cnnOutputMode: "amp_phase" | "real_imag";
  readonly ampActivation: "silu" | "sigmoid";
  readonly sharedDecoder: boolean;
  readonly batchNorm: boolean;
  readonly cbamEncoder: boolean;
  readonly cbamBottleneck: boolean;
  readonly probeBig: boolean;
  readonly initialization: InitialisationScheme;
}

/** Object patches `[batch, channel, N, N]`; phase in radians. */
export type Patches =
  | { readonly kind: "polar"; readonly amplitude: Tensor; readonly phase: Tensor }
  | { readonly kind: "cartesian"; readonly re: Tensor; readonly im: Tensor };

export const complexPatches = (patches: Patches): Complex =>
  patches.kind === "polar" ? polar(patches.amplitude, patches.phase) : { re: patches.re, im: patches.im };

/** Builds a network that turns diffraction amplitudes `[batch, channel, N, N]` of mean energy (N/2)² into patches. */
export type Generator = (parameters: Parameters, images: Tensor, options: GeneratorOptions) => Patches;
