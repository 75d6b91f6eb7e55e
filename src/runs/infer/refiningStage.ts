import type { Dataset } from "../../data/dataset.ts";
import type { Scales } from "../../data/normalisation.ts";
import { lsqml } from "../../engines/lsqml.ts";
import type { Stage } from "../../engines/runningStage.ts";
import type { EngineScan } from "../../engines/scan.ts";
import { completeSettings } from "../../engines/settings.ts";
import { wrapperNamed } from "../../engines/wrappers/registry.ts";
import { PtychonautError } from "../../errors.ts";
import type { Canvas } from "../../inference/canvas.ts";
import { positionsOf } from "../../inference/predictPatches.ts";
import { type MemoryShare, patternMemory } from "../memory.ts";
import { engineScanOf } from "../reconstruct/engineScan.ts";
import { type KeptFrames, keptFrames } from "../reconstruct/keptFrames.ts";
import { reconstructionMemory } from "../reconstruct/reconstructionMemory.ts";
import { subPixelOf } from "../reconstruct/subPixel.ts";

/** Chosen by the ranks of expected errors on simulated scans: docs/trust.md. */
export const ENGINE: typeof lsqml = lsqml;
export const EPOCHS = 30;

/** What refines, of frames of the dataset. @param frameIntensity whether the light of every pattern is to be found */
export function stageOf({ positions }: Dataset, frames: readonly number[], frameIntensity: boolean): Stage {
  const intensities = wrapperNamed("intensities");
  return {
    ...{ engine: ENGINE, settings: completeSettings(ENGINE), epochs: EPOCHS },
    wrappers: frameIntensity ? [{ wrapper: intensities, settings: completeSettings(intensities) }] : [],
    subPixel: subPixelOf({ subPixel: "auto" }, [], positionsOf(positions, frames)),
  };
}

/** Of a half. */
export const sizesOf = (
  { patterns: { height, width } }: Dataset,
  all: number,
): { readonly count: number; readonly height: number; readonly width: number } => ({
  count: Math.ceil(all / 2),
  height,
  width,
});

export const keptOf = (dataset: Dataset, frames: readonly number[], free: number | undefined): KeptFrames =>
  keptFrames(sizesOf(dataset, frames.length), dataset.patterns, free);

/** What the engine takes. @throws PtychonautError "usage" where it cannot have as much */
export function deviceMemory(
  scan: EngineScan,
  dataset: Dataset,
  { height, width }: Pick<Canvas, "height" | "width">,
  kept: KeptFrames,
): readonly MemoryShare[] {
  const { height: rows, width: columns } = dataset.patterns;
  const half = { ...scan, amplitudes: { ...scan.amplitudes, ...sizesOf(dataset, scan.amplitudes.count) } };
  const canvas = { height: height + rows, width: width + columns };
  return reconstructionMemory({ scan: half }, dataset, canvas, [stageOf(dataset, [], false)], kept);
}

/** What refining halves takes in memory beside the patterns; nothing where the engine cannot have as much and does not. */
export function refiningMemory(
  dataset: Dataset,
  { frames, scales }: { readonly frames: readonly number[]; readonly scales: Scales },
  canvas: Pick<Canvas, "height" | "width">,
  free: number | undefined,
): MemoryShare {
  const what = "an engine that refines halves";
  try {
    const kept = keptOf(dataset, frames, free);
    const shares = deviceMemory(engineScanOf(dataset, scales, frames), dataset, canvas, kept);
    return { what, bytes: shares.reduce((sum, { bytes }) => sum + bytes, 0) - patternMemory(dataset.patterns) };
  } catch (error) {
    if (!(error instanceof PtychonautError)) throw error;
    return { what, bytes: 0 };
  }
}
