import { add, cos, mul, sin, sqrt, square, sub } from "./ops/elementwise.ts";
import { reshape } from "./ops/layout.ts";
import { matmul } from "./ops/linear.ts";
import { sum } from "./ops/reduce.ts";
import type { Operand, Tensor } from "./tensor.ts";

/** Complex values in graphs: a pair of float32 tensors of one shape. */
export interface Complex {
  readonly re: Tensor;
  readonly im: Tensor;
}

export const complexMul = (a: Complex, b: Complex): Complex => ({
  re: sub(mul(a.re, b.re), mul(a.im, b.im)),
  im: add(mul(a.re, b.im), mul(a.im, b.re)),
});

/** Times a real tensor or number. */
export const scale = (a: Complex, factor: Operand): Complex => ({ re: mul(a.re, factor), im: mul(a.im, factor) });

/** A · exp(iφ). */
export const polar = (amplitude: Tensor, phase: Tensor): Complex => ({
  re: mul(amplitude, cos(phase)),
  im: mul(amplitude, sin(phase)),
});

/** |a|². */
export const intensity = (a: Complex): Tensor => add(square(a.re), square(a.im));

/** |a|. Its gradient at zero is kept finite by `floor`, added to the intensity. */
export const modulus = (a: Complex, floor = 0): Tensor => sqrt(add(intensity(a), floor));

/** Applies a real linear or shape operator to both parts. */
export const each = (a: Complex, f: (part: Tensor) => Tensor): Complex => ({ re: f(a.re), im: f(a.im) });

export const complexReshape = (a: Complex, shape: readonly number[]): Complex =>
  each(a, (part) => reshape(part, shape));
export const complexSum = (a: Complex, axes: readonly number[], keepDims = false): Complex =>
  each(a, (part) => sum(part, { axes, keepDims }));

/** Complex matrix product over the last two axes: four real ones. */
export const complexMatmul = (a: Complex, b: Complex): Complex => ({
  re: sub(matmul(a.re, b.re), matmul(a.im, b.im)),
  im: add(matmul(a.re, b.im), matmul(a.im, b.re)),
});
