import type { ShownArray } from "../../canvas/shownArray.ts";
import type { ComparedObject } from "../../worker/protocol.ts";

/** An object of a comparison for its canvas. */
export const shownObject = ({ shape, data, known, pixelSizeM }: ComparedObject, name: string): ShownArray => ({
  ...{ shape, data, name, complex: true },
  ...(known === undefined ? {} : { known }),
  ...(pixelSizeM === undefined ? {} : { pixelSizeM }),
});
