import { type ComplexArray, complexZeros } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import type { Random } from "../random.ts";
import { type DeadLeavesObject, deadLeaves } from "./objects/deadLeaves.ts";
import { type GaussianFieldObject, gaussianField } from "./objects/gaussianField.ts";
import { type LinesObject, lines } from "./objects/lines.ts";
import { type SiemensStarObject, siemensStar } from "./objects/siemensStar.ts";
import type { Structure } from "./objects/structure.ts";

/** Families of test objects. */
export type ObjectShape = LinesObject | DeadLeavesObject | SiemensStarObject | GaussianFieldObject;

/** How structure becomes transmission: where it is 0 and where it is 1. */
export interface Contrast {
  /** Amplitude at structure 0 and 1. Default [1, 0.7]: matter absorbs. */
  readonly amplitude?: readonly [empty: number, full: number];
  /** Phase in radians at structure 0 and 1. Default [0, −1]: X-rays advance in matter. */
  readonly phase?: readonly [empty: number, full: number];
}

/**
 * A seeded test object, complex transmission `[height, width]`: A exp(iφ) with A and φ spanning the contrast's ranges.
 *
 * @throws PtychonautError "usage" when amplitudes are negative.
 */
export function makeObject(
  shape: ObjectShape,
  size: readonly [height: number, width: number],
  random: Random,
  { amplitude = [1, 0.7], phase = [0, -1] }: Contrast = {},
): ComplexArray {
  if (!(amplitude[0] >= 0 && amplitude[1] >= 0)) {
    throw new PtychonautError("usage", "an object's amplitude cannot be negative", {
      got: `[${amplitude.join(", ")}]`,
    });
  }
  const structure = makeStructure(shape, size, random);
  const object = complexZeros(size);
  for (let k = 0; k < structure.amplitude.length; k++) {
    const a = amplitude[0] + (amplitude[1] - amplitude[0]) * structure.amplitude[k];
    const phi = phase[0] + (phase[1] - phase[0]) * structure.phase[k];
    object.data[2 * k] = a * Math.cos(phi);
    object.data[2 * k + 1] = a * Math.sin(phi);
  }
  return object;
}

function makeStructure(shape: ObjectShape, size: readonly [number, number], random: Random): Structure {
  switch (shape.kind) {
    case "lines":
      return lines(shape, size, random);
    case "deadLeaves":
      return deadLeaves(shape, size, random);
    case "siemensStar":
      return siemensStar(shape, size, random);
    case "gaussianField":
      return gaussianField(shape, size, random);
    default:
      return shape satisfies never;
  }
}
