import { unknownName } from "../../errors.ts";
import type { Wrapper } from "../wrapper.ts";
import { background } from "./background.ts";
import { frameIntensities } from "./frameIntensities.ts";
import { orthogonalModes } from "./orthogonalModes.ts";
import { positions } from "./positions.ts";

/**
 * Every wrapper by its name, in the order in which they work: what lights a frame before what counts it, and what holds
 * the probe last.
 */
const wrappers: readonly Wrapper[] = [positions, frameIntensities, background, orthogonalModes] as readonly Wrapper[];

export const wrapperNames: readonly string[] = wrappers.map(({ name }) => name);

/** @throws PtychonautError "usage" for a name that is not registered */
export function wrapperNamed(name: string): Wrapper {
  const found = wrappers.find((wrapper) => wrapper.name === name);
  if (found === undefined) throw unknownName("wrapper", name, wrapperNames);
  return found;
}
