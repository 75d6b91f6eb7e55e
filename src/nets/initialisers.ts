import { sizeOf } from "../arrays.ts";
import { unknownName } from "../errors.ts";
import type { Initialiser } from "./parameters.ts";

export const initialisationSchemes = ["variance_preserving", "torch", "glorot"] as const;
export type InitialisationScheme = (typeof initialisationSchemes)[number];

/**
 * How the parameters of a layer start. Layers say what they want the fresh network to do (`gain`, `level`, `scale`);
 * only `variance_preserving` listens, the two others are what other programs do whatever the layer.
 */
export interface Initialisation {
  /**
   * Weights `[out, in, …]`.
   * @param gain RMS of the layer's output over that of its input; √2 makes up for the half that a ReLU removes
   */
  weights(gain: number): Initialiser;
  /**
   * Real or imaginary part of complex weights `[in, out, …]`, one matrix for every frequency.
   * @param gain RMS of the layer's output over that of the kept frequencies
   */
  spectralWeights(gain: number): Initialiser;
  /**
   * @param fanIn inputs that one output sums
   * @param level value, or one for every output
   */
  bias(fanIn: number, level: number | readonly number[]): Initialiser;
  /** Multiplier of a batch normalisation. */
  normScale(scale: number): Initialiser;
}

export const filled =
  (value: number): Initialiser =>
  (shape) =>
    new Float32Array(sizeOf(shape)).fill(value);
export const zeros: Initialiser = filled(0);
export const ones: Initialiser = filled(1);

const uniform =
  (bound: (shape: readonly number[]) => number): Initialiser =>
  (shape, random) => {
    const limit = bound(shape);
    return Float32Array.from({ length: sizeOf(shape) }, () => limit * (2 * random.uniform() - 1));
  };

const fanIn = (shape: readonly number[]): number => sizeOf(shape.slice(1));
const fanOut = (shape: readonly number[]): number => sizeOf(shape) / shape[1];

const normal =
  (deviation: (shape: readonly number[]) => number): Initialiser =>
  (shape, random) => {
    const scale = deviation(shape);
    return Float32Array.from({ length: sizeOf(shape) }, () => scale * random.normal());
  };

/** Share of a complex weight's size that its real and its imaginary part have each. */
const evenParts = Math.SQRT1_2;

/** PyTorch's default for convolutions and linear layers: weights and biases uniform within ±1/√fanIn. */
const torch: Initialisation = {
  weights: () => uniform((shape) => 1 / Math.sqrt(fanIn(shape))),
  spectralWeights: () => uniform(([channels]) => evenParts / Math.sqrt(channels)),
  bias: (fan) => uniform(() => 1 / Math.sqrt(fan)),
  normScale: () => ones,
};

/** Uniform within ±√(6 / (fanIn + fanOut)), zero biases (Glorot & Bengio 2010). */
const glorot: Initialisation = {
  weights: () => uniform((shape) => Math.sqrt(6 / (fanIn(shape) + fanOut(shape)))),
  spectralWeights: () => uniform(([channels, out]) => evenParts * Math.sqrt(6 / (channels + out))),
  bias: () => zeros,
  normScale: () => ones,
};

/**
 * Normal weights of standard deviation gain/√fanIn and fixed biases (He et al. 2015). The mean square of the signal then
 * stays within bounds through any depth, where PyTorch's default loses a factor of six in every layer and ends with a
 * network that its biases alone drive.
 */
const variancePreserving: Initialisation = {
  weights: (gain) => normal((shape) => gain / Math.sqrt(fanIn(shape))),
  spectralWeights: (gain) => normal(([channels]) => (evenParts * gain) / Math.sqrt(channels)),
  bias: (_fan, level) => (shape) =>
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => (typeof level === "number" ? level : level[i])),
  normScale: filled,
};

const schemes: Readonly<Record<InitialisationScheme, Initialisation>> = {
  variance_preserving: variancePreserving,
  torch,
  glorot,
};

/** @throws PtychonautError "usage" for a scheme that does not exist */
export function initialisation(scheme: string): Initialisation {
  const found = schemes[scheme as InitialisationScheme];
  if (found === undefined) throw unknownName("initialisation", scheme, initialisationSchemes);
  return found;
}
