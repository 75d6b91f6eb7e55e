import { PtychonautError, setting } from "../../errors.ts";
import { farField } from "./farField.ts";
import type { Propagator } from "./propagator.ts";

/** Every way a wave can travel from sample to detector, by its name. A new one is a file and a line here. */
const propagators: Readonly<Record<string, Propagator>> = {
  "far-field": farField,
};

export const propagationKinds: readonly string[] = Object.keys(propagators);

/**
 * The propagator that an experiment's geometry asks for.
 * @param where names the scan in errors
 * @throws PtychonautError "data" for one that this version does not have
 */
export function propagatorOf(kind: string, where?: string): Propagator {
  if (Object.hasOwn(propagators, kind)) return propagators[kind];
  throw new PtychonautError("data", `no propagation for a ${kind} geometry in this version`, {
    ...(where === undefined ? {} : { where }),
    expected: propagationKinds.join(" or "),
    got: kind,
    fix: `if the scan is of another geometry, correct ${setting("propagation")}, in the file or as a setting`,
  });
}
