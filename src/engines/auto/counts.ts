import { evenly } from "../../arrays.ts";
import type { EngineScan } from "../scan.ts";

/** Where the number of photons comes from: the values themselves, or somebody who says it. */
export type DoseFrom = "values" | "stated";

/** How many photons a scan's patterns hold. */
export interface Counts {
  /** Of a valid pixel of a pattern, in the mean; null where nobody says it and the values do not tell. */
  readonly perPixel: number | null;
  /** Whether intensities come in equal steps, as photons do: then they have the noise of photons. */
  readonly counted: boolean;
  /** The scan's counts that one step is; 1 where they are photons, or do not come in steps. */
  readonly countsOfStep: number;
}

/** Patterns that are looked at. */
const MOST = 64;
/** Part of a step by which numbers of photons may be off, which files have as roots of single precision. */
const WHOLE = 0.01;
/** Of many photons, single precision does not tell whether they are whole. */
const MANY = 100;
/** Part of a stated dose by which that of the patterns may be another. */
const DOSE = 0.25;
/** Part of the values that must be few steps, and of these the part that must be whole: others could be so by chance. */
const FEW = 0.1;
const MOST_WHOLE = 0.9;
/** 1, 2 and 3 must be among the values: then the smallest of them is one step. */
const STEPS_SEEN = 3;

/**
 * A detector that counts photons, whatever its file makes of them (gain, an exposure's length, amplitudes of a mean of 1), has
 * intensities that are multiples of one step. Where a pixel has few, the step is the smallest of them.
 */
export function countsOf(scan: EngineScan, frames: Int32Array, from: DoseFrom): Counts {
  const { values, mean } = sampled(scan, frames);
  const step = stepOf(values);
  if (from === "stated") {
    if (step === undefined) return { perPixel: mean, counted: areWhole(values, 1), countsOfStep: 1 };
    // The mean of what is explained is not quite that of what somebody counted; far from it one of both is wrong.
    const agrees = Math.abs(Math.log(step)) < DOSE;
    return { perPixel: agrees ? mean / step : null, counted: agrees, countsOfStep: 1 };
  }
  if (step !== undefined) return { perPixel: mean / step, counted: true, countsOfStep: step };
  const counted = areWhole(values, 1);
  return { perPixel: counted ? mean : null, counted, countsOfStep: 1 };
}

/** Intensities in the scan's counts, of valid pixels that are not dark, and the mean of all valid ones. */
function sampled({ amplitudes, mask, countsPerUnit }: EngineScan, frames: Int32Array) {
  const { height, width } = amplitudes;
  const pattern = new Float32Array(height * width);
  const values: number[] = [];
  let [sum, pixels] = [0, 0];
  for (const frame of evenly(Array.from(frames), MOST)) {
    amplitudes.read([frame], pattern);
    for (let i = 0; i < pattern.length; i++) {
      if (mask !== undefined && mask[i] === 0) continue;
      const counts = pattern[i] ** 2 * countsPerUnit;
      sum += counts;
      pixels++;
      if (counts > 0) values.push(counts);
    }
  }
  return { values: Float64Array.from(values), mean: sum / pixels };
}

/** @returns undefined where the smallest value is no step of all others */
function stepOf(values: Float64Array): number | undefined {
  const least = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  if (!Number.isFinite(least)) return undefined;
  // Single precision scatters it: the mean of all that are as small.
  const smallest = values.filter((value) => value < (1 + WHOLE) * least);
  const step = smallest.reduce((a, b) => a + b, 0) / smallest.length;
  const seen = new Set<number>();
  for (const value of values) if (value < (STEPS_SEEN + 0.5) * step) seen.add(Math.round(value / step));
  if (seen.size < STEPS_SEEN || !areWhole(values, step)) return undefined;
  return Math.abs(step - 1) < WHOLE ? 1 : step;
}

/** Whether values are multiples of a step, as far as can be told. */
function areWhole(values: Float64Array, step: number): boolean {
  let [told, whole] = [0, 0];
  for (const value of values) {
    const steps = value / step;
    if (steps < 0.3 || steps > MANY) continue;
    told++;
    if (Math.abs(steps - Math.round(steps)) < WHOLE * Math.max(1, steps / 10)) whole++;
  }
  return told > FEW * values.length && whole > MOST_WHOLE * told;
}
