/** Values that are whole multiples of one number: counts times a gain, whatever the gain is. */
export interface Lattice {
  /** The number: 1 for counts as they are. */
  readonly spacing: number;
  /** Different values above zero that were looked at. */
  readonly values: number;
  /** Chance that so many values without any such number look so. */
  readonly falseAlarm: number;
}

/** Multiples above this are too close together, beside the rounding of float32, to tell anything. */
const MOST_MULTIPLES = 20_000;
/** How far a value may be from its multiple, in spacings. */
const SLACK = 0.02;
const LOOKED_AT = 4000;

/**
 * The largest number that all values are multiples of, within the rounding of float32; undefined where there is none.
 * A value without a lattice is within the slack of a multiple with probability 2 · 0.02, so m independent values all are with
 * 0.04^m; the first few go into the choice of the spacing, of which the false alarm counts as many as were tried.
 * @param values any, zeros are passed over
 */
export function latticeOf(values: ArrayLike<number>): Lattice | undefined {
  const distinct = distinctValues(values);
  if (distinct.length < 2) return undefined;
  const smallest = distinct[0];
  // The least value may be any multiple of the spacing itself, and so may the least gap.
  let gap = smallest;
  for (let k = 1; k < distinct.length; k++) {
    const step = distinct[k] - distinct[k - 1];
    if (step > 1e-5 * distinct[k]) gap = Math.min(gap, step);
  }
  let tried = 0;
  for (const start of [smallest, gap])
    for (const parts of [1, 2, 3, 4]) {
      tried++;
      const spacing = refined(distinct, start / parts);
      if (spacing === undefined) continue;
      const telling = distinct.filter((value) => value / spacing <= MOST_MULTIPLES && value / spacing > 1.5).length;
      if (telling === 0) continue;
      return { spacing, values: distinct.length, falseAlarm: Math.min(1, tried * (2 * SLACK) ** (telling - 1)) };
    }
  return undefined;
}

/** Ascending, above zero, each once within the rounding of float32. */
function distinctValues(values: ArrayLike<number>): number[] {
  const step = Math.max(1, Math.floor(values.length / (50 * LOOKED_AT)));
  const seen = new Set<number>();
  for (let i = 0; i < values.length && seen.size < 10 * LOOKED_AT; i += step)
    if (values[i] > 0 && values[i] < Number.POSITIVE_INFINITY) seen.add(Math.fround(values[i]));
  const sorted = Float64Array.from(seen).sort();
  const out: number[] = [];
  for (const value of sorted) if (out.length === 0 || value > out[out.length - 1] * (1 + 1e-6)) out.push(value);
  return out.slice(0, LOOKED_AT);
}

/** The spacing that fits all values best, from the smallest up; undefined as soon as one is no multiple. */
function refined(ascending: readonly number[], start: number): number | undefined {
  let spacing = start;
  let [products, squares] = [0, 0];
  for (const value of ascending) {
    const multiple = Math.round(value / spacing);
    if (multiple > MOST_MULTIPLES) break;
    if (multiple === 0 || Math.abs(value / spacing - multiple) > SLACK) return undefined;
    products += value * multiple;
    squares += multiple * multiple;
    spacing = products / squares;
  }
  return spacing;
}
