import type { ByteSource } from "../../byteSource.ts";
import { Fields, mustBe, type RawFile } from "./fields.ts";

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
/** The longest that is known. */
const SUPERBLOCK_BYTES = 96;

/** Finds out how a file's structures are addressed. @throws Unfamiliar */
export function rawFile(source: ByteSource): RawFile {
  for (let at = 0; at + SUPERBLOCK_BYTES <= source.size; at = at === 0 ? 512 : 2 * at) {
    const bytes = source.read(at, SUPERBLOCK_BYTES);
    if (SIGNATURE.every((byte, i) => bytes[i] === byte)) return { source, ...addressing(bytes, at) };
  }
  mustBe(false, "no superblock");
}

function addressing(bytes: Uint8Array, at: number): Omit<RawFile, "source"> {
  const version = bytes[8];
  mustBe(version <= 3, "another version of the superblock");
  const [addressBytes, lengthBytes] = version < 2 ? [bytes[13], bytes[14]] : [bytes[9], bytes[10]];
  mustBe(
    [addressBytes, lengthBytes].every((size) => [2, 4, 8].includes(size)),
    "addresses of another size",
  );
  const fields = new Fields(bytes, { addressBytes, lengthBytes });
  fields.skip(version < 2 ? 24 + (version === 1 ? 4 : 0) : 12);
  mustBe(fields.address() === at, "addresses that count from elsewhere");
  return { base: at, addressBytes, lengthBytes };
}
