import type { Dataset } from "../data/dataset.ts";
import type { Propagator } from "../physics/propagation/propagator.ts";
import { propagatorOf } from "../physics/propagation/propagators.ts";

/**
 * How the wave of these scans reaches the detector, as their geometry says; far field where it says nothing.
 * @param scans at least one
 * @throws PtychonautError "data" for a scan whose propagation this version does not have
 */
export function scanPropagator(scans: readonly Pick<Dataset, "name" | "geometry" | "provenance">[]): Propagator {
  const [first] = scans.map(({ name, geometry, provenance }) => propagatorOf(geometry, provenance.path ?? name));
  return first;
}
