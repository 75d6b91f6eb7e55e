/** A step that was taken, and how the slope changed along it. */
export interface Pair {
  readonly step: Float32Array;
  readonly change: Float32Array;
}

/**
 * −H g with L-BFGS's H, by the two loops of Nocedal (1980).
 *
 * @param slope g
 * @param pairs oldest first, each with a positive product of step and change
 * @param first diagonal of the H that is started from, D; it is scaled by sᵀy / yᵀDy of the newest pair
 */
export function quasiNewton(slope: Float32Array, pairs: readonly Pair[], first: (k: number) => number): Float64Array {
  const direction = Float64Array.from(slope, (value) => -value);
  const rates = pairs.map(({ step, change }) => 1 / dot(step, change));
  const shares = new Float64Array(pairs.length);
  for (let i = pairs.length - 1; i >= 0; i--) {
    shares[i] = rates[i] * dot(pairs[i].step, direction);
    add(direction, -shares[i], pairs[i].change);
  }
  const newest = pairs.at(-1);
  const scale = newest === undefined ? 1 : 1 / (rates[pairs.length - 1] * weighed(newest.change, first));
  for (let k = 0; k < direction.length; k++) direction[k] *= scale * first(k);
  for (const [i, { step, change }] of pairs.entries())
    add(direction, shares[i] - rates[i] * dot(change, direction), step);
  return direction;
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}

function weighed(values: Float32Array, weight: (k: number) => number): number {
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += weight(k) * values[k] ** 2;
  return sum;
}

function add(target: Float64Array, factor: number, values: Float32Array): void {
  for (let k = 0; k < target.length; k++) target[k] += factor * values[k];
}
