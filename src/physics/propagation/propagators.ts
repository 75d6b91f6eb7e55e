import { PtychonautError, setting } from "../../errors.ts";
import type { Geometry } from "../../optics/geometry.ts";
import { freeSpaceOf, parallelBeam } from "../../optics/nearField.ts";
import { farField } from "./farField.ts";
import { nearField } from "./nearField.ts";
import type { Propagator } from "./propagator.ts";

/** Every way a wave can travel from sample to detector, by its name, as geometry makes it. A new one is a file and a line here. */
const propagators: Readonly<Record<string, (geometry: Travel, where?: string) => Propagator>> = {
  "far-field": () => farField,
  "near-field": (geometry, where) => nearField(freeSpaceOf(parallelBeam(geometry, where))),
};

/** What decides it. */
type Travel = Omit<Geometry, "propagation"> & { readonly propagation: string };

export const propagationKinds: readonly string[] = Object.keys(propagators);

/**
 * The propagator that an experiment's geometry asks for; where nothing is known of it, the far field's.
 * @param where names the scan in errors
 * @throws PtychonautError "data" for one that this version does not have, or whose numbers are not known
 */
export function propagatorOf(geometry: Travel = { propagation: "far-field" }, where?: string): Propagator {
  const kind = geometry.propagation;
  if (Object.hasOwn(propagators, kind)) return propagators[kind](geometry, where);
  throw new PtychonautError("data", `no propagation for a ${kind} geometry in this version`, {
    ...(where === undefined ? {} : { where }),
    expected: propagationKinds.join(" or "),
    got: kind,
    fix: `if the scan is of another geometry, correct ${setting("propagation")}, in the file or as a setting`,
  });
}
