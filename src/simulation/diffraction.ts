import type { ComplexArray } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import { superposed } from "../optics/probeModes.ts";
import { extractPatch } from "../optics/sampling.ts";
import { patchDiffraction } from "../physics/patchDiffraction.ts";
import type { Propagator } from "../physics/propagation/propagator.ts";
import { propagatorOf } from "../physics/propagation/propagators.ts";

/** How the waves of probe modes add. */
export type ModeCoherence = "incoherent" | "coherent";

export interface DiffractionOptions {
  /** Default incoherent. */
  readonly modeCoherence?: ModeCoherence;
  /** From the sample to the detector. Default the far field. */
  readonly propagator?: Propagator;
}

/** What a perfect detector would see. */
export interface Diffraction {
  /** `[frame, n, n]`: expected photons per pixel, the detector's centre at floor(n / 2). */
  readonly intensity: Float32Array;
  /** `[mode, n, n]`: the probe scaled to photons, so that with a unitary F intensity = Σ_modes |F(O P)|² (|F(O Σ P)|²). */
  readonly probe: ComplexArray;
  /** Mean photons per pattern. */
  readonly photons: number;
}

/**
 * Diffraction of an object at every scan position, noise free: Σ over probe modes |F(O P)|², or, where the modes
 * are coherent, |F(O Σ P)|². One factor for the whole scan brings the mean total per pattern to `photons`, where they are said.
 * Computed in float64.
 *
 * @param object `[height, width]`
 * @param probe `[mode, n, n]`, any scale
 * @param positions `[frame, 2]` window centres as (y, x) in object pixels; between pixels the object is bilinear
 * @throws PtychonautError "usage" when no light reaches the detector or the dose is not positive.
 */
export function diffract(
  object: ComplexArray,
  probe: ComplexArray,
  positions: Float64Array,
  photons: number | undefined,
  options: DiffractionOptions = {},
): Diffraction {
  const frames = positions.length / 2;
  const pixels = probe.shape[1] * probe.shape[1];
  const pattern = patternsOf(object, probe, positions, options);
  const intensity = new Float32Array(frames * pixels);
  let total = 0;
  for (let k = 0; k < frames; k++) {
    const values = pattern(k);
    for (let i = 0; i < pixels; i++) total += values[i];
    intensity.set(values, k * pixels);
  }
  const scale = scaleTo(photons, frames, total);
  for (let i = 0; i < intensity.length; i++) intensity[i] *= scale;
  return { intensity, probe: brightened(probe, scale), photons: photons ?? total / frames };
}

/** The same patterns for scans beyond memory. */
export interface PiecewiseDiffraction {
  readonly probe: ComplexArray;
  /** Mean photons per pattern. */
  readonly photons: number;
  /** All patterns in order, `[some frames, n, n]` at a time, each array a new one. */
  frames(): Iterable<Float32Array>;
}

/** What {@link diffract} computes, to the last bit, a few frames at a time; every pattern is computed twice. */
export function diffractPiecewise(
  object: ComplexArray,
  probe: ComplexArray,
  positions: Float64Array,
  photons: number | undefined,
  options: DiffractionOptions = {},
): PiecewiseDiffraction {
  const count = positions.length / 2;
  const pixels = probe.shape[1] * probe.shape[1];
  const pattern = patternsOf(object, probe, positions, options);
  let total = 0;
  for (let k = 0; k < count; k++) for (const value of pattern(k)) total += value;
  const scale = scaleTo(photons, count, total);
  const step = Math.max(1, Math.floor(PIECE / pixels));
  return {
    probe: brightened(probe, scale),
    photons: photons ?? total / count,
    *frames() {
      for (let first = 0; first < count; first += step) {
        const piece = new Float32Array(Math.min(step, count - first) * pixels);
        for (let k = 0; k * pixels < piece.length; k++) piece.set(pattern(first + k), k * pixels);
        for (let i = 0; i < piece.length; i++) piece[i] *= scale;
        yield piece;
      }
    },
  };
}

/** The modes whose intensities add. */
const lit = (probe: ComplexArray, modeCoherence: ModeCoherence): ComplexArray =>
  modeCoherence === "coherent" ? superposed(probe) : probe;

/** Numbers in a piece. */
const PIECE = 2 ** 20;

/** The pattern of a frame, Σ over modes |F(O P)|², unscaled; each call overwrites the result of the one before. */
function patternsOf(
  object: ComplexArray,
  probe: ComplexArray,
  positions: Float64Array,
  { modeCoherence = "incoherent", propagator = propagatorOf() }: DiffractionOptions,
): (frame: number) => Float64Array {
  const n = probe.shape[1];
  const diffraction = patchDiffraction(lit(probe, modeCoherence), propagator);
  const patch = new Float64Array(2 * n * n);
  return (k) => {
    extractPatch(object, positions[2 * k], positions[2 * k + 1], n, patch);
    return diffraction(patch);
  };
}

function scaleTo(photons: number | undefined, frames: number, total: number): number {
  if (total > 0 && photons === undefined) return 1;
  if (total > 0 && photons !== undefined && photons > 0) return (photons * frames) / total;
  throw new PtychonautError("usage", "a simulation needs light: a probe that meets the object and a positive dose", {
    got: `${photons} photons per pattern, total intensity ${total}`,
  });
}

function brightened(probe: ComplexArray, scale: number): ComplexArray {
  const amplitudeScale = Math.sqrt(scale);
  return { shape: probe.shape, data: probe.data.map((value) => amplitudeScale * value) };
}
