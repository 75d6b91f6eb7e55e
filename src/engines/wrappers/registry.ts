import { unknownName } from "../../errors.ts";
import type { Wrapper } from "../wrapper.ts";
import { background } from "./background.ts";
import { frameIntensities } from "./frameIntensities.ts";
import { objectLimits } from "./objectLimits.ts";
import { orthogonalModes } from "./orthogonalModes.ts";
import { positions } from "./positions.ts";
import { probeCentre } from "./probeCentre.ts";
import { probeSupport } from "./probeSupport.ts";
import { smoothObject } from "./smoothObject.ts";
import { smoothSlices } from "./smoothSlices.ts";
import { totalVariation } from "./totalVariation.ts";

/**
 * Every wrapper by its name, in the order in which they work: what lights a frame before what counts it, and what holds
 * the probe last.
 */
const wrappers: readonly Wrapper[] = [
  ...[positions, frameIntensities, background],
  ...[totalVariation, smoothObject, smoothSlices, objectLimits],
  ...[probeSupport, probeCentre, orthogonalModes],
] as readonly Wrapper[];

export const wrapperNames: readonly string[] = wrappers.map(({ name }) => name);

/** @throws PtychonautError "usage" for a name that is not registered */
export function wrapperNamed(name: string): Wrapper {
  const found = wrappers.find((wrapper) => wrapper.name === name);
  if (found === undefined) throw unknownName("wrapper", name, wrapperNames);
  return found;
}
