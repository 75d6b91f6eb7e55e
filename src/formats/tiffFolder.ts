import { PtychonautError } from "../errors.ts";
import type { ArrayFile } from "./arrayFile.ts";
import type { ByteSource } from "./byteSource.ts";
import { frameStack } from "./frameStack.ts";
import { itemSizes, listedArrays, words } from "./listedArrays.ts";
import { missingNumbers } from "./naturalOrder.ts";
import { type TiffStack, tiffStack } from "./tiff.ts";

/** How the names of images end that make a scan together. */
const ENDINGS = [".tif", ".tiff"];

/** Whether a file's name is that of one of the images of a folder. */
export const isImageName = (name: string): boolean =>
  !name.startsWith(".") && ENDINGS.some((ending) => name.toLowerCase().endsWith(ending));

/** A file of a folder. */
export interface NamedSource {
  readonly name: string;
  readonly source: ByteSource;
}

/**
 * Opens TIFFs as one stack, in the order given, each with all its pages.
 *
 * Key: `images` [page, y, x]. Attributes of the whole: `files` (how many), `first_file`, `last_file`, `warnings` (numbers that
 * are missing among the names).
 * @param where names the folder in errors
 * @throws PtychonautError "data" as `openTiff`; also for files of different shapes or dtypes
 */
export function openTiffFolder(files: readonly NamedSource[], where: string): ArrayFile {
  const stacks = files.map(({ name, source }) => ({ name, stack: tiffStack(source, `${where}: ${name}`) }));
  const first = stacks[0];
  if (first === undefined) throw new PtychonautError("data", "no image in this folder", { where });
  for (const other of stacks) checkAlike(other, first, where);
  const { height, width, dtype } = first.stack.directory;
  /** Of each file's first page among all. */
  const starts: number[] = [];
  let count = 0;
  for (const { stack } of stacks) {
    starts.push(count);
    count += stack.count;
  }
  const size = height * width * itemSizes[dtype];
  const frames = (from: number, some: number): Uint8Array => {
    const out = new Uint8Array(some * size);
    for (let k = fileOf(starts, from); k < stacks.length && starts[k] < from + some; k++) {
      const { stack } = stacks[k];
      const [begin, end] = [Math.max(from, starts[k]), Math.min(from + some, starts[k] + stack.count)];
      out.set(stack.pages(begin - starts[k], end - begin), (begin - from) * size);
    }
    return out;
  };
  const missing = missingNumbers(files.map(({ name }) => name));
  return listedArrays({
    container: "TIFF",
    arrays: new Map([["images", frameStack({ shape: [count, height, width], dtype, frames })]]),
    attributes: {
      files: { shape: [], dtype: "float64", data: Float64Array.of(files.length) },
      first_file: words(files[0].name),
      last_file: words(files[files.length - 1].name),
      ...(missing.length === 0
        ? {}
        : { warnings: words(`the names of the images leave out the numbers ${missing.slice(0, 20).join(", ")}`) }),
    },
    where,
  });
}

interface Named {
  readonly name: string;
  readonly stack: TiffStack;
}

function checkAlike(other: Named, first: Named, where: string): void {
  const described = ({ stack: { directory } }: Named): string =>
    `(${directory.height}, ${directory.width}) of ${directory.dtype}`;
  if (described(other) === described(first)) return;
  throw new PtychonautError("data", "the images of a folder have different shapes or dtypes", {
    where: `${where}: ${other.name}`,
    expected: `${described(first)}, as ${first.name}`,
    got: described(other),
    fix: "move what is not of the scan to another folder",
  });
}

/** The file with a page: the last that starts before it or at it. */
function fileOf(starts: readonly number[], page: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (starts[middle] <= page) low = middle;
    else high = middle - 1;
  }
  return low;
}
