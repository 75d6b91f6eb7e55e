import { add, mul, sigmoid, silu, tanh } from "../graph/ops/elementwise.ts";
import type { Tensor } from "../graph/tensor.ts";

/** The last function of a decoder: from any real number to an amplitude, a phase, a real or an imaginary part. */
export interface OutputActivation {
  readonly apply: (x: Tensor) => Tensor;
  /** Output of a fresh network. One for amplitudes: a unit object reproduces the mean energy of the patterns. */
  readonly rest: number;
  /** Argument that gives `rest`. */
  readonly restArgument: number;
}

/** Argument at which x · sigmoid(x) is y, for y ≥ 0, by Newton's method. */
export function inverseSilu(y: number): number {
  let x = y;
  for (let i = 0; i < 50; i++) {
    const s = 1 / (1 + Math.exp(-x));
    x -= (x * s - y) / (s * (1 + x * (1 - s)));
  }
  return x;
}

const siluAmplitude: OutputActivation = { apply: silu, rest: 1, restArgument: inverseSilu(1) };
/** Cannot reach one; rests where it still has a slope. */
const sigmoidAmplitude: OutputActivation = { apply: sigmoid, rest: 0.8, restArgument: Math.log(4) };
const phase: OutputActivation = { apply: (x) => mul(tanh(x), Math.PI), rest: 0, restArgument: 0 };
const real: OutputActivation = { apply: (x) => add(tanh(x), 0.2), rest: 1, restArgument: Math.atanh(0.8) };
const imaginary: OutputActivation = { apply: (x) => mul(tanh(x), 1.2), rest: 0, restArgument: 0 };

/** What the two decoders (or the two halves of the shared one) emit. */
export interface OutputPair {
  readonly names: readonly [string, string];
  readonly activations: readonly [OutputActivation, OutputActivation];
}

export function outputPair(mode: "amp_phase" | "real_imag", ampActivation: "silu" | "sigmoid"): OutputPair {
  if (mode === "real_imag") return { names: ["real", "imaginary"], activations: [real, imaginary] };
  const amplitude = ampActivation === "sigmoid" ? sigmoidAmplitude : siluAmplitude;
  return { names: ["amplitude", "phase"], activations: [amplitude, phase] };
}
