import type { ComplexArray } from "../../../src/arrays.ts";
import { energyOf } from "../../../src/data/normalisation.ts";

/**
 * The scale factors of the reference system (PtychoPINN), which has a normalisation for each of its data paths. This
 * project uses one (normalisation.ts); these exist to compare with the reference and to take over its trained weights.
 *
 * All are functions of two sums a pattern: energy Σ a² and amplitude sum Σ a, with a = √counts.
 */
export interface PatternSums {
  /** `[frame]`, Σ a². */
  readonly energy: Float64Array;
  /** `[frame]`, Σ a. */
  readonly amplitude: Float64Array;
}

/** @param amplitudes `[frame, y, x]` */
export function patternSums(amplitudes: ArrayLike<number>, frames: number): PatternSums {
  const size = amplitudes.length / frames;
  const energy = new Float64Array(frames);
  const amplitude = new Float64Array(frames);
  for (let frame = 0; frame < frames; frame++) {
    for (let i = frame * size; i < (frame + 1) * size; i++) {
      energy[frame] += amplitudes[i] * amplitudes[i];
      amplitude[frame] += amplitudes[i];
    }
  }
  return { energy, amplitude };
}

/** In-memory container: input factor √((N/2)² / mean energy). The same rule serves training and inference. */
export function containerInputFactor({ energy }: PatternSums, n: number): number {
  return n / 2 / Math.sqrt(mean(energy));
}

/** Factor from amplitudes to √counts: √(photons / mean energy of a pattern), grouped or not. */
export function intensityScale({ energy }: PatternSums, photons: number): number {
  return Math.sqrt(photons / mean(energy));
}

/** The same for amplitudes that already have mean energy (N/2)²: 2 √photons / N. */
export function normalisedIntensityScale(photons: number, n: number): number {
  return (2 * Math.sqrt(photons)) / n;
}

export interface MappedFactors {
  /** Factor of the network input. */
  readonly rms: Float64Array;
  /** Factor of predictions and observations in the loss. */
  readonly physics: Float64Array;
}

/**
 * Memory-mapped data path: rms = N / √(mean energy), physics = 1 / mean(Σ a), or with `max` both 1 / max(Σ a).
 * @param groupSize patterns in a group: one factor for each run of that many; absent: one factor for all
 */
export function mappedFactors(
  { energy, amplitude }: PatternSums,
  n: number,
  { groupSize = energy.length, scaling = "parseval" }: { groupSize?: number; scaling?: "parseval" | "max" } = {},
): MappedFactors {
  const groups = Math.floor(energy.length / groupSize);
  const perGroup = (of: (from: number, to: number) => number): Float64Array =>
    Float64Array.from({ length: groups }, (_, g) => of(g * groupSize, (g + 1) * groupSize));
  if (scaling === "max") {
    const factor = perGroup((from, to) => 1 / Math.max(...amplitude.subarray(from, to)));
    return { rms: factor, physics: factor };
  }
  return {
    rms: perGroup((from, to) => n / Math.sqrt(mean(energy.subarray(from, to)))),
    physics: perGroup((from, to) => 1 / mean(amplitude.subarray(from, to))),
  };
}

export interface CountFactors {
  /** Network input = counts · rms. */
  readonly rms: number;
  /** Denominator of the loss: mean over all pixels. */
  readonly meanIntensity: number;
}

/** Count-intensity contract: rms = √((N/2)² / mean Σ counts²). */
export function countFactors(counts: ArrayLike<number>, frames: number, n: number): CountFactors {
  let squares = 0;
  let sum = 0;
  for (let i = 0; i < counts.length; i++) {
    squares += counts[i] * counts[i];
    sum += counts[i];
  }
  return { rms: n / 2 / Math.sqrt(squares / frames), meanIntensity: sum / counts.length };
}

/**
 * Factor of the training probe: 1 / (probeScale · mean |mask · P|), one for a whole stack of modes (mean over modes and
 * pixels). The mask enters the factor only; the probe itself is not masked.
 * @param mask `[y, x]`; absent: ones
 */
export function probeFactor(probe: ComplexArray, probeScale: number, mask?: ArrayLike<number>): number {
  const pixels = probe.data.length / 2;
  let sum = 0;
  for (let i = 0; i < pixels; i++) {
    const weight = mask === undefined ? 1 : mask[i % mask.length];
    sum += weight * Math.hypot(probe.data[2 * i], probe.data[2 * i + 1]);
  }
  return pixels / (probeScale * sum);
}

/** 1 / √Σ|P|². */
export function unitEnergyFactor(probe: ComplexArray): number {
  return 1 / Math.sqrt(energyOf(probe));
}

function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
