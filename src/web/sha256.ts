import { sha256 } from "@noble/hashes/sha2.js";
import type { ByteSource } from "../formats/byteSource.ts";

/** Up to so many bytes the browser's own hash, which is faster, is given all at once. */
const AT_ONCE = 2 ** 28;
const PIECE = 2 ** 24;

/** SHA-256 of bytes that need not fit into memory. @param atOnce most bytes that are read at once */
export async function sha256Of(source: ByteSource, atOnce: number = AT_ONCE): Promise<Uint8Array> {
  if (source.size <= atOnce)
    return new Uint8Array(await crypto.subtle.digest("SHA-256", source.read(0, source.size).slice()));
  const hash = sha256.create();
  const piece = Math.min(PIECE, atOnce);
  for (let from = 0; from < source.size; from += piece)
    hash.update(source.read(from, Math.min(piece, source.size - from)));
  return hash.digest();
}
