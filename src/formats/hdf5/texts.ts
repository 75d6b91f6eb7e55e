import { sizeOf } from "../../arrays.ts";
import { PtychonautError } from "../../errors.ts";
import { guarded, type Hdf5Library, type Hdf5Metadata } from "./library.ts";

/** Text in scan files is metadata. */
const MOST_TEXTS = 2 ** 16;
const MOST_TEXT_BYTES = 2 ** 26;

/** How the library reads texts of one dataset or attribute into its memory, and gives back what those of any length took. */
interface TextAccess {
  readonly read: (pointer: bigint) => number;
  readonly reclaim: (pointer: bigint) => number;
}

/** All texts of a dataset or an attribute, fixed in length or not, in UTF-8 or Latin letters. */
export function readTexts(
  library: Hdf5Library,
  type: Hdf5Metadata,
  where: string,
  { read, reclaim }: TextAccess,
): string[] {
  const count = sizeOf(type.shape ?? [0]);
  const size = count * type.size;
  if (count > MOST_TEXTS || size > MOST_TEXT_BYTES)
    throw new PtychonautError("data", "too much text", {
      where,
      expected: `at most ${MOST_TEXTS} texts in ${MOST_TEXT_BYTES} bytes`,
      got: `${count} texts of ${type.size} bytes`,
    });
  if (size === 0) return Array<string>(count).fill("");
  const pointer = library._malloc(size);
  try {
    guarded(library, "the text cannot be read", where, () => read(BigInt(pointer)));
    if (!type.vlen)
      return Array.from({ length: count }, (_, i) => fixedText(library.HEAPU8, pointer + i * type.size, type));
    const texts = textsOfPointers(library.HEAPU8, pointer, count);
    guarded(library, "the text cannot be read", where, () => reclaim(BigInt(pointer)));
    return texts;
  } finally {
    library._free(pointer);
  }
}

function fixedText(memory: Uint8Array, from: number, { size, strpad = 0 }: Hdf5Metadata): string {
  let end = from;
  if (strpad === 0) while (end < from + size && memory[end] !== 0) end++;
  else {
    end = from + size;
    while (end > from && (memory[end - 1] === 0 || (strpad === 2 && memory[end - 1] === 32))) end--;
  }
  return decoded(memory.slice(from, end));
}

function textsOfPointers(memory: Uint8Array<ArrayBuffer>, pointer: number, count: number): string[] {
  const view = new DataView(memory.buffer);
  return Array.from({ length: count }, (_, i) => {
    const from = view.getUint32(pointer + 4 * i, true);
    if (from === 0) return "";
    let end = from;
    while (memory[end] !== 0) end++;
    return decoded(memory.slice(from, end));
  });
}

/** What is no UTF-8, whatever it says of itself, was written one byte a letter. */
function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("latin1").decode(bytes);
  }
}
