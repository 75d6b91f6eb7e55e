/** The checksum of zlib's format (RFC 1950, section 8.2). @param before that of the bytes before */
export function adler32(bytes: Uint8Array, before = 1): number {
  let [a, b] = [before & 0xffff, before >>> 16];
  for (let at = 0; at < bytes.length; ) {
    // As many as fit before the sums leave 32 bits.
    const end = Math.min(bytes.length, at + 3800);
    for (; at < end; at++) {
      a += bytes[at];
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  return ((b << 16) | a) >>> 0;
}
