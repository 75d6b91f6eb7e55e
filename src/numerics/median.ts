/** The middle value, of an even number the upper one of the two in the middle; undefined of none. Values are not changed. */
export const median = (values: ArrayLike<number>): number => Float64Array.from(values).sort()[values.length >> 1];

/** Standard deviation of normal values as their median absolute deviation tells it, which outliers hardly move. */
export function robustDeviation(values: Float64Array): number {
  const middle = median(values);
  return 1.4826 * median(values.map((value) => Math.abs(value - middle)));
}
