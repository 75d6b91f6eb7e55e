import type { Random } from "../../random.ts";
import { gaussianFilter } from "../gaussianFilter.ts";
import { type Structure, toUnitRange } from "./structure.ts";

export interface LinesObject {
  readonly kind: "lines";
  /** Segments on a canvas of twice the object's side. Default: the object's longer side in pixels, which keeps the density. */
  readonly count?: number;
}

/**
 * Random straight lines, seen sharp and blurred at once: g₁ + 2 g₅ + 5 g₁₀ with g_σ the lines filtered by a Gaussian
 * of σ pixels. Structure on every scale, which makes it a demanding object (used in the publications on PtychoPINN).
 */
export function lines({ count }: LinesObject, [height, width]: readonly [number, number], random: Random): Structure {
  // Lines are drawn on a larger canvas so that density does not drop towards the edges.
  const canvas: [number, number] = [2 * height, 2 * width];
  const drawn = new Float64Array(canvas[0] * canvas[1]);
  const total = count ?? Math.max(height, width);
  for (let k = 0; k < total; k++) drawSegment(drawn, canvas, random);
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
  const structure = toUnitRange(map);
  return { amplitude: structure, phase: structure };
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
