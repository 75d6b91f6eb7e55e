/** Names in the order that people count them in: numbers in them by their value, `frame2` before `frame10`. */
export const naturalOrder = (names: readonly string[]): string[] => [...names].sort(compareNaturally);

function compareNaturally(a: string, b: string): number {
  const [left, right] = [parts(a), parts(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [l, r] = [left[i], right[i]];
    const numbers = /^\d/.test(l) && /^\d/.test(r);
    const order = numbers ? compareCounts(l, r) : compareText(l, r);
    if (order !== 0) return order;
  }
  return left.length - right.length || compareText(a, b);
}

const parts = (name: string): string[] => name.match(/\d+|\D+/g) ?? [];

/** Of any length: by their length without zeros in front, and then digit by digit. */
function compareCounts(a: string, b: string): number {
  const [x, y] = [a, b].map((digits) => digits.replace(/^0+(?=\d)/, ""));
  return x.length - y.length || compareText(x, y);
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * What is missing in the numbering of names that differ in one number alone: `["7", "12 to 15"]`. Nothing where they differ
 * in more, or in none.
 * @param names in natural order
 */
export function missingNumbers(names: readonly string[]): readonly string[] {
  const split = names.map(parts);
  const [first] = split;
  if (first === undefined || split.some(({ length }) => length !== first.length)) return [];
  const differing = first.flatMap((part, i) => (split.some((other) => other[i] !== part) ? [i] : []));
  if (differing.length !== 1 || !/^\d/.test(first[differing[0]])) return [];
  const counts = split.map((own) => Number(own[differing[0]]));
  return counts.flatMap((count, k) => {
    const before = counts[k - 1];
    if (before === undefined || count - before < 2) return [];
    return [count - before === 2 ? String(before + 1) : `${before + 1} to ${count - 1}`];
  });
}
