import { PtychonautError } from "../errors.ts";
import { optionAdvice } from "./scanOptions.ts";

/** How an array of patterns maps to `[frame, y, x]`. */
export interface PatternLayout {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** True when frames are the last axis and the array must be transposed. */
  readonly framesLast: boolean;
}

/**
 * Finds the frame axis from the number of positions: `(n, H, W)` or `(H, W, n)`, and refuses where both fit. Axes before
 * the last two may be several (a raster as `(rows, columns, H, W)`, leading ones); together they count frames.
 *
 * @param positions number of scan positions in the file
 * @throws PtychonautError "data": ambiguous, or the numbers of patterns and positions differ
 */
export function patternLayout(
  shape: readonly number[],
  positions: number,
  frameAxis: "first" | "last" | undefined,
  where: string,
): PatternLayout {
  const shown = `(${shape.join(", ")})`;
  if (shape.length < 3)
    throw new PtychonautError("data", "patterns have too few axes", {
      where,
      expected: "(frame, y, x) or (y, x, frame)",
      got: shown,
    });
  const leading = shape.slice(0, -2).reduce((product, extent) => product * extent, 1);
  const [height, width] = shape.slice(-2) as [number, number];
  const first: PatternLayout = { count: leading, height, width, framesLast: false };
  const last: PatternLayout | undefined =
    shape.length === 3 ? { count: shape[2], height: shape[0], width: shape[1], framesLast: true } : undefined;
  if (frameAxis === "last" && last === undefined)
    throw new PtychonautError("usage", "frameAxis last needs three axes", { where, got: shown });
  if (frameAxis !== undefined) return checkCount(frameAxis === "first" ? first : last!, positions, where, shown);

  const firstFits = first.count === positions;
  const lastFits = last?.count === positions;
  if (firstFits && lastFits)
    throw new PtychonautError("data", "the frame axis is ambiguous", {
      where,
      expected: "a shape in which only one axis has the number of positions",
      got: `${shown} with ${positions} positions`,
      fix: `say it with ${optionAdvice("frameAxis", "first")} or ${optionAdvice("frameAxis", "last")}`,
    });
  if (firstFits) return first;
  if (lastFits) return last;
  // Neither fits: judge by the square frame, so that the message counts the right axis.
  return checkCount(
    last !== undefined && height !== width && shape[0] === shape[1] ? last : first,
    positions,
    where,
    shown,
  );
}

/** Copies `(y, x, frame)` into `(frame, y, x)`. */
export function framesToFront<T extends { readonly length: number; [index: number]: number; slice(): unknown }>(
  data: T,
  { count, height, width }: PatternLayout,
): T {
  const out = data.slice() as T;
  const size = height * width;
  for (let pixel = 0; pixel < size; pixel++)
    for (let frame = 0; frame < count; frame++) out[frame * size + pixel] = data[pixel * count + frame];
  return out;
}

function checkCount(layout: PatternLayout, positions: number, where: string, shown: string): PatternLayout {
  if (layout.count === positions) return layout;
  const fewer = positions < layout.count;
  throw new PtychonautError("data", `${fewer ? "fewer" : "more"} positions than patterns`, {
    where,
    expected: `${layout.count} positions for patterns of shape ${shown}`,
    got: `${positions}`,
    fix: fewer
      ? "save the missing positions, or cut the patterns to the frames that have one"
      : "save only the positions whose patterns are in the file; which ones are missing cannot be guessed",
  });
}
