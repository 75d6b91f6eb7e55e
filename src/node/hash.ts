import { createHash } from "node:crypto";
import { asSource, type ByteSource } from "../formats/byteSource.ts";

/** Read at a time, bytes. */
const PIECE = 2 ** 22;

/** Hexadecimal SHA-256, of a file a piece at a time. */
export function sha256(bytes: Uint8Array | ByteSource): string {
  const source = asSource(bytes);
  const hash = createHash("sha256");
  for (let at = 0; at < source.size; at += PIECE) hash.update(source.read(at, Math.min(PIECE, source.size - at)));
  return hash.digest("hex");
}
