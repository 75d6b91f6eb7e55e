/** Radices that `assembly/engines/generateFft.mjs` writes code for. */
export type Radix = 2 | 3 | 4 | 5 | 7 | 8;

/** What a pass costs an element, to one of radix 2. */
const COST: Readonly<Record<Radix, number>> = { 2: 1, 3: 1.2, 4: 1.2, 5: 1.7, 7: 2.3, 8: 1.9 };

/** Passes over columns in their order, or undefined where a prime factor has no code. */
export function columnFactors(n: number): readonly Radix[] | undefined {
  const odd: Radix[] = [];
  let rest = n;
  for (const prime of [7, 5, 3] as const) {
    for (; rest % prime === 0; rest /= prime) odd.push(prime);
  }
  let twos = 0;
  for (; rest % 2 === 0; rest /= 2) twos++;
  if (rest !== 1) return undefined;
  if (twos === 1) return [...odd, 2];
  const even: Radix[] = twos % 2 === 1 ? [8] : [];
  for (let left = twos - 3 * (twos % 2); left > 0; left -= 2) even.push(4);
  return [...odd, ...even];
}

/**
 * Passes over rows with 4 neighbours in lanes: the first of radix 4 or 8 and the last of radix 4 make them end in order.
 * Undefined where 16 does not divide the length, or a prime has no code.
 */
export function rowFactors(n: number): readonly Radix[] | undefined {
  if (n % 16 !== 0) return undefined;
  if (n === 16) return [4, 4];
  if (n === 32) return [8, 4];
  const middle = columnFactors(n / 16);
  return middle === undefined ? undefined : [4, ...middle, 4];
}

/** The cheapest length of at least `least` that has code. */
export function convolutionLength(least: number): number {
  let best = 0;
  let bestCost = Number.POSITIVE_INFINITY;
  for (let m = least; m < 2 * least; m++) {
    const factors = columnFactors(m);
    if (factors === undefined) continue;
    const cost = m * factors.reduce((sum, radix) => sum + COST[radix], 0);
    if (cost < bestCost) [best, bestCost] = [m, cost];
  }
  return best;
}
