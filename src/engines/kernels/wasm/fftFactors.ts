/** What a pass costs an element, to one of radix 2, of those that `assembly/engines/generateFft.mjs` writes code for. */
const COST: ReadonlyMap<number, number> = new Map([
  ...([
    [2, 1],
    [3, 1.2],
    [4, 1.2],
    [5, 1.7],
    [7, 2.3],
    [8, 1.9],
  ] as const),
]);

/** Prime factors up to this have a pass, whose cost grows with the factor; others make a convolution, which is as fast there. */
const LARGEST_PRIME = 109;

/**
 * Passes of lines in lanes in their order, or undefined where the length needs a convolution. Fours first and an eight last
 * are the fastest by a tenth to a fifth.
 */
export function laneFactors(n: number): readonly number[] | undefined {
  const odd: number[] = [];
  let rest = n;
  for (let prime = LARGEST_PRIME; prime >= 3; prime -= 2) {
    if (isPrime(prime)) for (; rest % prime === 0; rest /= prime) odd.push(prime);
  }
  let twos = 0;
  for (; rest % 2 === 0; rest /= 2) twos++;
  if (rest !== 1) return undefined;
  if (twos === 1) return [...odd, 2];
  const eights = twos % 2;
  return [...Array<number>((twos - 3 * eights) / 2).fill(4), ...odd, ...Array<number>(eights).fill(8)];
}

/** Passes along rows with 4 neighbours in lanes; the last is of radix 4. */
export function rowFactors(n: number): readonly number[] | undefined {
  if (n % 4 !== 0 || n < 16) return undefined;
  const first = laneFactors(n / 4);
  return first?.every((radix) => COST.has(radix)) ? [...first, 4] : undefined;
}

/** The cheapest length of at least `least` that has passes along rows whose results are blocked. */
export function convolutionLength(least: number): number {
  let best = 0;
  let bestCost = Number.POSITIVE_INFINITY;
  for (let m = 16 * Math.ceil(least / 16); m < 2 * least + 16; m += 16) {
    const factors = rowFactors(m);
    if (factors === undefined) continue;
    const cost = m * factors.reduce((sum, radix) => sum + (COST.get(radix) ?? 0), 0);
    if (cost < bestCost) [best, bestCost] = [m, cost];
  }
  return best;
}

function isPrime(n: number): boolean {
  for (let d = 3; d * d <= n; d += 2) if (n % d === 0) return false;
  return n === 2 || n % 2 === 1;
}
