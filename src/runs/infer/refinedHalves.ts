import type { ComplexArray } from "../../arrays.ts";
import { type Driven, drive } from "../../engines/driver.ts";
import type { EngineScan } from "../../engines/scan.ts";
import { PtychonautError } from "../../errors.ts";
import type { Canvas } from "../../inference/canvas.ts";
import { onCanvas } from "../../inference/onCanvas.ts";
import { Random } from "../../random.ts";
import type { RefinedHalves } from "../confidence.ts";
import type { RunHooks } from "../hooks.ts";
import type { Home } from "../machine.ts";
import { engineScanOf } from "../reconstruct/engineScan.ts";
import { filledObject } from "../reconstruct/filledObject.ts";
import { keptAmplitudes, keptWarnings } from "../reconstruct/keptFrames.ts";
import { physicalEstimate } from "../reconstruct/physicalEstimate.ts";
import type { InferenceRun } from "./inferenceRun.ts";
import { deviceMemory, ENGINE, EPOCHS, keptOf, sizesOf, stageOf } from "./refiningStage.ts";

/** Half of what a network predicted, on the run's canvas. */
export interface PredictedHalf {
  /** `[y, x]`. */
  readonly object: ComplexArray;
  readonly coverage: Float32Array;
  /** Of the dataset. */
  readonly frames: readonly number[];
  /** `[mode, N, N]`, which belongs to the object. */
  readonly probe: ComplexArray;
}

export interface RefiningOptions {
  /** Whether the light of every pattern is to be found, as the network's physics had it. */
  readonly frameIntensity: boolean;
  readonly threads: number;
  /** Where there is room for patterns that memory has none for. */
  readonly folder: string;
}

/**
 * Both halves as an engine makes them of their own patterns, one after the other, beginning with what the network predicted.
 * What the network has wrong and the patterns know better they do not share.
 * @returns in words why there are none, where they cannot be refined, or that was interrupted
 */
export async function refinedHalves(
  run: InferenceRun,
  halves: readonly [PredictedHalf, PredictedHalf],
  { frameIntensity, threads, folder }: RefiningOptions,
  { signal, log, progress: bar }: RunHooks,
  { machine, store }: Home,
): Promise<RefinedHalves | string> {
  const { dataset, canvas, warn } = run;
  const { frames, scales } = run.prediction;
  // Amplitudes that are added at the detector are nobody's wave.
  if (run.objectScales.offset !== 0) return "training found amplitudes that are added at the detector (beta)";
  const free = await store.freeBytes(folder);
  const kept = keptOf(dataset, frames, free);
  const stage = stageOf(dataset, frames, frameIntensity);
  const numberOf = new Map(frames.map((frame, i) => [frame, i]));
  log(`refining each half of the patterns by ${ENGINE.name}, ${EPOCHS} epochs, for expected errors`);
  const progress = bar("refining halves", EPOCHS * halves.reduce((sum, half) => sum + half.frames.length, 0));
  const scratch = store.scratch(folder, log);
  const objects: ComplexArray[] = [];
  let done = 0;
  try {
    const measured = engineScanOf(dataset, scales, frames);
    deviceMemory(measured, dataset, canvas, kept);
    for (const line of keptWarnings(sizesOf(dataset, frames.length), kept, free)) warn(line);
    for (const [i, half] of halves.entries()) {
      const driven = await drive({
        scan: {
          ...begunWith(half, measured, canvas),
          amplitudes: keptAmplitudes(measured.amplitudes, kept, scratch.make),
        },
        ...{ stages: [stage], frames: Int32Array.from(half.frames, (frame) => numberOf.get(frame) ?? 0) },
        ...{ heldOut: new Int32Array(), random: new Random(i + 1), signal },
        kernels: () => machine.kernels({ threads }),
        listener: {
          batch: (epoch, some) => progress.update(done + (epoch - 1) * half.frames.length + some, `half ${i + 1}`),
        },
      });
      if (driven.kind === "interrupted") return "refining them was interrupted";
      if (driven.kind === "diverged") return `${ENGINE.name} diverges from half of them`;
      done += EPOCHS * half.frames.length;
      objects.push(objectOf(driven, canvas));
    }
  } catch (error) {
    if (!(error instanceof PtychonautError)) throw error;
    return `${ENGINE.name} cannot refine them: ${error.message}`;
  } finally {
    progress.finish();
    scratch.remove();
  }
  return { objects: [objects[0], objects[1]], engine: ENGINE.name, epochs: EPOCHS };
}

const objectOf = ({ look }: Driven, canvas: Canvas): ComplexArray =>
  onCanvas(physicalEstimate(look).object, look.object.origin, canvas);

function begunWith({ object, coverage, probe }: PredictedHalf, measured: EngineScan, { origin }: Canvas): EngineScan {
  const { shape, data } = filledObject(object, coverage, 1);
  return { ...measured, probe, object: { values: { shape: [1, ...shape], data }, origin: [origin.y, origin.x] } };
}
