import type { ComplexArray } from "../../arrays.ts";
import type { CoveredScan } from "../../inference/coveredPatterns.ts";
import type { ObjectScales } from "../../inference/physicalObject.ts";
import { scaleParts } from "../../inference/stitch.ts";
import { fitScales, type ScaleFit } from "../../inference/varproScaling.ts";
import { isDetermined } from "../../physics/varpro.ts";

/** What the variable projection of the object's two scales found, and whether the object was scaled by it. */
export interface VarproReport extends ScaleFit {
  readonly applied: boolean;
  /** The scales of the network's own real and imaginary part: those of the trained physics times those of the fit. */
  readonly total: { readonly s1: number; readonly s2: number };
}

/**
 * Scales real and imaginary part as the data ask for, where they do.
 * @param scan what the object is to explain
 * @param object `[y, x]`, the stitched physical object
 * @param trained the scales that are in it
 * @returns report null when there is nothing to fit to
 */
export function scaledByData(
  scan: Omit<CoveredScan, "object">,
  object: ComplexArray,
  { re, im }: ObjectScales,
  warn: (line: string) => void,
): { readonly object: ComplexArray; readonly report: VarproReport | null } {
  const fit = fitScales({ ...scan, object });
  if (fit === undefined) {
    warn("no pattern lies wholly on the covered area, so varpro_scaling has nothing to fit to");
    return { object, report: null };
  }
  const { s1, s2, condition } = fit;
  const applied = isDetermined(condition) && s1 > 0;
  if (!applied) {
    const numbers = `s1 ${s1.toPrecision(3)}, s2 ${s2.toPrecision(3)}, condition ${condition.toPrecision(2)}`;
    warn(
      `the data do not determine the scales of real and imaginary part (${numbers}): varpro_scaling left them as they were`,
    );
  }
  const report = { ...fit, applied, total: applied ? { s1: re * s1, s2: im * s2 } : { s1: re, s2: im } };
  return { object: applied ? scaleParts(object, s1, s2) : object, report };
}
