import type { Slices } from "../../engines/scan.ts";
import { checkNearFieldSampling, nearFieldSampling } from "../../optics/nearField.ts";

/** Phase in radians that finest detail takes on between slices, below which they are hardly told apart. */
const TOLD_APART = 0.3;

/**
 * What is to be doubted of slices in windows of this side.
 * @throws PtychonautError "data" where light spreads beyond the windows between slices
 */
export function sliceWarnings({ count, between }: Slices, side: number, where: string): readonly string[] {
  checkNearFieldSampling(between, [side], `${where}, between slices`);
  const { phase, finest } = nearFieldSampling(between, side);
  return [
    ...(phase >= TOLD_APART
      ? []
      : [
          `${count} slices are hardly told apart: the finest detail takes on ${phase.toPrecision(2)} rad from one to the next, and ${TOLD_APART} or more would tell`,
        ]),
    ...(finest <= 2
      ? []
      : [
          `between slices nothing finer than ${finest.toPrecision(3)} pixels is computed, whose light would spread beyond half a window of ${side}`,
        ]),
  ];
}
