import { unknownName } from "../../errors.ts";
import type { Wrapper } from "../wrapper.ts";
import { aperture } from "./aperture.ts";
import { background } from "./background.ts";
import { detectorBlur } from "./detectorBlur.ts";
import { frameIntensities } from "./frameIntensities.ts";
import { gridArtefacts } from "./gridArtefacts.ts";
import { objectLimits } from "./objectLimits.ts";
import { opr } from "./opr.ts";
import { orthogonalModes } from "./orthogonalModes.ts";
import { positions } from "./positions/positions.ts";
import { probeCentre } from "./probeCentre.ts";
import { heldPower } from "./probePower.ts";
import { probeSupport } from "./probeSupport.ts";
import { smoothObject } from "./smoothObject.ts";
import { smoothSlices } from "./smoothSlices.ts";
import { sparseObject } from "./sparseObject.ts";
import { totalVariation } from "./totalVariation.ts";

/**
 * Every wrapper by its name, in the order in which they work: what lights a frame before what counts it, and what holds
 * the probe last.
 */
const wrappers: readonly Wrapper[] = [
  ...[positions, opr, frameIntensities, detectorBlur, background],
  ...[gridArtefacts, totalVariation, smoothObject, smoothSlices, sparseObject, objectLimits],
  ...[probeSupport, aperture, heldPower, probeCentre, orthogonalModes],
] as readonly Wrapper[];

export const wrapperNames: readonly string[] = wrappers.map(({ name }) => name);

/** @throws PtychonautError "usage" for a name that is not registered */
export function wrapperNamed(name: string): Wrapper {
  const found = wrappers.find((wrapper) => wrapper.name === name);
  if (found === undefined) throw unknownName("wrapper", name, wrapperNames);
  return found;
}
