import type { ComplexArray } from "../arrays.ts";
import type { Canvas } from "./canvas.ts";

/**
 * What a canvas shows of an object, 0 beyond its borders.
 * @param object `[y, x]`
 * @param origin of its first pixel: pixels of both are to lie on each other
 */
export function onCanvas(
  { shape, data }: ComplexArray,
  [top, left]: readonly [y: number, x: number],
  { height, width, origin }: Canvas,
): ComplexArray {
  const [rows, columns] = shape;
  const [down, right] = [Math.round(top - origin.y), Math.round(left - origin.x)];
  const out = new Float32Array(2 * height * width);
  const [from, to] = [Math.max(0, right), Math.min(width, right + columns)];
  for (let y = Math.max(0, down); y < Math.min(height, down + rows) && from < to; y++) {
    const row = 2 * ((y - down) * columns - right);
    out.set(data.subarray(row + 2 * from, row + 2 * to), 2 * (y * width + from));
  }
  return { shape: [height, width], data: out };
}
