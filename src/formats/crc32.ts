/**
 * CRC-32 (ISO 3309, reflected polynomial 0xEDB88320), four bytes a step ("slicing by 4", Kounavis & Berry 2005).
 * @param before the checksum of the bytes that these follow; default: none
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  let i = 0;
  for (const end = bytes.length - 3; i < end; i += 4) {
    crc ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    crc = T3[crc & 0xff] ^ T2[(crc >>> 8) & 0xff] ^ T1[(crc >>> 16) & 0xff] ^ T0[crc >>> 24];
  }
  for (; i < bytes.length; i++) crc = T0[(crc ^ bytes[i]) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}

const T0 = Int32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});
const T1 = nextTable(T0);
const T2 = nextTable(T1);
const T3 = nextTable(T2);

function nextTable(previous: Int32Array): Int32Array {
  return previous.map((c) => T0[c & 0xff] ^ (c >>> 8));
}
