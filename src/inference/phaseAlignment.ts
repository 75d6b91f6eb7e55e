import type { ComplexArray } from "../arrays.ts";
import { pauses } from "../pause.ts";
import type { Canvas } from "./canvas.ts";
import { toCanvas } from "./canvas.ts";
import type { Footprint } from "./footprint.ts";
import { checkPatches, planFootprint } from "./footprint.ts";
import { nearestFirstOrder } from "./nearestFirst.ts";
import { meanPlace, meanTilt, type PhaseRamp, rampOf } from "./phaseRamp.ts";

export interface PhaseAlignmentOptions {
  /** Holds every patch with a margin (`planCanvas`). */
  readonly canvas: Canvas;
  /** Side of the central part of each patch that takes part, pixels. */
  readonly trim: number;
  /** `[trim, trim]`: from `probeWeights` or `uniformWeights`. */
  readonly weights: Float64Array;
  /** Passes over all patches after the first placement, at most. Default 30. */
  readonly maxSweeps?: number;
  /** Stop when no phase moves by more than this in a pass, radians. Default 1e-3. */
  readonly tolerance?: number;
  /** Ends the passes early. */
  readonly signal?: AbortSignal;
}

export interface PhaseAlignment {
  /** `[patch]`, radians: multiply patch k by `exp(i phases[k])`. Their circular mean over each connected part is zero. */
  readonly phases: Float64Array;
  /** Parts of the scan that share no overlap; the phase between two of them is unknown. */
  readonly components: number;
  readonly sweeps: number;
  readonly converged: boolean;
  /**
   * A ramp that the phases would have been without it, radians per pixel: it was taken out of them. To be taken out of the
   * patches too (`tilt` by its negative), and to be thought of as a tilt of the probe.
   */
  readonly ramp?: PhaseRamp;
}

/**
 * One global phase per patch, from the overlaps: the phases minimise
 * `sum over pairs k < l of sum over pixels w_k w_l |e^{i phi_k} O_k - e^{i phi_l} O_l|^2`
 * (angular synchronisation, Singer 2011). For fixed other phases the best phi_k is the argument of
 * `<w_k O_k, sum over l != k of e^{i phi_l} w_l O_l>`, and that inner sum is a canvas with patch k taken out; so one pass
 * (Gauss-Seidel) costs as much as stitching once, however dense the scan. The first pass adds patches from one seed
 * outwards, always the one nearest to those already placed, which alone solves consistent data. A patch's rim, whose
 * pixels are not interpolated between two neighbours of its own, takes no part: it would bias a phase ramp.
 *
 * @param patches `[patch, y, x]`
 * @param positions `[patch, 2]` as (y, x), window centres in object pixels
 */
export async function alignPhases(
  patches: ComplexArray,
  positions: Float64Array,
  options: PhaseAlignmentOptions,
): Promise<PhaseAlignment> {
  const { canvas, trim, weights, maxSweeps = 30, tolerance = 1e-3, signal } = options;
  const pause = pauses();
  const count = checkPatches(patches, positions, trim);
  const sum = new Float64Array(2 * canvas.height * canvas.width);
  const plan = planFootprint(trim, weights);
  const phases = new Float64Array(count);
  const component = new Int32Array(count).fill(-1);
  const order = nearestFirstOrder(positions);

  const place = (k: number): Footprint => {
    const centre = toCanvas(canvas, positions[2 * k], positions[2 * k + 1]);
    plan.place(patches, k, centre.y, centre.x);
    return plan.footprint;
  };

  let components = 0;
  for (const k of order) {
    await pause();
    const footprint = place(k);
    const overlap = innerProduct(footprint, sum, canvas);
    const joins = overlap.size > 1e-9 * energy(footprint);
    if (joins) phases[k] = overlap.phase;
    else components++;
    component[k] = components - 1;
    addRotated(sum, canvas, footprint, phases[k], 1);
  }

  let sweeps = 0;
  let largestMove = Number.POSITIVE_INFINITY;
  while (sweeps < maxSweeps && largestMove > tolerance && signal?.aborted !== true) {
    largestMove = 0;
    for (const k of order) {
      await pause();
      const footprint = place(k);
      addRotated(sum, canvas, footprint, phases[k], -1);
      const overlap = innerProduct(footprint, sum, canvas);
      if (overlap.size > 1e-9 * energy(footprint)) {
        largestMove = Math.max(largestMove, Math.abs(wrap(overlap.phase - phases[k])));
        phases[k] = overlap.phase;
      }
      addRotated(sum, canvas, footprint, phases[k], 1);
    }
    sweeps++;
  }
  // Between parts that share nothing, no phase and so no ramp is known.
  const ramp = components === 1 ? rampOf(phases, positions, meanTilt(patches, weights, trim)) : undefined;
  if (ramp !== undefined) removeRamp(phases, positions, ramp);
  removeMeanPhase(phases, component, components);
  const removed = ramp === undefined ? {} : { ramp };
  return { phases, components, sweeps, converged: largestMove <= tolerance, ...removed };
}

/** Multiplies every patch by `exp(i phases[k])`, in place. */
export function rotatePatches(patches: ComplexArray, phases: Float64Array): void {
  const size = patches.data.length / phases.length;
  for (let k = 0; k < phases.length; k++) {
    const c = Math.cos(phases[k]);
    const s = Math.sin(phases[k]);
    for (let i = k * size; i < (k + 1) * size; i += 2) {
      const re = patches.data[i];
      const im = patches.data[i + 1];
      patches.data[i] = c * re - s * im;
      patches.data[i + 1] = s * re + c * im;
    }
  }
}

/** `<footprint, canvas sum>` as size and phase. */
function innerProduct(footprint: Footprint, sum: Float64Array, canvas: Canvas): { size: number; phase: number } {
  const { side, re, im } = footprint;
  let sumRe = 0;
  let sumIm = 0;
  for (let i = 1; i < side - 1; i++) {
    let at = 2 * ((footprint.row + i) * canvas.width + footprint.column + 1);
    for (let from = i * side + 1; from < (i + 1) * side - 1; from++) {
      sumRe += re[from] * sum[at] + im[from] * sum[at + 1];
      sumIm += re[from] * sum[at + 1] - im[from] * sum[at];
      at += 2;
    }
  }
  return { size: Math.hypot(sumRe, sumIm), phase: Math.atan2(sumIm, sumRe) };
}

/** Adds (`sign` 1) or removes (-1) a footprint turned by `phase`. */
function addRotated(sum: Float64Array, canvas: Canvas, footprint: Footprint, phase: number, sign: 1 | -1): void {
  const { side, re, im } = footprint;
  const c = sign * Math.cos(phase);
  const s = sign * Math.sin(phase);
  for (let i = 1; i < side - 1; i++) {
    let at = 2 * ((footprint.row + i) * canvas.width + footprint.column + 1);
    for (let from = i * side + 1; from < (i + 1) * side - 1; from++) {
      sum[at] += c * re[from] - s * im[from];
      sum[at + 1] += s * re[from] + c * im[from];
      at += 2;
    }
  }
}

function energy(footprint: Footprint): number {
  let total = 0;
  for (let i = 0; i < footprint.re.length; i++) total += footprint.re[i] ** 2 + footprint.im[i] ** 2;
  return total;
}

function removeRamp(phases: Float64Array, positions: Float64Array, [ky, kx]: PhaseRamp): void {
  const [y, x] = meanPlace(positions);
  for (let k = 0; k < phases.length; k++)
    phases[k] = wrap(phases[k] - ky * (positions[2 * k] - y) - kx * (positions[2 * k + 1] - x));
}

/** The common phase of a connected part is free: keep the average that the patches came with. */
function removeMeanPhase(phases: Float64Array, component: Int32Array, components: number): void {
  const re = new Float64Array(components);
  const im = new Float64Array(components);
  for (let k = 0; k < phases.length; k++) {
    re[component[k]] += Math.cos(phases[k]);
    im[component[k]] += Math.sin(phases[k]);
  }
  for (let k = 0; k < phases.length; k++) phases[k] = wrap(phases[k] - Math.atan2(im[component[k]], re[component[k]]));
}

const wrap = (phase: number): number => phase - 2 * Math.PI * Math.round(phase / (2 * Math.PI));
