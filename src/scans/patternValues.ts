import { frameRanges } from "../data/frameRanges.ts";
import { PtychonautError, setting } from "../errors.ts";

/** Frames shown to a check one after the other, some at a time. */
export interface MeasuredCheck {
  /** Whole frames, row-major, in order. */
  add(data: ArrayLike<number>): void;
  /** @throws PtychonautError "data" naming the first bad frame and pixel and how many frames are bad */
  finish(): void;
}

/**
 * Refuses numbers that no detector measures: NaN, infinity, below zero; and those beyond float32, which would become infinite.
 * @param belowZero whether what is below zero passes, since it will be zero
 */
export function measuredCheck(
  { count, height, width }: { readonly count: number; readonly height: number; readonly width: number },
  where: string,
  belowZero = false,
): MeasuredCheck {
  const least = belowZero ? -FLOAT32_MAX : 0;
  const size = height * width;
  let first = -1;
  let value = Number.NaN;
  const bad: number[] = [];
  let done = 0;
  return {
    add(data) {
      for (let start = 0; start < data.length; start += size) {
        const end = start + size;
        let i = start;
        // NaN fails both comparisons.
        while (i < end && data[i] >= least && data[i] <= FLOAT32_MAX) i++;
        if (i === end) continue;
        bad.push(done + start / size);
        if (bad.length > 1) continue;
        first = done * size + i;
        value = data[i];
      }
      done += data.length / size;
    },
    finish() {
      if (first < 0) return;
      const frame = Math.floor(first / size);
      const row = Math.floor((first % size) / width);
      throw new PtychonautError("data", `${kindOf(value)} value in the patterns`, {
        where: `${where}, frame ${frame}, row ${row}, column ${first % width}`,
        expected: "finite numbers within float32, none below zero",
        got: `${value} (${bad.length} of ${count} frames have such values)`,
        fix: kindOf(value) === "negative" ? `${remedy(bad, count)}; ${ofCounts}` : remedy(bad, count),
      });
    },
  };
}

const ofCounts = `or make what is below it zero, as of counts less a background: ${setting("threshold", 0.5)} with ${setting("measurement", "counts")}`;

/** Frames can be left out while others are left; bad pixels of all frames have to be told in the file. */
function remedy(bad: readonly number[], count: number): string {
  const pixels =
    "set the bad pixels to zero and add an array named mask to the file (y, x), 1 where a pixel is valid, 0 where it is bad";
  return bad.length < count
    ? `leave these frames out: ${setting("skip_frames", frameRanges(bad))}; or ${pixels}`
    : pixels;
}

/**
 * The same for frames at hand.
 * @param chunks whole frames, row-major, in order
 * @param passed whether bad numbers pass: the chunks are gone through all the same, which verifies a file's checksum
 */
export function checkMeasured(
  chunks: Iterable<ArrayLike<number>>,
  shape: { readonly count: number; readonly height: number; readonly width: number },
  where: string,
  {
    passed = false,
    belowZero = false,
  }: { readonly passed?: boolean | undefined; readonly belowZero?: boolean | undefined },
): void {
  const check = measuredCheck(shape, where, belowZero);
  for (const data of chunks) check.add(data);
  if (!passed) check.finish();
}

/** Above it a number rounds to infinity in float32, in which everything is computed. */
export const FLOAT32_MAX = 3.4028234663852886e38;

function kindOf(value: number): string {
  if (value < 0 && Number.isFinite(value)) return "negative";
  return Number.isFinite(value) ? "too large a" : "not finite";
}
