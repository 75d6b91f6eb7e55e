const CLEAR = 256;
const END = 257;
const MOST_CODES = 4096;

/**
 * LZW as TIFF has it (6.0, section 13): codes of 9 to 12 bits, most significant bit first, that grow one code early.
 * @param size bytes that are wanted at most
 * @throws Error for a code that cannot be
 */
export function lzwDecoded(packed: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  // An entry is the bytes of an earlier one and one more: where it starts in what was written, and how long it is.
  const starts = new Int32Array(MOST_CODES);
  const lengths = new Int32Array(MOST_CODES);
  let [next, bits, filled, previous] = [END + 1, 9, 0, -1];
  let [buffer, held, at] = [0, 0, 0];
  while (filled < size) {
    while (held < bits && at < packed.length) {
      buffer = ((buffer << 8) | packed[at++]) & 0xffffff;
      held += 8;
    }
    if (held < bits) break;
    held -= bits;
    const code = (buffer >> held) & ((1 << bits) - 1);
    if (code === END) break;
    if (code === CLEAR) {
      [next, bits, previous] = [END + 1, 9, -1];
      continue;
    }
    const start = filled;
    if (code < CLEAR) out[filled++] = code;
    else {
      if (code > next || (code === next && previous < 0)) throw new Error(`a code of ${code} where ${next} come next`);
      // The code that is just being made is what came before and its own first byte.
      const [from, length] = code < next ? [starts[code], lengths[code]] : [previous, start - previous + 1];
      for (let k = 0; k < length && filled < size; k++) out[filled++] = out[from + k];
    }
    if (previous >= 0 && next < MOST_CODES) {
      starts[next] = previous;
      lengths[next] = start - previous + 1;
      next++;
    }
    previous = start;
    if (next >= (1 << bits) - 1 && bits < 12) bits++;
  }
  return out.subarray(0, filled);
}
