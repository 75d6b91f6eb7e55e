import type { ReconstructionPayload } from "../../config/payload.ts";
import type { Look } from "../../engines/runningStage.ts";
import { wellCovered } from "../../inference/coverage.ts";
import { figureOfRows, type Panel } from "../../pictures/figure.ts";
import { objectPanels, planeRows } from "../../pictures/objectFigure.ts";
import { probePanels } from "../../pictures/probeFigure.ts";
import type { Sheet } from "../../pictures/sheet.ts";
import type { Home } from "../machine.ts";
import { outputs, subfolders } from "../outputs.ts";
import { joinPath } from "../paths.ts";
import { pictureFiles } from "../pictureFiles.ts";
import { physicalEstimate } from "./physicalEstimate.ts";

/** Pictures of object and probe while they are being reconstructed. */
export interface ReconstructionPictures {
  /**
   * Whether this is an epoch for pictures. Unless their interval was stated they may take a twentieth of the time.
   * @param seconds that epochs took until now
   */
  due(epoch: number, seconds: number): boolean;
  /** Draws `reconstructions/epoch_NNNN`. */
  draw(epoch: number, look: Look): Promise<readonly string[]>;
}

/** Part of the time that pictures may take which nobody asked for. */
export const LARGEST_SHARE = 0.05;

export function reconstructionPictures(
  { execution, outputDir, overridden }: ReconstructionPayload,
  pixelSizeM: number | undefined,
  home: Home,
): ReconstructionPictures {
  const files = pictureFiles(execution.pictureFormats, home);
  const stated = overridden.some(({ name }) => name === "reconLogEveryNEpochs");
  const every = execution.reconLogEveryNEpochs;
  const spent = { last: 0, all: 0 };
  return {
    due(epoch, seconds) {
      if (home.machine.pictures === undefined || every === 0 || epoch % every !== 0) return false;
      return stated || spent.all + spent.last <= LARGEST_SHARE * seconds;
    },
    async draw(epoch, look) {
      const start = performance.now();
      const folder = joinPath(outputDir, subfolders.pictures);
      await home.store.makeFolder(folder);
      const sheet = (): Sheet => figureOfRows(panelsOf(look), pixelSizeM === undefined ? {} : { pixelSizeM });
      const written = await files.write(joinPath(folder, outputs.epoch(epoch)), sheet);
      spent.last = (performance.now() - start) / 1000;
      spent.all += spent.last;
      return written;
    },
  };
}

/** The object, or each of its slices or states, in a row, under it the brightest mode of the probe. */
function panelsOf(look: Look): readonly (readonly Panel[])[] {
  const { object, probe, slices, objectModes } = physicalEstimate(look);
  const known = wellCovered(look.light);
  const { amplitude, phase } = objectPanels(object, known);
  const rows =
    slices !== undefined
      ? planeRows(slices, known, "slice")
      : objectModes !== undefined
        ? planeRows(objectModes.values, known, "state")
        : [[amplitude, phase]];
  return [...rows, probePanels(probe, 0)];
}
