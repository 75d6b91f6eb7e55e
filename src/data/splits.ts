import { PtychonautError, setting } from "../errors.ts";
import type { Random } from "../random.ts";

export interface Split {
  /** Frame indices, ascending. */
  readonly training: readonly number[];
  /** Frame indices, ascending; empty when nothing is held back. */
  readonly validation: readonly number[];
}

/**
 * Holds back part of the frames. `random` draws them; `spatial` takes one contiguous side of the scan along its longer
 * axis, so that validation patterns see an area that hardly any training pattern saw.
 *
 * @param positions `[frame, 2]` as (y, x), of the whole scan
 * @param fraction 0 ≤ fraction < 1; above 0 at least one frame is held back and at least one is left
 * @throws PtychonautError "usage" for a fraction outside, or one above 0 with a single frame
 */
export function splitFrames(
  positions: Float64Array,
  frames: ArrayLike<number>,
  {
    fraction,
    mode = "random",
    where,
  }: { readonly fraction: number; readonly mode?: "random" | "spatial"; readonly where?: string },
  random: Random,
): Split {
  if (!(fraction >= 0 && fraction < 1))
    throw new PtychonautError("usage", "validation fraction out of range", {
      expected: "0 to below 1",
      got: `${fraction}`,
    });
  if (fraction === 0) return { training: ascending(Array.from(frames)), validation: [] };
  if (frames.length < 2)
    throw new PtychonautError("usage", "too few patterns to hold any back for validation", {
      ...(where === undefined ? {} : { where }),
      got: `${frames.length}`,
      fix: `hold none back: ${setting("validation_fraction", 0)}`,
    });
  const held = Math.min(frames.length - 1, Math.max(1, Math.round(fraction * frames.length)));
  const order = mode === "random" ? random.shuffle(Array.from(frames)) : alongLongerAxis(positions, Array.from(frames));
  return {
    training: ascending(order.slice(0, order.length - held)),
    validation: ascending(order.slice(order.length - held)),
  };
}

function alongLongerAxis(positions: Float64Array, frames: number[]): number[] {
  const extent = (axis: 0 | 1): number => {
    const values = frames.map((frame) => positions[2 * frame + axis]);
    return values.reduce((a, b) => Math.max(a, b)) - values.reduce((a, b) => Math.min(a, b));
  };
  const axis = extent(0) > extent(1) ? 0 : 1;
  return frames.sort((a, b) => positions[2 * a + axis] - positions[2 * b + axis] || a - b);
}

const ascending = (frames: number[]): number[] => frames.sort((a, b) => a - b);
