import { bytesAt, Fields, mustBe, type RawFile } from "./fields.ts";

const CHECKSUM_BYTES = 4;

/**
 * A structure of the newer kinds, which ends with a checksum, without it.
 * @param length with the checksum
 * @throws Unfamiliar when it is broken
 */
export function checkedFields(file: RawFile, address: number, length: number): Fields {
  const bytes = bytesAt(file, address, length);
  const content = bytes.subarray(0, length - CHECKSUM_BYTES);
  const stated = new Fields(bytes.subarray(content.length), file).number(CHECKSUM_BYTES);
  mustBe(lookup3(content) === stated, "another checksum");
  return new Fields(content, file);
}

const rotated = (x: number, by: number): number => (x << by) | (x >>> (32 - by));

/** Bob Jenkins' hash "lookup3" of 2006, by which HDF5 protects its metadata: as a number of 32 bits without sign. */
export function lookup3(bytes: Uint8Array): number {
  const { length } = bytes;
  let a = (0xdeadbeef + length) | 0;
  let b = a;
  let c = a;
  const word = (at: number): number => bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
  if (length === 0) return c >>> 0;
  let at = 0;
  for (; length - at > 12; at += 12) {
    a = (a + word(at)) | 0;
    b = (b + word(at + 4)) | 0;
    c = (c + word(at + 8)) | 0;
    a = ((a - c) ^ rotated(c, 4)) | 0;
    c = (c + b) | 0;
    b = ((b - a) ^ rotated(a, 6)) | 0;
    a = (a + c) | 0;
    c = ((c - b) ^ rotated(b, 8)) | 0;
    b = (b + a) | 0;
    a = ((a - c) ^ rotated(c, 16)) | 0;
    c = (c + b) | 0;
    b = ((b - a) ^ rotated(a, 19)) | 0;
    a = (a + c) | 0;
    c = ((c - b) ^ rotated(b, 4)) | 0;
    b = (b + a) | 0;
  }
  // Bytes behind the end are undefined, which counts as zero.
  a = (a + word(at)) | 0;
  b = (b + word(at + 4)) | 0;
  c = (c + word(at + 8)) | 0;
  c = ((c ^ b) - rotated(b, 14)) | 0;
  a = ((a ^ c) - rotated(c, 11)) | 0;
  b = ((b ^ a) - rotated(a, 25)) | 0;
  c = ((c ^ b) - rotated(b, 16)) | 0;
  a = ((a ^ c) - rotated(c, 4)) | 0;
  b = ((b ^ a) - rotated(a, 14)) | 0;
  return ((c ^ b) - rotated(b, 24)) >>> 0;
}
