import { meanPhaseAtZero } from "../../src/pictures/meanPhase.ts";
import type { Reconstruction } from "../../src/reconstructions/reconstructionNpz.ts";
import type { Markers } from "./arrayCanvas.ts";
import type { ShownArray } from "./shownArray.ts";

/**
 * A reconstruction's object as figures show it, its mean phase, which is physically free, turned to zero, and where its
 * frames were taken.
 */
export function shownReconstruction({ object, coverage, positions, origin, pixelSizeM }: Reconstruction): {
  readonly object: ShownArray;
  readonly markers: Markers;
} {
  return {
    object: {
      ...meanPhaseAtZero(object, coverage),
      complex: true,
      name: "object",
      known: coverage,
      ...(pixelSizeM === undefined ? {} : { pixelSizeM }),
    },
    markers: { places: positions.map((place, i) => place - (i % 2 === 0 ? origin.y : origin.x)) },
  };
}
