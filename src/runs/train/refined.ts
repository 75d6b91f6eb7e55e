import type { ComplexArray } from "../../arrays.ts";
import type { Dataset } from "../../data/dataset.ts";
import { framesByScan } from "../../data/frameNumbers.ts";
import type { ParameterValues } from "../../nets/parameters.ts";
import { trainedIntensities } from "../../training/frameIntensity.ts";
import type { PreparedData } from "../../training/preparation.ts";
import { probesOf, trainedProbe } from "../../training/trainableProbe.ts";
import type { Home } from "../machine.ts";
import { outputs } from "../outputs.ts";
import type { PictureFiles } from "../pictureFiles.ts";
import { writeIntensities } from "./intensityFiles.ts";
import { writeProbeFiles } from "./probeFiles.ts";
import { stackedProbes } from "./trainingSetup.ts";

/** What training made of the scans' own quantities, beside the network. */
export interface Refined {
  /**
   * `[mode, N, N]`, or for several scans `[experiment, mode, N, N]`, on the physics' scale; undefined where probes stayed as
   * given.
   */
  readonly probe: ComplexArray | undefined;
  /** Writes the files of what was refined, and names them. */
  write(folder: string, home: Home, pictures: PictureFiles): Promise<readonly string[]>;
}

export function refined(values: ParameterValues, scans: readonly Dataset[], prepared: PreparedData): Refined {
  const probe = trainedProbe(values, stackedProbes(scans, prepared));
  const frames = framesByScan(prepared.trainingFrames, scans);
  const intensities = trainedIntensities(
    values,
    frames.map(({ length }) => length),
  );
  return {
    probe,
    async write(folder, { store }, pictures) {
      const files: string[] = [];
      for (const [scan, { shape, data }] of (probe === undefined ? [] : probesOf(probe)).entries()) {
        const start = scans[scan].probe;
        // Behind its own modes a scan has the dark ones that another one's number of modes asked for.
        const trained = { shape: [start.shape[0], ...shape.slice(1)], data: data.subarray(0, start.data.length) };
        const name = outputs.probe(scan, scans.length);
        const { probeScale } = prepared.scales[scan];
        const { objectPixelM: pixelSizeM } = scans[scan].geometry ?? {};
        const pixel = pixelSizeM === undefined ? {} : { pixelSizeM };
        files.push(...(await writeProbeFiles(folder, name, { start, trained, probeScale, ...pixel }, store, pictures)));
      }
      if (intensities !== undefined) files.push(await writeIntensities(folder, frames, intensities, store));
      return files;
    },
  };
}
