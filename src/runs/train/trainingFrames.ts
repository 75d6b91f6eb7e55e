import type { Dataset } from "../../data/dataset.ts";
import { framesByScan } from "../../data/frameNumbers.ts";
import type { Scales } from "../../data/normalisation.ts";
import type { FramesOfScan } from "../../data/patternSignal.ts";
import type { PreparedData } from "../../training/preparation.ts";

export interface TrainingFrames extends FramesOfScan {
  readonly dataset: Dataset;
  readonly scales: Scales;
}

/** The frames that training sees of each scan that has some. */
export function trainingFramesOf(
  scans: readonly Dataset[],
  { scales, trainingFrames }: Pick<PreparedData, "scales" | "trainingFrames">,
): TrainingFrames[] {
  return framesByScan(trainingFrames, scans)
    .map((frames, scan) => ({ dataset: scans[scan], scales: scales[scan], frames }))
    .filter(({ frames }) => frames.length > 0);
}
