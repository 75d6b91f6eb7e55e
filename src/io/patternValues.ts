import { PtychonautError } from "../errors.ts";

/**
 * Refuses numbers that no detector measures: NaN, infinity, below zero.
 * @throws PtychonautError "data" naming the first bad frame and pixel and how many frames are bad
 */
export function checkMeasured(
  data: ArrayLike<number>,
  { count, height, width }: { readonly count: number; readonly height: number; readonly width: number },
  where: string,
): void {
  const size = height * width;
  let first = -1;
  let bad = 0;
  for (let frame = 0; frame < count; frame++) {
    const end = (frame + 1) * size;
    let i = frame * size;
    // NaN fails both comparisons.
    while (i < end && data[i]! >= 0 && data[i]! < Number.POSITIVE_INFINITY) i++;
    if (i === end) continue;
    bad++;
    if (first < 0) first = i;
  }
  if (first < 0) return;
  const frame = Math.floor(first / size);
  const row = Math.floor((first % size) / width);
  const value = data[first]!;
  throw new PtychonautError("data", `${Number.isFinite(value) ? "negative" : "not finite"} value in the patterns`, {
    where: `${where}, frame ${frame}, row ${row}, column ${first % width}`,
    expected: "finite numbers, none below zero",
    got: `${value} (${bad} of ${count} frames have such values)`,
    fix: "remove the bad frames, or set bad pixels to zero and mark them in `mask`",
  });
}
