import { probeLight } from "../../optics/probeLight.ts";
import type { EngineScan } from "../scan.ts";
import { countsOf, type DoseFrom } from "./counts.ts";
import type { ScanFacts } from "./decide.ts";

/** What is known of a scan without trying anything. */
export function measuredFacts(
  scan: EngineScan,
  frames: Int32Array,
  dose: DoseFrom = "values",
): Omit<ScanFacts, "heldOut" | "tries"> {
  const { perPixel, counted, countsOfStep } = countsOf(scan, frames, dose);
  return {
    ...{ frames: frames.length, slices: scan.slices?.count ?? 1, views: viewsOf(scan, frames) },
    states: scan.objectModes?.count ?? 1,
    ...{ countsPerPixel: perPixel, counted, countsOfStep },
    waveBytes: 8 * frames.length * scan.probe.shape.reduce((a, b) => a * b, 1),
  };
}

/** Lit areas of all windows over the area that they cover. */
function viewsOf({ probe, positions }: EngineScan, frames: Int32Array): number {
  let [sum, squares] = [0, 0];
  for (const value of probeLight(probe)) {
    sum += value;
    squares += value * value;
  }
  const lit = (sum * sum) / squares;
  const extent = ([0, 1] as const).map((axis) => {
    let [least, most] = [Infinity, -Infinity];
    for (const frame of frames) {
      least = Math.min(least, positions[2 * frame + axis]);
      most = Math.max(most, positions[2 * frame + axis]);
    }
    return most - least + Math.sqrt(lit);
  });
  return (frames.length * lit) / (extent[0] * extent[1]);
}
