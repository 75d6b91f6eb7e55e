import type { Dataset } from "../data/dataset.ts";
import { PtychonautError } from "../errors.ts";
import { freeSpaceOf, parallelBeam } from "../optics/nearField.ts";
import type { Propagator } from "../physics/propagation/propagator.ts";
import { propagatorOf } from "../physics/propagation/propagators.ts";

type Scan = Pick<Dataset, "name" | "geometry" | "provenance">;

/**
 * How the wave of these scans reaches the detector, as their geometry says; far field where it says nothing.
 * @param scans at least one
 * @throws PtychonautError "data" for a scan whose propagation this version does not have, or scans that differ in it
 */
export function scanPropagator(scans: readonly Scan[]): Propagator {
  const [first, ...others] = scans;
  const whereOf = ({ name, provenance }: Scan): string => provenance.path ?? name;
  const propagator = propagatorOf(first.geometry, whereOf(first));
  for (const other of others) {
    propagatorOf(other.geometry, whereOf(other));
    if (!travelAlike(first, other))
      throw new PtychonautError("data", "scans are trained on together only where their light travels alike", {
        where: `${whereOf(first)} and ${whereOf(other)}`,
        got: `${travelText(first)} and ${travelText(other)}`,
        fix: "train on each by itself",
      });
  }
  return propagator;
}

/** Ways that differ by less are one: people write four digits. */
const SAME_WAY = 1e-3;

function travelAlike(a: Scan, b: Scan): boolean {
  const [one, other] = [spaceOf(a), spaceOf(b)];
  if (one === undefined || other === undefined) return one === other;
  return Math.abs(one.travel / other.travel - 1) <= SAME_WAY;
}

const spaceOf = ({ geometry }: Scan) =>
  geometry?.propagation === "near-field" ? freeSpaceOf(parallelBeam(geometry)) : undefined;

function travelText(scan: Scan): string {
  const space = spaceOf(scan);
  return space === undefined ? "a far field" : `a near field of λ z / p² = ${space.travel.toPrecision(4)}`;
}
