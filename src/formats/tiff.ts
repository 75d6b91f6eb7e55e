import { PtychonautError } from "../errors.ts";
import type { ArrayFile } from "./arrayFile.ts";
import type { ByteSource } from "./byteSource.ts";
import { frameStack } from "./frameStack.ts";
import { itemSizes, type ListedArray, listedArrays, numbers, storedArray, words } from "./listedArrays.ts";
import type { NpyArray } from "./npy.ts";
import { decodePage } from "./tiffPage.ts";
import { firstDirectory, isTiff, type TiffDirectory, tiffDirectory } from "./tiffTags.ts";

export { isTiff };

/** Pages of one shape and dtype. */
export interface TiffStack {
  readonly count: number;
  readonly directory: TiffDirectory;
  /** Pixels of some pages, one after the other, little-endian. */
  pages(first: number, count: number): Uint8Array;
  /** Where the pixels of all pages lie one after the other as they are. */
  readonly storedAt?: number;
  readonly description: string;
  /** Pages of less resolution, which are left out. */
  readonly reduced: number;
}

/** A page has fewer bytes. */
const MOST_PAGE = 2 ** 30;
/** What decompresses to more than this is honest only if it swells by less than `MOST_RATIO`. */
const LARGE = 2 ** 26;
const MOST_RATIO = 1040;

/**
 * Opens a TIFF (6.0 or BigTIFF) as a stack of grey pages: integers of 8, 16 and 32 bits and floats, in strips or tiles, as
 * they are or compressed (LZW, deflate, Zstandard, PackBits), with predictors; also ImageJ's stacks above 4 GB, whose
 * pages follow the first one without directories.
 *
 * Key: `images` [page, y, x]. Attributes of the file, where there are such: `description` (the first page's), `scan_shape`
 * (where the description gives one, as tifffile's of arrays with four axes do), `warnings`.
 * @throws PtychonautError "data": damaged, cut off, colours, pages of different shapes or dtypes
 */
export function openTiff(source: ByteSource, where: string): ArrayFile {
  const stack = tiffStack(source, where);
  return listedArrays({
    container: "TIFF",
    arrays: new Map([["images", stackArray(stack, source)]]),
    attributes: stackAttributes(stack),
    where,
  });
}

/** @param key by which another thread finds it */
export function stackArray(
  { count, directory, pages, storedAt }: TiffStack,
  source: ByteSource,
  key: string = "images",
): ListedArray {
  const { height, width, dtype, littleEndian } = directory;
  const shape = [count, height, width] as const;
  if (storedAt === undefined) return frameStack({ shape, dtype, place: { source, key }, frames: pages });
  const itemSize = itemSizes[dtype];
  const dataBytes = count * height * width * itemSize;
  return storedArray(source, storedAt, { shape, dtype, fortranOrder: false, littleEndian, itemSize, dataBytes });
}

function stackAttributes({ description, count, reduced }: TiffStack): Readonly<Record<string, NpyArray>> {
  const shape = describedScan(description, count);
  return {
    ...(description === "" ? {} : { description: words(description) }),
    ...(shape === undefined ? {} : { scan_shape: numbers(...shape) }),
    ...(reduced === 0 ? {} : { warnings: words(`${reduced} pages of reduced resolution are left out`) }),
  };
}

/** tifffile writes the shape of the array into the first page's description. */
function describedScan(description: string, count: number): readonly number[] | undefined {
  const shape = /^\{"shape": \[([\d, ]+)\]/.exec(description)?.[1].split(",").map(Number) ?? [];
  return shape.length === 4 && shape[0] * shape[1] === count ? shape.slice(0, 2) : undefined;
}

/** Reads the directories of all pages. @throws PtychonautError "data", see `openTiff` */
export function tiffStack(source: ByteSource, where: string): TiffStack {
  const offsets: number[] = [];
  const seen = new Set<number>();
  let first: TiffDirectory | undefined;
  let [reduced, end, together, total, pieces] = [0, 0, true, 0, 0];
  for (let at = firstDirectory(source, where); at !== 0; ) {
    if (seen.has(at)) throw damaged("its pages go round in a circle", where);
    seen.add(at);
    const page = tiffDirectory(source, at, `${where}: page ${offsets.length}`);
    if (page.isReduced && first !== undefined) reduced++;
    else {
      checkPage(page, first, `${where}: page ${offsets.length}`);
      together = together && page.plainAt !== undefined && (first === undefined || page.plainAt === end);
      end = (page.plainAt ?? 0) + sizeOfPage(page);
      const stored = page.pieces();
      total += stored.reduce((sum, { bytes }) => sum + bytes, 0);
      // Each page has a list of its own of where its pieces are, four bytes for each.
      pieces += stored.length - 1;
      if (4 * pieces > source.size) throw damaged("its pages claim more pieces than can be in it", where);
      first ??= page;
      offsets.push(at);
    }
    at = page.next;
  }
  if (first === undefined) throw damaged("it has no page", where);
  const described = imageJPages(first, offsets.length, source, where);
  const count = described ?? offsets.length;
  const size = sizeOfPage(first);
  const bytes = count * size;
  // Pages may share their pixels, and what is compressed may claim anything.
  if (
    first.compression === 1 ? bytes > source.size : bytes > LARGE && bytes > MOST_RATIO * Math.min(total, source.size)
  )
    throw damaged("its pages claim more pixels than can be in it", where);
  const stored = together || described !== undefined ? first.plainAt : undefined;
  return {
    ...{ count, directory: first, description: first.description, reduced },
    pages(from, some) {
      const out = new Uint8Array(some * size);
      for (let k = 0; k < some; k++) {
        const place = `${where}: page ${from + k}`;
        out.set(decodePage(source, tiffDirectory(source, offsets[from + k], place), place), k * size);
      }
      return out;
    },
    ...(stored === undefined ? {} : { storedAt: stored }),
  };
}

const sizeOfPage = ({ height, width, dtype }: TiffDirectory): number => height * width * itemSizes[dtype];

function checkPage(page: TiffDirectory, first: TiffDirectory | undefined, where: string): void {
  const bytes = sizeOfPage(page);
  if (bytes === 0 || bytes > MOST_PAGE)
    throw new PtychonautError("data", "a page of this size is not read", {
      where,
      got: `${page.height} × ${page.width} of ${page.dtype}`,
    });
  if (first === undefined) return;
  const described = ({ height, width, dtype }: TiffDirectory): string => `(${height}, ${width}) of ${dtype}`;
  if (described(page) !== described(first))
    throw new PtychonautError("data", "the pages of a stack have different shapes or dtypes", {
      where,
      expected: `${described(first)}, as the first`,
      got: described(page),
    });
}

/** ImageJ's stacks say how many pages follow the first one's pixels without directories. */
function imageJPages(first: TiffDirectory, pages: number, source: ByteSource, where: string): number | undefined {
  const claimed = Number(/^ImageJ=[^\n]*\n(?:.*\n)*?images=(\d+)/.exec(first.description)?.[1] ?? 0);
  if (claimed <= 1 || pages > 1 || first.plainAt === undefined) return undefined;
  const there = Math.floor((source.size - first.plainAt) / sizeOfPage(first));
  if (there >= claimed) return claimed;
  throw new PtychonautError("data", "the stack is cut off", {
    where,
    expected: `${claimed} pages, as its description says`,
    got: `${there}`,
    fix: "copy or download the file again",
  });
}

const damaged = (what: string, where: string): PtychonautError =>
  new PtychonautError("data", `damaged or truncated TIFF: ${what}`, { where, fix: "save or copy the file again" });
