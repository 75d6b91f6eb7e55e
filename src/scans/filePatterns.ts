import { centredPatterns } from "../data/centredPatterns.ts";
import type { Patterns } from "../data/dataset.ts";
import { checkRead } from "../data/memoryPatterns.ts";
import type { FileOrigin } from "../data/patternOrigin.ts";
import type { ByteSource } from "../formats/byteSource.ts";
import { decodeElements, type NumericData } from "../formats/npy.ts";

/** Bytes read at a time: bounds the memory, whatever the file's size. */
const READ_BYTES = 2 ** 22;

/**
 * Patterns that stay in their file and are read by offset when they are asked for; the same numbers as from memory.
 * @param source the file named by `file.path`; one without a path, a page's file, is for this thread alone
 */
export function filePatterns(source: ByteSource, file: FileOrigin): Patterns {
  const { shape, itemSize, offset } = file;
  const [count, height, width] = shape;
  const size = height * width;
  const most = Math.max(1, Math.floor(READ_BYTES / (size * itemSize)));
  const inFile: Patterns = {
    count,
    height,
    width,
    origin: source.path === undefined ? { kind: "memory" } : file,
    read(indices, out) {
      checkRead(indices, out, shape);
      for (let k = 0; k < indices.length; ) {
        const first = indices[k];
        let run = 1;
        while (run < most && k + run < indices.length && indices[k + run] === first + run) run++;
        const bytes = source.read(offset + first * size * itemSize, run * size * itemSize);
        out.set(frameElements(file, bytes), k * size);
        k += run;
      }
    },
  };
  return file.dcAt === "corner" ? centredPatterns(inFile) : inFile;
}

/** All frames in order as the file has them, some at a time, each row-major. */
export function* fileFrames(source: ByteSource, file: FileOrigin): Generator<NumericData, void, void> {
  const [count, height, width] = file.shape;
  const frame = height * width * file.itemSize;
  const step = Math.max(1, Math.floor(READ_BYTES / frame));
  for (let first = 0; first < count; first += step) {
    const frames = Math.min(step, count - first);
    yield frameElements(file, source.read(file.offset + first * frame, frames * frame));
  }
}

/** @param bytes whole frames */
export function frameElements(file: FileOrigin, bytes: Uint8Array): NumericData {
  const elements = decodeElements(file, bytes, file.path);
  return file.columnMajor ? rowMajor(elements, file.shape) : elements;
}

function rowMajor(frames: NumericData, [, height, width]: FileOrigin["shape"]): NumericData {
  const out = frames.slice();
  for (let start = 0; start < frames.length; start += height * width)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) out[start + y * width + x] = frames[start + x * height + y];
  return out;
}
