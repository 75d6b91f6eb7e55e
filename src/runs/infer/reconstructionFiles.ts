import { join } from "node:path";
import { wellCovered } from "../../inference/coverage.ts";
import { writeAtomic } from "../../node/files/files.ts";
import { renderFigure } from "../../pictures/figure.ts";
import { objectPanels } from "../../pictures/objectFigure.ts";
import { type Reconstruction, writeReconstruction } from "../../reconstructions/reconstructionNpz.ts";

/** What a command leaves in its output folder. */
export interface ReconstructionRecord {
  readonly reconstruction: Reconstruction;
  /** `run.json`: inputs with hashes, every resolved parameter, versions, seeds, timings, warnings, outcome. */
  readonly run: unknown;
  /** `metrics.json`, where there is something to measure. */
  readonly metrics?: unknown;
}

/**
 * Writes `reconstruction.npz`, `amplitude.png`, `phase.png`, `metrics.json` (when there are metrics) and, last, so that
 * its presence says that the others are complete, `run.json`. Each file is whole or absent.
 * @returns paths of the files written
 * @throws PtychonautError "output"
 */
export async function writeReconstructionFiles(folder: string, record: ReconstructionRecord): Promise<string[]> {
  const { reconstruction, metrics, run } = record;
  const { object, coverage, pixelSizeM } = reconstruction;
  const panels = objectPanels(object, wellCovered(coverage));
  const scale = pixelSizeM === undefined ? {} : { pixelSizeM };
  const files: [string, () => Uint8Array | string][] = [
    ["reconstruction.npz", () => writeReconstruction(reconstruction)],
    ["amplitude.png", () => renderFigure([panels.amplitude], scale)],
    ["phase.png", () => renderFigure([panels.phase], scale)],
    ...(metrics === undefined ? [] : [["metrics.json", () => jsonText(metrics)] as [string, () => string]]),
    ["run.json", () => jsonText(run)],
  ];
  for (const [name, content] of files) await writeAtomic(join(folder, name), content());
  return files.map(([name]) => join(folder, name));
}

/** JSON for people, ending in a newline. Numbers that are not finite become null. */
function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
