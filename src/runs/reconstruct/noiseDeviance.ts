import { evenly } from "../../arrays.ts";
import { explainedOf } from "../../inference/heldOut.ts";
import type { ReconstructionRun } from "./reconstructionRun.ts";

/** Patterns that are looked at: their mean tells the noise of all. */
const MOST = 256;

/** Deviance of a valid pixel that counting photons leaves; undefined, with a word, where nobody knows how many there were. */
export function noiseDevianceOf(
  { dataset, scales, scan, used, propagator }: ReconstructionRun,
  warn: (line: string) => void,
): number | undefined {
  const frames = evenly(used, MOST);
  const baselines = explainedOf([{ dataset, scales, probe: scan.probe, propagator, frames, frameIntensity: false }], 0);
  const noise = baselines?.noiseDeviance ?? undefined;
  if (noise === undefined) warn("how many photons the patterns hold is not known, so stop_at_noise stops nothing");
  return noise;
}
