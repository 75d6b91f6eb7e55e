import type { ComplexArray } from "../src/arrays.ts";
import { WINDOW } from "../src/metrics/confidence.ts";
import { ontoWhole } from "../src/metrics/halfData.ts";
import { type ComplexImage, complexImage } from "../src/metrics/image.ts";
import { fadingGaussianFilter } from "../src/numerics/gaussianFilter.ts";
import { Random } from "../src/random.ts";
import { rankCorrelation } from "../test/metrics/rankCorrelation.ts";

/** Expected errors of a reconstruction beside the true ones. */

/** Expected and true errors of the pixels that are known. */
export interface Pairs {
  readonly expected: number[];
  readonly error: number[];
  /** RMS error around each. */
  readonly nearby: number[];
}

/** Of amplitude and phase. */
export interface Reliability {
  readonly amplitude: Pairs;
  readonly phase: Pairs;
}

/**
 * @param truth on the object's pixels
 * @param known `[y, x]`, 1 = to be compared
 * @param window of the averages, in pixels
 */
export function reliabilityOf(
  object: ComplexArray,
  truth: ComplexArray,
  {
    amplitude,
    phase,
    known,
  }: { readonly amplitude: Float64Array; readonly phase: Float64Array; readonly known: Uint8Array },
  window = WINDOW,
): Reliability {
  const { image, known: compared } = ontoWhole(truth, object, known);
  const errors = errorsOf(complexImage(object), image);
  const kept = compared.map((value, k) => (Number.isNaN(phase[k]) ? 0 : value));
  const pairs = (expected: Float64Array, error: Float64Array): Pairs => ({
    expected: inside(expected, kept),
    error: inside(error, kept),
    nearby: inside(nearbyRms(error, kept, image.shape, window), kept),
  });
  return { amplitude: pairs(amplitude, errors.amplitude), phase: pairs(phase, errors.phase) };
}

const inside = (values: Float64Array, kept: Uint8Array): number[] => Array.from(values).filter((_, k) => kept[k] === 1);

/** |differences| of amplitude and phase. */
function errorsOf(object: ComplexImage, truth: ComplexImage) {
  const count = truth.data.length / 2;
  const [amplitude, phase] = [new Float64Array(count), new Float64Array(count)];
  for (let k = 0; k < count; k++) {
    const [a, b] = [object.data.subarray(2 * k, 2 * k + 2), truth.data.subarray(2 * k, 2 * k + 2)];
    amplitude[k] = Math.abs(Math.hypot(a[0], a[1]) - Math.hypot(b[0], b[1]));
    phase[k] = Math.abs(Math.atan2(a[1] * b[0] - a[0] * b[1], a[0] * b[0] + a[1] * b[1]));
  }
  return { amplitude, phase };
}

/** RMS of the errors around each pixel, in the window in which the disagreement is averaged. */
function nearbyRms(
  error: Float64Array,
  kept: Uint8Array,
  shape: readonly [number, number],
  window: number,
): Float64Array {
  const blurred = (values: ArrayLike<number>) => fadingGaussianFilter(values, shape, window);
  const weight = blurred(kept);
  return blurred(error.map((value, k) => kept[k] * value * value)).map((sum, k) => Math.sqrt(sum / weight[k]));
}

const rms = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

/** By the expected error, in groups of as many pixels each. */
function groupsOf({ expected, error }: Pairs, groups = 5): string {
  const order = expected.map((_, k) => k).sort((a, b) => expected[a] - expected[b]);
  return Array.from({ length: groups }, (_, g) => {
    const part = order.slice(Math.floor((g * order.length) / groups), Math.floor(((g + 1) * order.length) / groups));
    return `${rms(part.map((k) => expected[k])).toPrecision(2)}: ${rms(part.map((k) => error[k])).toPrecision(2)}`;
  }).join(", ");
}

/** A line each for amplitude and phase. */
export function report({ amplitude, phase }: Reliability): void {
  for (const [what, pairs] of Object.entries({ amplitude, phase })) {
    const overall = rms(pairs.error) / rms(pairs.expected);
    const rank = rankCorrelation(pairs.expected, pairs.error).toFixed(2);
    const nearby = rankCorrelation(pairs.expected, pairs.nearby).toFixed(2);
    const random = new Random(3);
    const best = rankCorrelation(
      pairs.nearby,
      pairs.nearby.map((value) => value * Math.abs(random.normal())),
    ).toFixed(2);
    console.log(
      `  ${what}: rank ${nearby} (pixel ${rank}, best ${best}), RMS true over expected ${overall.toFixed(2)}; ${groupsOf(pairs)}`,
    );
  }
}
