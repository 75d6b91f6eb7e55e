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
 * @param counts mean counts in a frame before the first operation and after each
 * @throws PtychonautError "usage" where an operation leaves nothing, or numbers that float32 cannot hold
 */
export function checkLeft(operations: readonly PatternOperation[], counts: readonly number[], where: string): void {
  for (const [k, operation] of operations.entries()) {
    const [before, after] = [counts[k], counts[k + 1]];
    if (!(before > 0) || (after > 0 && Number.isFinite(after))) continue;
    throw new PtychonautError(
      "usage",
      `${after === 0 ? "nothing" : "no number that can be kept"} is left of the patterns`,
      {
        where,
        expected: "counts above zero, within float32",
        got: `${stated(operation)} and ${Number(before.toPrecision(4))} counts in a mean pattern before`,
        fix: "say a smaller value, or one of another order, or leave it out",
      },
    );
  }
}

function stated(operation: PatternOperation): string {
  switch (operation.kind) {
    case "subtract":
      return typeof operation.counts === "number"
        ? optionAdvice("background", `${operation.counts}`)
        : "this background";
    case "threshold":
      return optionAdvice("threshold", `${operation.counts}`);
    case "gain":
      return optionAdvice("countsPerPhoton", `${operation.countsPerPhoton}`);
    default:
      return operation.kind;
  }
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
