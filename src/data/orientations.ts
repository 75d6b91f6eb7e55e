/**
 * How an image is turned: first rows and columns exchanged, then each axis turned round. Axes turn about index floor(n/2),
 * cyclically, so that the zero frequency stays where it is: index i goes to 2 floor(n/2) − i, modulo n. Of an even side,
 * index 0 stays too: it stands for the frequencies at both ends.
 */
export interface Orientation {
  readonly transposed: boolean;
  readonly flippedY: boolean;
  readonly flippedX: boolean;
}

/** All turns but none. Quarter turns are counterclockwise as one sees an image whose rows go down. */
export type OrientationName =
  | "rotate90"
  | "rotate180"
  | "rotate270"
  | "flip_y"
  | "flip_x"
  | "transpose"
  | "antitranspose";

const turn = (transposed: boolean, flippedY: boolean, flippedX: boolean): Orientation => ({
  transposed,
  flippedY,
  flippedX,
});

export const orientations: Readonly<Record<OrientationName, Orientation>> = {
  rotate90: turn(true, true, false),
  rotate180: turn(false, true, true),
  rotate270: turn(true, false, true),
  flip_y: turn(false, true, false),
  flip_x: turn(false, false, true),
  transpose: turn(true, false, false),
  antitranspose: turn(true, true, true),
};

/** @param out of `[width, height]` where rows and columns are exchanged, else `[height, width]` */
export function turnImage(
  image: Float32Array,
  [height, width]: readonly [number, number],
  { transposed, flippedY, flippedX }: Orientation,
  out: Float32Array,
): void {
  const [rows, columns] = transposed ? [width, height] : [height, width];
  const fromRow = placesAlong(rows, flippedY);
  const fromColumn = placesAlong(columns, flippedX);
  const [down, right] = transposed ? [1, width] : [width, 1];
  // In squares, so that both sides of an exchange stay in the cache.
  for (let top = 0; top < rows; top += BLOCK)
    for (let left = 0; left < columns; left += BLOCK)
      for (let y = top; y < Math.min(rows, top + BLOCK); y++) {
        const start = fromRow[y] * down;
        for (let x = left; x < Math.min(columns, left + BLOCK); x++)
          out[y * columns + x] = image[start + fromColumn[x] * right];
      }
}

const BLOCK = 32;

const placesAlong = (n: number, flipped: boolean): Int32Array =>
  Int32Array.from({ length: n }, (_, i) => (flipped ? (2 * Math.floor(n / 2) - i + n) % n : i));
