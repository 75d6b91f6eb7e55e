/** Σ c_k t^k. */
export const valueAt = (coefficients: ArrayLike<number>, t: number): number => {
  let value = 0;
  for (let k = coefficients.length - 1; k >= 0; k--) value = value * t + coefficients[k];
  return value;
};

const derivativeOf = (coefficients: readonly number[]): number[] => coefficients.slice(1).map((c, k) => (k + 1) * c);

/** Halvings of an interval: to the last bit of float64. */
const HALVINGS = 80;

/** Where a polynomial changes its sign between two points, in order: those of its derivative part it into monotone pieces. */
export function signChanges(coefficients: readonly number[], from: number, to: number): number[] {
  if (coefficients.length < 2) return [];
  const ends = [from, ...signChanges(derivativeOf(coefficients), from, to), to];
  const found: number[] = [];
  for (let k = 0; k + 1 < ends.length; k++) {
    let [low, high] = [ends[k], ends[k + 1]];
    const rising = valueAt(coefficients, high) > 0;
    if (valueAt(coefficients, low) > 0 === rising) continue;
    for (let n = 0; n < HALVINGS && low < high; n++) {
      const middle = low + (high - low) / 2;
      if (valueAt(coefficients, middle) > 0 === rising) high = middle;
      else low = middle;
    }
    found.push(low + (high - low) / 2);
  }
  return found;
}

/**
 * The t ≥ 0 at which a polynomial of even degree that grows without bound is least. 0 where it falls nowhere.
 */
export function leastFromZero(coefficients: readonly number[]): number {
  const [, slope, curve] = coefficients;
  if (!(slope < 0)) return 0;
  // In steps of about the answer, coefficients are alike in size.
  const unit = curve > 0 ? -slope / (2 * curve) : 1;
  const scaled = coefficients.map((c, k) => c * unit ** k);
  let degree = scaled.length - 1;
  // What was lost below the smallest number leaves no growth, or an odd one.
  while (degree > 2 && (degree % 2 === 1 || !(scaled[degree] > 0))) degree--;
  const kept = scaled.slice(0, degree + 1);
  const derivative = derivativeOf(kept);
  const leading = derivative[degree - 1];
  if (!(leading > 0)) return unit;
  // Fujiwara's bound of the roots, which a small leading coefficient hardly widens.
  const bound = 2 * Math.max(...derivative.slice(0, -1).map((c, k) => Math.abs(c / leading) ** (1 / (degree - 1 - k))));
  let best = 0;
  for (const t of signChanges(derivative, 0, bound)) if (valueAt(kept, t) < valueAt(kept, best)) best = t;
  return best * unit;
}
