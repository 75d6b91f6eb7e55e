import type { ReconstructionPayload } from "../../config/payload.ts";
import { type Driven, drive } from "../../engines/driver.ts";
import type { Stage } from "../../engines/runningStage.ts";
import type { RunHooks } from "../hooks.ts";
import type { Home } from "../machine.ts";
import { totalMemory } from "../memory.ts";
import { concludeReconstruction } from "../reconstruct/conclude.ts";
import { openReconstructionCheckpoints } from "../reconstruct/reconstructionCheckpoints.ts";
import { reconstructionPictures } from "../reconstruct/reconstructionPictures.ts";
import { prepareReconstruction, type ReconstructionRun } from "../reconstruct/reconstructionRun.ts";
import { stopwatch } from "../stopwatch.ts";

/** What a reconstruction takes, from one that was cut short. Seconds. */
export interface ReconstructionRehearsal {
  readonly preparing: number;
  /** That are reconstructed. */
  readonly patterns: number;
  /** One epoch of each stage, with all patterns; and what its first takes more. */
  readonly epochs: readonly { readonly epoch: number; readonly first: number }[];
  readonly checkpoint: number;
  /** Of one epoch that is drawn. */
  readonly picture: number;
  readonly concluding: number;
  /** With what `auto` chose. */
  readonly payload: ReconstructionPayload;
  /** Bytes in memory, as the run estimates them. */
  readonly memory: number;
  /** Bytes of prepared patterns that are on the disk while it runs. */
  readonly scratch: number;
}

/** Patterns that are tried first, and how long epochs of those that are tried then take. */
const FEW = 64;
const CALIBRATION_S = 1;

/**
 * A reconstruction from its beginning to its end, whose epochs see some of the patterns: the same code on the same data, with
 * everything on the device that the run will have there.
 */
export async function rehearseReconstruction(
  payload: ReconstructionPayload,
  hooks: RunHooks,
  home: Home,
): Promise<ReconstructionRehearsal> {
  await home.store.claim(payload.outputDir);
  const lap = stopwatch();
  const run = await prepareReconstruction(payload, hooks, home);
  try {
    const preparing = lap();
    const epochs: { epoch: number; first: number }[] = [];
    let last: Driven | undefined;
    let modes: Pick<Stage, "modes"> = {};
    for (const each of run.stages) {
      // Each is tried by itself, with the probe's modes that those before it leave.
      const stage = { ...modes, ...each };
      if (stage.modes !== undefined) modes = { modes: stage.modes };
      const few = await tried(run, stage, FEW, hooks.signal);
      const patterns = Math.min(run.frames.length, Math.round((few.patterns * CALIBRATION_S) / few.epoch));
      const { driven, ...measured } = patterns > few.patterns ? await tried(run, stage, patterns, hooks.signal) : few;
      const epoch = (measured.epoch * run.frames.length) / measured.patterns;
      epochs.push({ epoch, first: Math.max(0, few.first - few.epoch) });
      last = driven;
    }
    if (last === undefined) throw new Error("a reconstruction without stages");
    lap();
    const checkpoints = await openReconstructionCheckpoints(payload, run, home.store);
    const { state } = last;
    await checkpoints?.save(async () => state);
    const checkpoint = lap();
    const pictures = reconstructionPictures(payload, run.dataset.geometry?.objectPixelM, home);
    await pictures.draw(1, last.look);
    const picture = lap();
    await concludeReconstruction(run, { driven: last, files: [], doubts: [] }, run.payload, hooks, home);
    return {
      ...{ preparing, epochs, checkpoint, picture, concluding: lap() },
      ...{ payload: run.payload, patterns: run.frames.length },
      memory: totalMemory(run.memory),
      scratch: run.kept.onDisk,
    };
  } finally {
    run.close();
  }
}

/** Two epochs of a stage with some of the patterns. */
async function tried(run: ReconstructionRun, stage: Stage, most: number, signal: AbortSignal) {
  const frames = run.frames.slice(0, most);
  // As many in proportion as are held out.
  const heldOut = run.heldOut.slice(0, Math.ceil((run.heldOut.length * frames.length) / run.frames.length));
  const driven = await drive({
    ...{ scan: run.scan, stages: [{ ...stage, epochs: 2 }], frames, heldOut },
    ...{ random: run.random, kernels: run.kernels, signal },
    ...(run.graphs === undefined ? {} : { runtime: run.graphs }),
  });
  const [first, second = first] = driven.state.history.map(({ seconds }) => seconds);
  return { driven, patterns: frames.length, first, epoch: second };
}
