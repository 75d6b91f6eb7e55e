import {
  accumulate,
  type BasisValues,
  bestScales,
  conditionNumber,
  emptyNormalEquations,
  type NormalEquations,
} from "../physics/varpro.ts";
import { type CoveredScan, coveredPatterns } from "./coveredPatterns.ts";

/** Scales of an object's real and imaginary part that explain the measured intensities best. */
export interface ScaleFit {
  readonly s1: number;
  readonly s2: number;
  /** Of the normal equations with normalised columns; where it is huge, the data do not tell the scales apart. */
  readonly condition: number;
  /** √(Σ (λ − k)² / Σ k²) of intensities, with the object as it is and with the scales. */
  readonly relativeError: { readonly before: number; readonly after: number };
  /** Patterns that were fitted. */
  readonly patterns: number;
}

/**
 * Fits s1 Re O + i s2 Im O to the measured intensities by variable projection: the intensity is s1² X1 + s2² X2 + s1 s2 X3
 * with the basis of `physics/varpro.ts`, whose 3 × 3 normal equations are added up over the patterns that lie on the
 * covered area (valid pixels only), in float64. Measured and predicted intensities are both in units of squared network
 * input. Incoherent modes add up in the basis.
 * @returns undefined when no pattern lies on the covered area
 */
export function fitScales(scan: CoveredScan): ScaleFit | undefined {
  const patterns = coveredPatterns(scan);
  if (patterns.count === 0) return undefined;
  const [, n] = scan.probe.shape as [number, number, number];
  const valid = validPixels(n * n, scan.dataset.mask?.data);
  const equations = emptyNormalEquations();
  const basisOf = basisPlan(scan);
  let energy = 0;
  for (const { patches, measured } of patterns.each()) {
    const { real, imaginary, mixed } = basisOf(patches[0]);
    const at = (values: Float64Array): Float64Array => Float64Array.from(valid, (i) => values[i]);
    const intensities = Float64Array.from(valid, (i) => measured[i] ** 2);
    accumulate(equations, { real: at(real), imaginary: at(imaginary), mixed: at(mixed) }, intensities);
    for (const value of intensities) energy += value ** 2;
  }
  const { s1, s2 } = bestScales(equations);
  return {
    s1,
    s2,
    condition: conditionNumber(equations),
    relativeError: { before: residual(equations, energy, 1, 1), after: residual(equations, energy, s1, s2) },
    patterns: patterns.count,
  };
}

function validPixels(size: number, mask: Float32Array | undefined): Int32Array {
  const all = Int32Array.from({ length: size }, (_, i) => i);
  return mask === undefined ? all : all.filter((i) => mask[i] !== 0);
}

type Basis = { readonly [Name in keyof BasisValues]: Float64Array };

/** X1 = Σ_p |a|², X2 = Σ_p |b|², X3 = 2 Σ_p Re a conj(i b) with a = F(P_p Re O), b = F(P_p Im O). */
function basisPlan({ probe: { shape, data }, propagator }: CoveredScan): (patch: Float64Array) => Basis {
  const [modes, n] = shape as [number, number, number];
  const toDetector = propagator.plan([n, n]);
  const [a, b] = [new Float64Array(2 * n * n), new Float64Array(2 * n * n)];
  const basis = { real: new Float64Array(n * n), imaginary: new Float64Array(n * n), mixed: new Float64Array(n * n) };
  return (patch) => {
    for (const part of Object.values(basis)) part.fill(0);
    for (let mode = 0; mode < modes; mode++) {
      const first = 2 * mode * n * n;
      for (let i = 0; i < a.length; i++) {
        a[i] = patch[i & ~1] * data[first + i];
        b[i] = patch[i | 1] * data[first + i];
      }
      toDetector.forward(a, a);
      toDetector.forward(b, b);
      for (let i = 0; i < n * n; i++) {
        const [x, y, u, v] = [a[2 * i], a[2 * i + 1], b[2 * i], b[2 * i + 1]];
        basis.real[i] += x * x + y * y;
        basis.imaginary[i] += u * u + v * v;
        basis.mixed[i] += 2 * (y * u - x * v);
      }
    }
    return basis;
  };
}

/** √(Σ (y − X c)² / Σ y²) with c = (s1², s1 s2, s2²), from the normal equations. */
function residual({ matrix, right }: NormalEquations, energy: number, s1: number, s2: number): number {
  const c = [s1 * s1, s1 * s2, s2 * s2];
  let total = energy;
  for (let p = 0; p < 3; p++) {
    total -= 2 * c[p] * right[p];
    for (let q = 0; q < 3; q++) total += c[p] * matrix[3 * p + q] * c[q];
  }
  return Math.sqrt(Math.max(0, total) / energy);
}
