import type { RealArray } from "../../arrays.ts";
import type { PatternOperation } from "../../data/patternOperation.ts";
import type { Sides } from "../../data/patternOperations.ts";
import { PtychonautError } from "../../errors.ts";
import { optionAdvice, type ScanOptions } from "../scanOptions.ts";

/**
 * Operations that change the patterns' values alone: background, threshold, gain.
 * @param image of the background, `[y, x]`
 * @throws PtychonautError "usage" for both a number and an image; "data" for an image that does not fit
 */
export function valueOperations(
  options: ScanOptions,
  image: RealArray | undefined,
  sides: Sides,
  where: string,
): readonly PatternOperation[] {
  const { background, threshold, countsPerPhoton } = options;
  if (image !== undefined) checkImage(image, sides, where);
  const counts = image?.data ?? background;
  return [
    ...(counts === undefined || counts === 0 ? [] : [{ kind: "subtract", counts } as const]),
    ...(threshold === undefined ? [] : [{ kind: "threshold", counts: threshold } as const]),
    ...(countsPerPhoton === undefined || countsPerPhoton === 1 ? [] : [{ kind: "gain", countsPerPhoton } as const]),
  ];
}

function checkImage({ shape, data }: RealArray, [height, width]: Sides, where: string): void {
  const bad = data.find((value) => !(value >= 0 && Number.isFinite(value)));
  const fits = shape.join() === `${height},${width}`;
  if (fits && bad === undefined) return;
  throw new PtychonautError("data", "the background does not fit the patterns", {
    where,
    expected: `finite counts, none below zero, (${height}, ${width})`,
    got: fits ? `${bad}` : `(${shape.join(", ")})`,
    fix: `give one that was taken as the patterns were: ${optionAdvice("backgroundFile", "FILE::ARRAY")}`,
  });
}

/**
 * What was done to the values, with the counts that it took.
 * @param counts mean counts in a frame before the first operation and after each
 */
export function valueText(operations: readonly PatternOperation[], counts: readonly number[]): readonly string[] {
  return operations.map((operation, k) => {
    const share =
      counts[k] > 0 ? `${(100 * (1 - counts[k + 1] / counts[k])).toPrecision(3)} % of the counts` : "no counts";
    switch (operation.kind) {
      case "subtract":
        return `background of ${typeof operation.counts === "number" ? `${operation.counts} counts` : "an image"} taken off, never below zero: ${share}`;
      case "threshold":
        return `fewer than ${operation.counts} counts made zero: ${share}`;
      case "gain":
        return `counts divided by ${operation.countsPerPhoton} a photon`;
      default:
        return operation.kind;
    }
  });
}
