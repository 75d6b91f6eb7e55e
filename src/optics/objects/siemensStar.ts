import type { Random } from "../../random.ts";
import type { Structure } from "./structure.ts";

export interface SiemensStarObject {
  readonly kind: "siemensStar";
  /** Spokes; an odd number makes the star differ from its point mirror image. Default 35. */
  readonly spokes?: number;
  /** Outer radius as a fraction of the object's shorter side. Default 0.45. */
  readonly radius?: number;
  /** Concentric gaps that cut the spokes. Default 3. */
  readonly rings?: number;
}

/**
 * Siemens star: spokes that narrow towards the centre, so that the radius where they blur is the resolution: a period
 * of 2πr / spokes pixels. The seed turns the star. Edges are one pixel wide, and the spokes fade to grey where they
 * are narrower than that.
 */
export function siemensStar(
  { spokes = 35, radius = 0.45, rings = 3 }: SiemensStarObject,
  [height, width]: readonly [number, number],
  random: Random,
): Structure {
  const outer = radius * Math.min(height, width);
  const turn = 2 * Math.PI * random.uniform();
  const gaps = Array.from({ length: rings }, (_, k) => (outer * (k + 1)) / (rings + 1));
  const gapHalfWidth = outer / 60;
  const map = new Float64Array(height * width);
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const [y, x] = [i - (height - 1) / 2, j - (width - 1) / 2];
      const r = Math.hypot(y, x);
      // Signed distances in pixels to each edge, positive inside the material; the nearest decides.
      const spoke = (r * Math.asin(Math.sin(spokes * (Math.atan2(y, x) + turn)))) / spokes;
      let inside = Math.min(spoke, outer - r);
      for (const gap of gaps) inside = Math.min(inside, Math.abs(r - gap) - gapHalfWidth);
      map[i * width + j] = Math.min(1, Math.max(0, inside + 0.5));
    }
  }
  return { amplitude: map, phase: map };
}
