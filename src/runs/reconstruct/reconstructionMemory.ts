import type { ExecutionConfig } from "../../config/executionConfig.ts";
import type { Dataset } from "../../data/dataset.ts";
import { KEPT_BYTES } from "../../engines/batches.ts";
import { framesAtOnce, type Stage } from "../../engines/runningStage.ts";
import { PtychonautError, setting } from "../../errors.ts";
import { FILE_BYTES, gigabytes, type MemoryShare, patternMemory } from "../memory.ts";
import type { ScanForEngines } from "./scanForEngines.ts";

/** Object and light on the device, copies of it, sums of updates, and what becomes of it in files; bytes a pixel. */
const OBJECT_BYTES = 120;
/** Planes of complex numbers that a batch has on the device: patches, waves, their change, and what engines add. */
const BATCH_PLANES = 6;
const EXIT_WAVES = "exit waves of all patterns";
/** What WebAssembly can address. */
const DEVICE_ROOM = 2 ** 32;

/**
 * What a reconstruction holds in memory, by its parts.
 * @throws PtychonautError "usage" for more on the device than it can have
 */
export function reconstructionMemory(
  { scan }: ScanForEngines,
  { patterns }: Pick<Dataset, "patterns">,
  { height, width }: { readonly height: number; readonly width: number },
  stages: readonly Stage[],
): readonly MemoryShare[] {
  const { count, height: rows, width: columns } = scan.amplitudes;
  const plane = 8 * scan.probe.shape[0] * rows * columns;
  const turned = 4 * count * rows * columns;
  const kept = Math.max(0, ...stages.map(({ engine }) => engine.exitWaves ?? 0)) * plane * count;
  const device = [
    { what: `the object of ${height} x ${width}`, bytes: OBJECT_BYTES * (scan.slices?.count ?? 1) * height * width },
    { what: "a batch", bytes: BATCH_PLANES * (scan.slices?.count ?? 1) * plane * framesAtOnce(scan) },
    { what: EXIT_WAVES, bytes: kept },
  ];
  const total = device.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total > DEVICE_ROOM)
    throw new PtychonautError("usage", "the engines need more memory than they can have", {
      expected: `at most ${gigabytes(DEVICE_ROOM)}`,
      got: `about ${gigabytes(total)}${kept === 0 ? "" : `, ${gigabytes(kept)} of them for the exit waves of all patterns`}`,
      fix: `${kept === 0 ? "" : `take an engine that keeps none (${setting("engine", "lsqml")}), `}crop or bin the patterns, or reconstruct less of the scan: ${setting("use_frames")}`,
    });
  // Engines read patterns again in every epoch where keeping them would take too much.
  const read = turned > KEPT_BYTES ? 0 : turned;
  return [{ what: "the patterns", bytes: patternMemory(patterns) + read }, ...device, PICTURES];
}

/** Where pictures are drawn, whatever their size. */
const PICTURES: MemoryShare = { what: "pictures", bytes: 2 ** 26 };

/** Two halves with their light, and what comparing them takes; bytes a pixel. */
const CONFIDENCE_BYTES = 250;

/** What expected errors take, where they are asked for. */
export const confidenceMemory = (
  { height, width }: { readonly height: number; readonly width: number },
  { confidence }: { readonly confidence: boolean },
): readonly MemoryShare[] =>
  confidence ? [{ what: "the halves for expected errors", bytes: CONFIDENCE_BYTES * height * width }] : [];

/** What it writes, by its parts. @param pixels of the object */
export function reconstructionFiles(
  memory: readonly MemoryShare[],
  pixels: number,
  { enableCheckpointing }: ExecutionConfig,
): readonly MemoryShare[] {
  const state = 16 * pixels + memory.reduce((sum, { what, bytes }) => sum + (what === EXIT_WAVES ? bytes : 0), 0);
  return [
    { what: "the reconstruction", bytes: 2 * FILE_BYTES * pixels },
    // The one before is there until the next is whole.
    { what: "checkpoints", bytes: enableCheckpointing ? 2 * state : 0 },
  ];
}
