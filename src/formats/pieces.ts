/** Bytes that come piece by piece, each piece valid until the next. */
type Pieces = Iterable<Uint8Array>;

/** Some bytes out of a stream, of which no more is taken than is needed. */
export function stretchOf(pieces: Pieces, from: number, length: number): Uint8Array {
  const out = new Uint8Array(length);
  let [at, filled] = [0, 0];
  if (length === 0) return out;
  for (const piece of pieces) {
    const start = Math.max(0, from - at);
    at += piece.length;
    if (start >= piece.length) continue;
    const part = piece.subarray(start, start + length - filled);
    out.set(part, filled);
    filled += part.length;
    if (filled === length) break;
  }
  return out;
}

/**
 * The same bytes in blocks of whole units, as many as `most` bytes hold and one at least; the last block has what is left.
 * Each is valid until the next.
 * @param unit bytes
 */
export function* wholeUnits(pieces: Pieces, unit: number, most: number): Generator<Uint8Array, void, void> {
  const block = new Uint8Array(Math.max(1, Math.floor(most / unit)) * unit);
  let filled = 0;
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + block.length - filled);
      block.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < block.length) continue;
      yield block;
      filled = 0;
    }
  }
  if (filled > 0) yield block.slice(0, filled);
}
