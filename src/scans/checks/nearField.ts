import { PtychonautError, setting } from "../../errors.ts";
import { checkNearFieldSampling, freeSpaceOf, nearFieldSampling, parallelBeam } from "../../optics/nearField.ts";
import { lengthLabel } from "../../optics/units.ts";
import { type Finding, refusalFinding, short } from "./finding.ts";
import type { ScanFacts } from "./scanFacts.ts";

/** Phase in radians that the finest detail takes on at least, in a near field that shows phases. */
const SOME_PHASE = 0.3;

/** Whether windows of this size show the near field that the geometry says: neither too far nor too short a way. */
export function nearField({ geometry, patterns }: ScanFacts): Finding[] {
  const { wavelengthM, detectorDistanceM, detectorPixelM, objectPixelM } = geometry ?? {};
  const known = ![wavelengthM, detectorDistanceM, detectorPixelM, objectPixelM].includes(undefined);
  if (geometry?.propagation !== "near-field" || patterns === undefined || !known) return [];
  const beam = parallelBeam(geometry);
  const space = freeSpaceOf(beam);
  const side = Math.min(patterns.height, patterns.width);
  const travelled = `${lengthLabel(beam.distanceM, 4)} of a parallel beam, magnified ${short(beam.magnification)} times`;
  try {
    checkNearFieldSampling(space, [side]);
  } catch (error) {
    if (error instanceof PtychonautError) return [refusalFinding(error)];
    throw error;
  }
  const { reach, finest, phase } = nearFieldSampling(space, side);
  if (finest > 2)
    return [
      {
        severity: "warning",
        what: "light of the finest detail travels beyond half a window, and is left out",
        evidence: `${short(reach)} of ${side} pixels in ${travelled}: nothing finer than ${short(finest)} pixels is computed`,
        flag: `a larger window shows more; a wrong ${setting("focus_distance_m")}, or object pixel, looks like this too`,
      },
    ];
  if (phase >= SOME_PHASE) return [];
  return [
    {
      severity: "warning",
      what: "light hardly travels, so that patterns hardly tell phases",
      evidence: `the finest detail takes on ${short(phase)} rad in ${travelled}`,
      flag: `in a beam that spreads from a focus, ${setting("focus_distance_m")} says where it is`,
    },
  ];
}
