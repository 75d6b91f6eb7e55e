import type { ByteSource } from "./byteSource.ts";
import { itemSizes, type ListedArray } from "./listedArrays.ts";
import type { NpyArray, NumericDtype } from "./npy.ts";
import { stretchOf } from "./pieces.ts";

/** Frames of one size with something else between them, or in an encoding of their own. */
export interface FrameStack {
  readonly shape: readonly [count: number, height: number, width: number];
  readonly dtype: NumericDtype;
  readonly attributes?: Readonly<Record<string, NpyArray>>;
  /** Where they are, for another thread: the file, and the array's name there. Not of several files. */
  readonly place?: { readonly source: ByteSource; readonly key: string };
  /** The pixels of some frames one after the other, little-endian. */
  frames(first: number, count: number): Uint8Array;
}

/** Bytes of pixels taken at a time. */
const PIECE = 2 ** 22;

/** An array `[frame, y, x]`, of which some frames at a time are in memory. */
export function frameStack({ shape, dtype, attributes = {}, place, frames }: FrameStack): ListedArray {
  const [count, height, width] = shape;
  const itemSize = itemSizes[dtype];
  const size = height * width * itemSize;
  const step = Math.max(1, Math.floor(PIECE / size));
  function* elements(from = 0): Generator<Uint8Array, void, void> {
    for (let first = from; first < count; first += step) yield frames(first, Math.min(step, count - first));
  }
  return {
    header: { shape, dtype, fortranOrder: false, littleEndian: true, itemSize, dataBytes: count * size },
    attributes,
    elements: () => elements(),
    stretch(from, length) {
      const first = Math.floor(from / size);
      if (from % size === 0 && length % size === 0) return frames(first, length / size);
      return stretchOf(elements(first), from - first * size, length);
    },
    ...(place === undefined
      ? {}
      : {
          chunked: {
            ...place,
            extents: shape,
            chunks: [1, height, width],
            read: ([first], [some]) => frames(first, some),
          },
        }),
  };
}

/** Where frames lie that have the same room each, and pixels somewhere in it. */
export interface Strided {
  readonly source: ByteSource;
  /** Of the first frame's pixels. */
  readonly offset: number;
  /** From one frame's pixels to the next's. */
  readonly stride: number;
  /** Bytes of a frame's pixels. */
  readonly size: number;
  /** Looks at the first bytes of what stands before a frame, which is as long as the offset. @throws where it is wrong */
  readonly check?: (frame: number, before: Uint8Array) => void;
}

/** The pixels of some frames without what is between them. */
export function stridedFrames(
  { source, offset, stride, size, check }: Strided,
  first: number,
  count: number,
): Uint8Array {
  const out = new Uint8Array(count * size);
  const step = Math.max(1, Math.floor(PIECE / stride));
  const before = check === undefined ? 0 : offset;
  for (let from = 0; from < count; from += step) {
    const some = Math.min(step, count - from);
    const bytes = source.read(offset - before + (first + from) * stride, (some - 1) * stride + before + size);
    for (let k = 0; k < some; k++) {
      check?.(first + from + k, bytes.subarray(k * stride, k * stride + before));
      out.set(bytes.subarray(k * stride + before, k * stride + before + size), (from + k) * size);
    }
  }
  return out;
}

/** Exchanges the bytes of each element, in place. @param bytes in memory of their own, whole elements */
export function swapBytes(bytes: Uint8Array, itemSize: number): void {
  const { buffer, byteOffset, byteLength } = bytes;
  if (itemSize === 2) {
    const values = new Uint16Array(buffer, byteOffset, byteLength / 2);
    for (let i = 0; i < values.length; i++) values[i] = (values[i] << 8) | (values[i] >>> 8);
    return;
  }
  for (let at = 0; at + itemSize <= bytes.length; at += itemSize)
    for (let low = at, high = at + itemSize - 1; low < high; low++, high--) {
      const byte = bytes[low];
      bytes[low] = bytes[high];
      bytes[high] = byte;
    }
}
