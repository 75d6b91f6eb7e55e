/** Numbers for people: robust colour limits, round ticks, round lengths. */
import { valuesAtRanks } from "./ranks.ts";

/**
 * Limits that leave out the most extreme values at each end, half per cent unless it is said, so that a few hot pixels do
 * not flatten an image. Non-finite values are ignored. A constant image gets an interval around its value.
 * @param mask 1 = takes part
 * @param leftOut part of the values, at each end
 */
export function robustLimits(
  values: Float32Array,
  mask?: ArrayLike<number>,
  leftOut: number = 0.005,
): [low: number, high: number] {
  const ends = valuesAtRanks(values, mask, (count) => {
    const skipped = Math.floor(leftOut * (count - 1));
    return [skipped, count - 1 - skipped];
  });
  if (ends === undefined) return [0, 1];
  const [low, high] = ends;
  if (high > low) return [low, high];
  const around = 0.5 * Math.abs(low) || 0.5;
  return [low - around, low + around];
}

/** The brightest of a pattern over what is shown as black: six powers of ten at most. */
const LOG_RANGE = 1e6;

/**
 * Limits of counts on a logarithmic scale: from a count, or a millionth of the brightest where that is more, or a tenth of
 * it where that is less.
 */
export function logLimits(brightest: number): [low: number, high: number] {
  const low = Math.max(brightest / LOG_RANGE, Math.min(1, brightest / 10), Number.MIN_VALUE);
  return [low, Math.max(brightest, 2 * low)];
}

/** The largest of 1, 2, 5 times a power of ten that does not exceed `value`. */
export function roundDown(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const lead = value / power;
  return power * (lead >= 5 ? 5 : lead >= 2 ? 2 : 1);
}

/** Multiples of a round step inside [low, high], four to eight of them, and each one's label. */
export function ticks(low: number, high: number): { value: number; label: string }[] {
  const step = roundDown((high - low) / 3.5);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const value = (first + i) * step;
    return { value, label: tickLabel(value, step) };
  });
}

/** As `ticks`, without those between whole numbers. */
export function wholeTicks(low: number, high: number): { value: number; label: string }[] {
  return ticks(low, high)
    .filter(({ value }) => Math.abs(value - Math.round(value)) < 1e-9)
    .map(({ value }) => ({ value, label: String(Math.round(value)) }));
}

/** 1, 2 and 5 times powers of ten; powers alone where there are more than three of them. */
export function logTicks([low, high]: readonly [number, number]): { value: number; label: string }[] {
  const leads = high / low > 1000 ? [1] : [1, 2, 5];
  const values: number[] = [];
  for (let power = 10 ** Math.floor(Math.log10(low)); power <= high; power *= 10)
    values.push(...leads.map((lead) => lead * power));
  return values
    .filter((value) => value >= low && value <= high)
    .map((value) => ({ value, label: String(Number(value.toPrecision(2))) }));
}

/** As many decimals as the step needs; powers of ten outside 0.001 .. 100,000. */
function tickLabel(value: number, step: number): string {
  const largest = Math.max(Math.abs(value), step);
  const text =
    largest >= 1e5 || step < 1e-3
      ? value.toExponential(Math.max(0, Math.floor(Math.log10(largest)) - Math.floor(Math.log10(step) + 1e-9)))
      : value.toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  return (Number(text) === 0 ? text.replace("-", "") : text).replaceAll("-", "−");
}
