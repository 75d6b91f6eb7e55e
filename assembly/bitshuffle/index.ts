import { AS_THEY_ARE, toFloats } from "./floats";
import { interleave } from "./interleave";
import { lz4 } from "./lz4";
import { gatherBits } from "./planes";

/** Of the chunk: its bytes in all, in 8, and those of a block in 4, the highest byte first. */
const HEADER: usize = 12;
/** A block has about so many bytes, and no less than so many elements, where nothing is said. */
const USUAL_BYTES: usize = 8192;
const FEWEST: usize = 128;

/** What is wrong with a chunk. */
const SOUND: i32 = 0;
const SHORT: i32 = 1;
const OTHER_SIZE: i32 = 2;
const ODD_BLOCKS: i32 = 3;
const BLOCK_TOO_LONG: i32 = 4;
const BROKEN_BLOCK: i32 = 5;

/**
 * Decodes what HDF5's filter 32008 has made of a chunk: bits of a block's elements sorted by their place in the element,
 * each block compressed by LZ4 or not. Elements beyond a multiple of 8 stand in the end as they are.
 *
 * @param from the chunk as it is stored; 32 bytes behind it may be read
 * @param count elements that it must have
 * @param size of an element, bytes
 * @param packed whether its blocks are compressed, and say how long they are
 * @param block elements of a block where it is not; 0 the usual number
 * @param kind what the elements become, see floats.ts
 * @param scratch room for two blocks, none larger than the chunk is, and 64 bytes
 * @param to where they go; 32 bytes behind them may be written
 * @returns what is wrong with it: 0 nothing, 1 it ends too early, 2 its number of bytes is another, 3 blocks are no
 *   multiple of 8 elements, 4 a block goes on behind its end, 5 a block is broken
 */
export function decode(
  from: usize,
  length: usize,
  count: usize,
  size: usize,
  packed: bool,
  block: usize,
  kind: u32,
  scratch: usize,
  to: usize,
): i32 {
  const end = from + length;
  let at = from;
  if (packed) {
    if (length < HEADER) return SHORT;
    if (bswap<u64>(load<u64>(at)) != <u64>count * <u64>size) return OTHER_SIZE;
    block = <usize>bswap<u32>(load<u32>(at, 8)) / size;
    at += HEADER;
  } else if (length != count * size) return OTHER_SIZE;
  if (block == 0) block = max(FEWEST, (USUAL_BYTES / size) & ~7);
  if ((block & 7) != 0) return ODD_BLOCKS;

  const width = kind == AS_THEY_ARE ? size : 4;
  const whole = count & ~7;
  for (let done: usize = 0; done < whole; ) {
    const some = min(block, whole - done);
    const bytes = some * size;
    const rows = scratch;
    const planes = scratch + ((bytes + 47) & ~15);
    if (packed) {
      if (end - at < 4) return SHORT;
      const stored = <usize>bswap<u32>(load<u32>(at));
      at += 4;
      if (stored > end - at) return BLOCK_TOO_LONG;
      if (!lz4(at, at + stored, rows, rows + bytes)) return BROKEN_BLOCK;
      at += stored;
    } else {
      memory.copy(rows, at, bytes);
      at += bytes;
    }
    emit(rows, planes, some, size, kind, to + done * width);
    done += some;
  }

  const rest = count - whole;
  if (end - at < rest * size) return SHORT;
  if (kind == AS_THEY_ARE) memory.copy(to + whole * size, at, rest * size);
  else toFloats(kind, at, rest, to + whole * width);
  return SOUND;
}

/** One block. @param rows its bits, which are overwritten where its elements become others */
@inline
function emit(rows: usize, planes: usize, count: usize, size: usize, kind: u32, to: usize): void {
  const bytes = count >> 3;
  if (size == 1 && kind == AS_THEY_ARE) {
    gatherBits(rows, bytes, to);
    return;
  }
  for (let k: usize = 0; k < size; k++) gatherBits(rows + k * count, bytes, planes + k * count);
  if (size == 1) {
    toFloats(kind, planes, count, to);
  } else if (kind == AS_THEY_ARE) {
    interleave(planes, count, size, to);
  } else {
    interleave(planes, count, size, rows);
    toFloats(kind, rows, count, to);
  }
}
