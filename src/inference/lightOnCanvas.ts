import type { ComplexArray } from "../arrays.ts";
import { type Canvas, toCanvas } from "./canvas.ts";

/**
 * Light of a probe on each pixel of a canvas, Σ |P|² over modes and positions, each at its nearest pixel.
 * @param probe `[mode, h, w]`
 * @param positions `[frame, 2]` as (y, x), window centres in object pixels
 * @returns `[y, x]`
 */
export function lightOnCanvas({ shape, data }: ComplexArray, positions: Float64Array, canvas: Canvas): Float64Array {
  const [modes, height, width] = shape;
  const power = new Float64Array(height * width);
  for (let i = 0; i < modes * height * width; i++)
    power[i % (height * width)] += data[2 * i] ** 2 + data[2 * i + 1] ** 2;
  const light = new Float64Array(canvas.height * canvas.width);
  for (let k = 0; k < positions.length; k += 2) {
    const centre = toCanvas(canvas, positions[k], positions[k + 1]);
    const [top, left] = [Math.round(centre.y) - Math.floor(height / 2), Math.round(centre.x) - Math.floor(width / 2)];
    for (let y = Math.max(0, -top); y < Math.min(height, canvas.height - top); y++)
      for (let x = Math.max(0, -left); x < Math.min(width, canvas.width - left); x++)
        light[(top + y) * canvas.width + left + x] += power[y * width + x];
  }
  return light;
}
