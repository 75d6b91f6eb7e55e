/** Blocks along an axis: few, so that one is wider than what neighbours share, and enough to tell a spread. */
const SIDE = 3;
/** With fewer places a block has too few. */
const LEAST_PLACES = 2 * SIDE * SIDE;

/**
 * Standard errors of what is found at places `[k, 2]` whose values hang together with their neighbours': it is found again
 * without each of 3 × 3 blocks of as many places, SE² = (G − 1)/G Σ (f₍g₎ − f̄)² (Tukey's jackknife, with blocks for single
 * values: Künsch, Annals of Statistics 17, 1217 (1989)).
 *
 * @param found what the places `kept` tell; undefined where they tell nothing
 * @returns undefined where there are too few places, or those without a block tell nothing
 */
export function blockJackknife(
  places: Float64Array,
  found: (kept: Int32Array) => readonly number[] | undefined,
): readonly number[] | undefined {
  if (places.length / 2 < LEAST_PLACES) return undefined;
  const blocks = blocksOf(places);
  const without: (readonly number[])[] = [];
  for (let left = 0; left < SIDE * SIDE; left++) {
    const each = found(Int32Array.from(blocks.keys()).filter((k) => blocks[k] !== left));
    if (each === undefined) return undefined;
    without.push(each);
  }
  return without[0].map((_, i) => {
    const mean = without.reduce((sum, each) => sum + each[i] / without.length, 0);
    const squares = without.reduce((sum, each) => sum + (each[i] - mean) ** 2, 0);
    return Math.sqrt((squares * (without.length - 1)) / without.length);
  });
}

/** `[k]`: bands along y, each cut along x. */
function blocksOf(places: Float64Array): Uint8Array {
  const blocks = new Uint8Array(places.length / 2);
  const parts = (of: Int32Array, axis: 0 | 1): Int32Array[] => {
    const sorted = of.slice().sort((a, b) => places[2 * a + axis] - places[2 * b + axis] || a - b);
    const edge = (part: number): number => Math.round((part * sorted.length) / SIDE);
    return Array.from({ length: SIDE }, (_, part) => sorted.subarray(edge(part), edge(part + 1)));
  };
  for (const [i, band] of parts(Int32Array.from(blocks.keys()), 0).entries())
    for (const [j, block] of parts(band, 1).entries()) for (const k of block) blocks[k] = SIDE * i + j;
  return blocks;
}
