import { wellCovered } from "../../inference/coverage.ts";
import { renderFigure } from "../../pictures/figure.ts";
import { objectPanels } from "../../pictures/objectFigure.ts";
import { type Reconstruction, writeReconstruction } from "../../reconstructions/reconstructionNpz.ts";
import { outputs } from "../outputs.ts";
import { joinPath } from "../paths.ts";
import type { RunStore } from "../store.ts";

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
export async function writeReconstructionFiles(
  folder: string,
  record: ReconstructionRecord,
  store: RunStore,
): Promise<string[]> {
  const { reconstruction, metrics, run } = record;
  const { object, coverage, pixelSizeM } = reconstruction;
  const panels = objectPanels(object, wellCovered(coverage));
  const scale = pixelSizeM === undefined ? {} : { pixelSizeM };
  const files: [string, () => Uint8Array | string][] = [
    [outputs.reconstruction, () => writeReconstruction(reconstruction)],
    [outputs.amplitude, () => renderFigure([panels.amplitude], scale)],
    [outputs.phase, () => renderFigure([panels.phase], scale)],
    ...(metrics === undefined ? [] : [[outputs.metrics, () => jsonText(metrics)] as [string, () => string]]),
    [outputs.run, () => jsonText(run)],
  ];
  for (const [name, content] of files) await store.write(joinPath(folder, name), content());
  return files.map(([name]) => joinPath(folder, name));
}

/** Takes away what an earlier reconstruction left, its record first. */
export async function removeReconstructionFiles(folder: string, store: RunStore): Promise<void> {
  const { run, reconstruction, amplitude, phase, metrics } = outputs;
  for (const name of [run, reconstruction, amplitude, phase, metrics]) await store.remove(joinPath(folder, name));
}

/** JSON for people, ending in a newline. Numbers that are not finite become null. */
function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
