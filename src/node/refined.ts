import type { ComplexArray } from "../arrays.ts";
import { type Scales, scaledProbe } from "../data/normalisation.ts";
import type { ParameterValues } from "../nets/parameters.ts";
import { trainedIntensities } from "../training/frameIntensity.ts";
import { trainedProbe } from "../training/trainableProbe.ts";
import { writeIntensities } from "./intensityFiles.ts";
import { writeProbeFiles } from "./probeFiles.ts";

/** What training made of the scan's own quantities, beside the network. */
export interface Refined {
  /** `[mode, N, N]` on the physics' scale; undefined where the probe stayed as given. */
  readonly probe: ComplexArray | undefined;
  /** Writes the files of what was refined, and names them. */
  write(folder: string, trainingFrames: readonly number[]): Promise<readonly string[]>;
}

/** @param start the probe as the file has it */
export function refined(
  values: ParameterValues,
  start: ComplexArray,
  { probeScale }: Pick<Scales, "probeScale">,
): Refined {
  const probe = trainedProbe(values, scaledProbe(start, { probeScale }));
  const intensities = trainedIntensities(values);
  return {
    probe,
    write: async (folder, frames) => [
      ...(probe === undefined ? [] : await writeProbeFiles(folder, { start, trained: probe, probeScale })),
      ...(intensities === undefined ? [] : [await writeIntensities(folder, frames, intensities)]),
    ],
  };
}
