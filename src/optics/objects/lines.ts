import { gaussianFilter } from "../../numerics/gaussianFilter.ts";
import type { Random } from "../../random.ts";
import { type Structure, toUnitRange } from "./structure.ts";

export interface LinesObject {
  readonly kind: "lines";
  /** Segments on a canvas of twice the object's side. Default: the object's longer side in pixels, which keeps the density. */
  readonly count?: number;
}

/** The map below, stretched to [0, 1]. */
export function lines({ count }: LinesObject, size: readonly [number, number], random: Random): Structure {
  const structure = toUnitRange(lineMap(count ?? Math.max(...size), size, random));
  return { amplitude: structure, phase: structure };
}

/**
 * Random straight lines, seen sharp and blurred at once: g₁ + 2 g₅ + 5 g₁₀ with g_σ the lines (1 where there is one, else
 * 0) filtered by a Gaussian of σ pixels. Structure on every scale, which makes it a demanding object (used in the
 * publications on PtychoPINN).
 *
 * @param count segments on a canvas of twice the size, of which the middle is taken: density does not drop at the edges
 * @returns `[height, width]`
 */
export function lineMap(
  count: number,
  [height, width]: readonly [height: number, width: number],
  random: Random,
): Float64Array {
  const canvas: [number, number] = [2 * height, 2 * width];
  const drawn = new Float64Array(canvas[0] * canvas[1]);
  for (let k = 0; k < count; k++) drawSegment(drawn, canvas, random);
  const map = new Float64Array(height * width);
  for (const [weight, sigma] of [
    [1, 1],
    [2, 5],
    [5, 10],
  ] as const) {
    const filtered = gaussianFilter(drawn, canvas, sigma);
    const [top, left] = [Math.floor(height / 2), Math.floor(width / 2)];
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width; j++) map[i * width + j] += weight * filtered[(i + top) * canvas[1] + j + left];
    }
  }
  return map;
}

/** A segment one pixel wide between two random points. */
function drawSegment(canvas: Float64Array, [height, width]: readonly [number, number], random: Random): void {
  const [y0, x0] = [random.integer(height), random.integer(width)];
  const [y1, x1] = [random.integer(height), random.integer(width)];
  const steps = Math.max(1, Math.abs(y1 - y0), Math.abs(x1 - x0));
  for (let s = 0; s <= steps; s++) {
    const y = Math.round(y0 + ((y1 - y0) * s) / steps);
    const x = Math.round(x0 + ((x1 - x0) * s) / steps);
    canvas[y * width + x] = 1;
  }
}
