import type { ExecutionConfig } from "../../config/executionConfig.ts";
import type { Dataset } from "../../data/dataset.ts";
import { framesAtOnce, type Stage } from "../../engines/runningStage.ts";
import { PtychonautError, setting } from "../../errors.ts";
import { FILE_BYTES, gigabytes, type MemoryShare, patternMemory } from "../memory.ts";
import { type KeptFrames, keptInMemory } from "./keptFrames.ts";
import type { KernelsHome } from "./reconstructionCheckpoint.ts";
import type { ScanForEngines } from "./scanForEngines.ts";

/** Object and light on the device, copies of it, sums of updates, and what becomes of it in files; bytes a pixel. */
const OBJECT_BYTES = 130;
/** Planes of complex numbers that a batch has on the device: patches, waves, their change, and what engines add. */
const BATCH_PLANES = 6;
const EXIT_WAVES = "exit waves of all patterns";
const REMEMBERED = "steps and slopes that L-BFGS remembers";
/** What WebAssembly can address. */
const DEVICE_ROOM = 2 ** 32;

/**
 * What a reconstruction holds in memory, by its parts. What is on a GPU is not: its own memory says when it is full.
 *
 * @param frames how they are kept
 * @param home of the kernels
 * @param processes which share the patterns; what is told is one's
 * @throws PtychonautError "usage" for more on the device than it can have
 */
export function reconstructionMemory(
  { scan }: Pick<ScanForEngines, "scan">,
  { patterns }: Pick<Dataset, "patterns">,
  { height, width }: { readonly height: number; readonly width: number },
  stages: readonly Stage[],
  frames: KeptFrames,
  home: KernelsHome = "wasm",
  processes = 1,
): readonly MemoryShare[] {
  const { count, height: rows, width: columns } = scan.amplitudes;
  const modes = Math.max(scan.probe.shape[0], ...stages.map((stage) => stage.modes?.count ?? 0));
  const most = { ...scan, probe: { ...scan.probe, shape: [modes, rows, columns] } };
  const plane = 8 * modes * rows * columns;
  const own = Math.ceil(count / processes);
  const kept = Math.max(0, ...stages.map(({ engine }) => engine.exitWaves ?? 0)) * plane * own;
  const points = Math.max(0, ...stages.map(({ engine, settings }) => engine.remembers?.(settings) ?? 0));
  const planes = scan.slices?.count ?? scan.objectModes?.count ?? 1;
  const remembered = points * (8 * planes * height * width + plane);
  const atOnce = Math.max(...stages.map((stage) => framesAtOnce(most, stage)));
  const onDevice = [
    { what: `the object of ${height} x ${width}`, bytes: OBJECT_BYTES * planes * height * width },
    { what: "a batch", bytes: BATCH_PLANES * planes * plane * atOnce },
    { what: EXIT_WAVES, bytes: kept },
    ...(remembered === 0 ? [] : [{ what: REMEMBERED, bytes: remembered }]),
  ];
  const device = onDevice.filter(({ what }) => home === "wasm" || what === EXIT_WAVES);
  const total = onDevice.reduce((sum, { bytes }) => sum + bytes, 0);
  if (home === "wasm" && total > DEVICE_ROOM)
    throw new PtychonautError("usage", "the engines need more memory than they can have", {
      expected: `at most ${gigabytes(DEVICE_ROOM)}`,
      got: `about ${gigabytes(total)}${kept === 0 ? "" : `, ${gigabytes(kept)} of them for the exit waves of all patterns`}`,
      fix: `${kept === 0 ? "" : `take an engine that keeps none (${setting("engine", "lsqml")}), `}crop or bin the patterns, or reconstruct less of the scan: ${setting("use_frames")}`,
    });
  const prepared = Math.max(
    0,
    ...stages.map(
      // Graphs have them in another order of pixels than the kernels that correct positions beside them.
      ({ engine, coarse = 1 }) =>
        (engine.inGraphs === true ? 2 : 1) * keptInMemory({ ...scan.amplitudes, count: own }, frames, coarse),
    ),
  );
  // What is remembered is worked with in copies.
  const copies = remembered === 0 ? [] : [{ what: `copies of ${REMEMBERED}`, bytes: remembered }];
  return [{ what: "the patterns", bytes: patternMemory(patterns) + prepared }, ...device, ...copies, PICTURES];
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

/** The object as its stage began, as it is now, and as it was best; bytes a pixel. */
const STATE_BYTES = 24;

/** What it writes, by its parts. @param pixels of the object */
export function reconstructionFiles(
  memory: readonly MemoryShare[],
  pixels: number,
  { onDisk }: KeptFrames,
  { enableCheckpointing }: ExecutionConfig,
): readonly MemoryShare[] {
  const state =
    STATE_BYTES * pixels +
    memory.reduce((sum, { what, bytes }) => sum + (what === EXIT_WAVES || what === REMEMBERED ? bytes : 0), 0);
  return [
    { what: "the reconstruction", bytes: 2 * FILE_BYTES * pixels },
    // The one before is there until the next is whole.
    { what: "checkpoints", bytes: enableCheckpointing ? 2 * state : 0 },
    { what: "patterns as the engines take them", bytes: onDisk },
  ];
}
