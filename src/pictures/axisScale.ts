/** Numbers for people: robust colour limits, round ticks, round lengths. */

/**
 * Limits that leave out the most extreme half per cent at each end, so that a few hot pixels do not flatten an image.
 * Non-finite values are ignored. A constant image gets an interval around its value.
 * @param mask 1 = takes part
 */
export function robustLimits(values: Float32Array, mask?: ArrayLike<number>): [low: number, high: number] {
  const kept = values.filter((value, i) => Number.isFinite(value) && (mask === undefined || mask[i] !== 0)).sort();
  if (kept.length === 0) return [0, 1];
  const skipped = Math.floor(0.005 * (kept.length - 1));
  const low = kept[skipped];
  const high = kept[kept.length - 1 - skipped];
  if (high > low) return [low, high];
  const around = 0.5 * Math.abs(low) || 0.5;
  return [low - around, low + around];
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

/** As many decimals as the step needs; powers of ten outside 0.001 .. 100,000. */
function tickLabel(value: number, step: number): string {
  const largest = Math.max(Math.abs(value), step);
  const text =
    largest >= 1e5 || step < 1e-3
      ? value.toExponential(Math.max(0, Math.floor(Math.log10(largest)) - Math.floor(Math.log10(step) + 1e-9)))
      : value.toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  return (Number(text) === 0 ? text.replace("-", "") : text).replaceAll("-", "−");
}
