/** Each leaves 0.618 of the interval: 60 leave what float64 can tell apart. */
const REFINEMENTS = 60;

/** Golden-section search for the maximum of a function with one peak between `low` and `high`. */
export function maximiseBetween(f: (x: number) => number, low: number, high: number): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [a, b] = [low, high];
  for (let k = 0; k < REFINEMENTS; k++) {
    const [left, right] = [b - ratio * (b - a), a + ratio * (b - a)];
    if (f(left) < f(right)) a = left;
    else b = right;
  }
  return (a + b) / 2;
}
