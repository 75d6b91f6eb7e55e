import type { Measurement } from "../../data/dataset.ts";
import type { PatternOperation } from "../../data/patternOperation.ts";
import { PtychonautError } from "../../errors.ts";
import { optionAdvice, type ScanOptions } from "../scanOptions.ts";

/**
 * Operations that change the patterns' values alone: background, threshold, gain.
 * @param image of the background, `[y, x]`
 * @throws PtychonautError "usage" for both a number and an image
 */
export function valueOperations(
  { background, backgroundFile, threshold, countsPerPhoton }: ScanOptions,
  image: Float32Array | undefined,
  where: string,
): readonly PatternOperation[] {
  if (background !== undefined && backgroundFile !== undefined)
    throw new PtychonautError("usage", "the background is a number or an image", {
      where,
      got: `${optionAdvice("background", `${background}`)} and ${optionAdvice("backgroundFile", backgroundFile)}`,
      fix: "say one of them",
    });
  const counts = image ?? background;
  return [
    ...(counts === undefined || counts === 0 ? [] : [{ kind: "subtract", counts } as const]),
    ...(threshold === undefined ? [] : [{ kind: "threshold", counts: threshold } as const]),
    ...(countsPerPhoton === undefined || countsPerPhoton === 1 ? [] : [{ kind: "gain", countsPerPhoton } as const]),
  ];
}

/** Whether these operations make counts below zero, as of patterns less some background, zero. */
export const zeroesNegatives = (
  { background = 0, backgroundFile, threshold }: ScanOptions,
  measurement: Measurement,
): boolean => measurement === "counts" && (background > 0 || backgroundFile !== undefined || threshold !== undefined);

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
