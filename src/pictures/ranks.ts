/**
 * Values at ranks among those that are finite and take part, in order from 0, smallest first; undefined when none is. Exact,
 * and linear in the number of values: their bits, in an order that is that of the numbers, are counted by the upper half,
 * then by the lower half where a rank falls.
 * @param mask 0 = takes no part
 * @param ranksOf the ranks that are asked for, of how many take part
 */
export function valuesAtRanks(
  values: Float32Array,
  mask: ArrayLike<number> | undefined,
  ranksOf: (count: number) => readonly number[],
): number[] | undefined {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const upper = new Uint32Array(HALF);
  let count = 0;
  for (let i = 0; i < bits.length; i++) {
    if ((bits[i] & EXPONENT) === EXPONENT || mask?.[i] === 0) continue;
    upper[ordered(bits[i]) >>> 16]++;
    count++;
  }
  if (count === 0) return undefined;
  return ranksOf(count).map((rank) => {
    const { bin, before } = binOf(upper, rank);
    const lower = new Uint32Array(HALF);
    for (let i = 0; i < bits.length; i++) {
      if ((bits[i] & EXPONENT) === EXPONENT || mask?.[i] === 0) continue;
      const order = ordered(bits[i]);
      if (order >>> 16 === bin) lower[order & (HALF - 1)]++;
    }
    return numberOf(((bin << 16) | binOf(lower, rank - before).bin) >>> 0);
  });
}

const HALF = 2 ** 16;
/** All ones in infinities and what is no number. */
const EXPONENT = 0x7f800000;
const SIGN = 0x80000000;

/** Bits of a float32 as an integer that is larger where the number is: negative numbers grow downwards. */
const ordered = (bits: number): number => (bits & SIGN ? ~bits : bits | SIGN) >>> 0;

function numberOf(order: number): number {
  const bits = Uint32Array.of(order & SIGN ? order ^ SIGN : ~order);
  return new Float32Array(bits.buffer)[0];
}

/** The bin that holds a rank, and how many are in the bins before it. */
function binOf(counts: Uint32Array, rank: number): { readonly bin: number; readonly before: number } {
  let before = 0;
  let bin = 0;
  while (before + counts[bin] <= rank) before += counts[bin++];
  return { bin, before };
}
