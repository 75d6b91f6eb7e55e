import { sizeOf } from "../../arrays.ts";
import type { MountedFile } from "./mount.ts";
import type { Box, Hdf5Header } from "./reader.ts";

/** Smaller reads go through a buffer of the library, which reads more at a time than it was asked for. */
const DIRECT = 2 ** 16 + 1;

/**
 * Where a dataset's elements lie in its file one after the other, as they are. The library does not tell; but what lies so it
 * reads in one go, so a look at where it reads does: for the first elements and for the last.
 * @param header of a dataset without chunks
 * @param read of its elements
 */
export function placeInFile(
  { shape, itemSize, dtype }: Hdf5Header,
  file: MountedFile,
  read: (box: Box) => unknown,
): number | undefined {
  const size = sizeOf(shape) * itemSize;
  if (dtype === "string" || dtype === "object" || size < DIRECT) return undefined;
  const row = size / shape[0];
  const some = Math.ceil(DIRECT / row);
  const readAt = (first: number): number | undefined => {
    file.takeReads();
    read({ start: [first, ...shape.slice(1).map(() => 0)], count: [some, ...shape.slice(1)] });
    return file.takeReads().find(([, length]) => length === some * row)?.[0];
  };
  const [begin, last] = [readAt(0), readAt(shape[0] - some)];
  return begin !== undefined && last === begin + size - some * row ? begin : undefined;
}
