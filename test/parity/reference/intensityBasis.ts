import { type Complex, each, intensity, scale } from "../../../src/graph/complex.ts";
import { add, mul, sub } from "../../../src/graph/ops/elementwise.ts";
import { reshape } from "../../../src/graph/ops/layout.ts";
import { sum } from "../../../src/graph/ops/reduce.ts";
import type { Operand, Tensor } from "../../../src/graph/tensor.ts";
import type { Propagator } from "../../../src/physics/propagation/propagator.ts";

/**
 * Diffraction of an object whose real part is scaled by s1 and its imaginary part by s2 (`rectangularScale`), taken
 * apart: intensity is the quadratic form s1² X1 + s2² X2 + s1 s2 X3 of the scales.
 */
export interface IntensityBasis {
  /** X1 = Σ_p |F(P_p Re O)|² */
  readonly real: Tensor;
  /** X2 = Σ_p |F(i P_p Im O)|² */
  readonly imaginary: Tensor;
  /** X3 = 2 Re Σ_p F(P_p Re O) conj F(i P_p Im O) */
  readonly mixed: Tensor;
}

/**
 * @param object `[B, C, N, N]`
 * @param probe `[mode, N, N]`
 * @returns intensities `[B, C, N, N]`
 */
export function intensityBasis(object: Complex, probe: Complex, { forward }: Propagator): IntensityBasis {
  const perMode = each(object, (part) => reshape(part, [...part.shape.slice(0, -2), 1, ...part.shape.slice(-2)]));
  const a = forward(scale(probe, perMode.re));
  const b = forward(scale(probe, perMode.im));
  const overModes = (x: Tensor): Tensor => sum(x, { axes: [-3] });
  // Re a conj(i b) = Im a conj b
  const mixed = sub(mul(a.im, b.re), mul(a.re, b.im));
  return {
    real: overModes(intensity(a)),
    imaginary: overModes(intensity(b)),
    mixed: overModes(mul(mixed, 2)),
  };
}

/** s1² X1 + s2² X2 + s1 s2 X3 */
export function basisIntensity({ real, imaginary, mixed }: IntensityBasis, s1: Operand, s2: Operand): Tensor {
  const ofParts = add(mul(mul(real, s1), s1), mul(mul(imaginary, s2), s2));
  return add(ofParts, mul(mul(mixed, s1), s2));
}
