import type { ArrayFile, ArrayHeader } from "./arrayFile.ts";
import { withViews } from "./arrayViews.ts";
import type { NumericArray, NumericData } from "./npy.ts";
import { wholeUnits } from "./pieces.ts";

/** First rows and columns are exchanged, then rows, then columns run the other way: index i becomes n − 1 − i. */
export interface ImageTurn {
  readonly transposed: boolean;
  readonly rowsReversed: boolean;
  readonly columnsReversed: boolean;
}

/** Bytes of images that are turned at a time. */
const BLOCK_BYTES = 2 ** 22;

/** A file in which each image of one array, its last two axes, is turned. @param key of real numbers, row-major */
export function withTurnedImages(file: ArrayFile, key: string, turn: ImageTurn): ArrayFile {
  const stored = file.header(key);
  const [height, width] = stored.shape.slice(-2) as [number, number];
  const leading = stored.shape.slice(0, -2);
  const header: ArrayHeader = {
    ...stored,
    shape: turn.transposed ? [...leading, width, height] : stored.shape,
  };
  const readImages = (first: number, count: number): NumericData =>
    turned(file.readImages(key, first, count), [height, width], turn);
  const readNumbers = (): NumericArray => {
    const { dtype, data } = file.readNumbers(key);
    return { shape: header.shape, dtype, data: turned(data, [height, width], turn) };
  };
  /** Bytes as the file has them, so that any dtype stays what it is. */
  function* elements(): Generator<Uint8Array, void, void> {
    const size = height * width * stored.itemSize;
    for (const block of wholeUnits(file.elements(key), size, BLOCK_BYTES))
      yield turned(block, [height, width], turn, stored.itemSize);
  }
  return withViews(file, (name) => name === key, {
    header: () => header,
    readNumbers,
    readImages: (_, first, count) => readImages(first, count),
    elements,
  });
}

/** @param itemSize how many entries of the array an element takes */
function turned<T extends NumericData>(
  images: T,
  [height, width]: readonly [number, number],
  { transposed, rowsReversed, columnsReversed }: ImageTurn,
  itemSize = 1,
): T {
  const [rows, columns] = transposed ? [width, height] : [height, width];
  const [down, right] = transposed ? [1, width] : [width, 1];
  const out = images.slice() as T;
  for (let start = 0; start < images.length; start += height * width * itemSize)
    for (let y = 0; y < rows; y++) {
      const row = (rowsReversed ? rows - 1 - y : y) * down;
      for (let x = 0; x < columns; x++) {
        const from = start + (row + (columnsReversed ? columns - 1 - x : x) * right) * itemSize;
        const to = start + (y * columns + x) * itemSize;
        for (let k = 0; k < itemSize; k++) out[to + k] = images[from + k];
      }
    }
  return out;
}
