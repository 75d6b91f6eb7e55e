import { PtychonautError } from "../errors.ts";

/**
 * Refuses numbers that no detector measures: NaN, infinity, below zero.
 * @param chunks whole frames, row-major, in order
 * @throws PtychonautError "data" naming the first bad frame and pixel and how many frames are bad
 */
export function checkMeasured(
  chunks: Iterable<ArrayLike<number>>,
  { count, height, width }: { readonly count: number; readonly height: number; readonly width: number },
  where: string,
): void {
  const size = height * width;
  let first = -1;
  let value = Number.NaN;
  let bad = 0;
  let done = 0;
  for (const data of chunks) {
    for (let start = 0; start < data.length; start += size) {
      const end = start + size;
      let i = start;
      // NaN fails both comparisons.
      while (i < end && data[i] >= 0 && data[i] < Number.POSITIVE_INFINITY) i++;
      if (i === end) continue;
      if (bad++ > 0) continue;
      first = done * size + i;
      value = data[i];
    }
    done += data.length / size;
  }
  if (first < 0) return;
  const frame = Math.floor(first / size);
  const row = Math.floor((first % size) / width);
  throw new PtychonautError("data", `${Number.isFinite(value) ? "negative" : "not finite"} value in the patterns`, {
    where: `${where}, frame ${frame}, row ${row}, column ${first % width}`,
    expected: "finite numbers, none below zero",
    got: `${value} (${bad} of ${count} frames have such values)`,
    fix: "remove the bad frames, or set bad pixels to zero and mark them in `mask`",
  });
}
