import type { Sources } from "../../config/payload.ts";
import { PtychonautError } from "../../errors.ts";
import { checkDisk } from "../disk.ts";
import type { RunHooks } from "../hooks.ts";
import type { Home } from "../machine.ts";
import { smallerReconstruction } from "../memory.ts";
import { outputs, subfolders } from "../outputs.ts";
import { createReconstructionPayload } from "../payloads.ts";
import { LARGEST_SHARE } from "../reconstruct/reconstructionPictures.ts";
import { type Plan, type PlanRequest, sourcesOf, type TrainingPlan, watchedHooks } from "./plan.ts";
import { REHEARSAL, rehearsalStore } from "./rehearsalStore.ts";
import { type ReconstructionRehearsal, rehearseReconstruction } from "./rehearseReconstruction.ts";

/** What an iterative reconstruction takes. */
export interface ReconstructionPlan extends Pick<Plan, "available" | "calibration" | "warnings"> {
  readonly reconstruction: TrainingPlan;
}

const FOLDER = `${REHEARSAL}/reconstruct`;
/** Part of the time that checkpoints take, where nobody says how often they are written. */
const CHECKPOINTS = 1 / 20;

/**
 * What an iterative reconstruction would take on this machine, by rehearsing it, as `runPlan` rehearses a training.
 * @throws PtychonautError as the run refuses its input; "usage" where memory or disk do not suffice
 */
export async function runReconstructionPlan(
  request: PlanRequest & Sources,
  hooks: RunHooks,
  home: Home,
): Promise<ReconstructionPlan> {
  const begun = performance.now();
  const { scans, modelPath, starting = 0 } = request;
  if (scans.length > 1 || modelPath !== undefined)
    throw new PtychonautError("usage", "an engine reconstructs one scan, without a model", {
      got: modelPath === undefined ? `${scans.length} scans` : modelPath,
    });
  const outputDir = request.outputDir ?? home.store.absolute(".");
  const { store, sizes } = rehearsalStore(home.store, outputDir);
  const stage: Home = { ...home, store };
  const warnings: string[] = [];
  hooks.log("rehearsing the reconstruction");
  const sources = sourcesOf(request, "reconstruction");
  const payload = await createReconstructionPayload({ ...sources, scan: scans[0], outputDir: FOLDER }, stage);
  const rehearsed = await rehearseReconstruction(payload, watchedHooks(hooks, warnings), stage);
  const reconstruction = planOf(rehearsed, sizes, starting);
  const { disk, diskForAMoment } = reconstruction;
  const shares = [
    { what: "what the reconstruction leaves", bytes: disk },
    { what: "a file that is being replaced, and patterns as the engines take them", bytes: diskForAMoment },
  ];
  warnings.push(...(await checkDisk(shares, outputDir, home.store, smallerReconstruction)));
  return {
    reconstruction,
    available: { memory: home.machine.memory, disk: (await home.store.freeBytes(outputDir)) ?? null },
    calibration: (performance.now() - begun) / 1000,
    warnings: [...new Set(warnings)],
  };
}

function planOf(
  { preparing, epochs, checkpoint, picture, concluding, memory, scratch, payload }: ReconstructionRehearsal,
  sizes: ReadonlyMap<string, number>,
  starting: number,
): TrainingPlan {
  const { stages, reconstruction, execution, overridden } = payload;
  const all = stages.reduce((sum, stage) => sum + stage.epochs, 0);
  const inEpochs = epochs.reduce((sum, { epoch, first }, i) => sum + stages[i].epochs * epoch + first, 0);
  const every = reconstruction.checkpointEveryNEpochs;
  const checkpoints = every === null ? Math.min(all * checkpoint, CHECKPOINTS * inEpochs) : (all / every) * checkpoint;
  const drawn = execution.reconLogEveryNEpochs === 0 ? 0 : Math.floor(all / execution.reconLogEveryNEpochs);
  const stated = overridden.some(({ name }) => name === "reconLogEveryNEpochs");
  // The first one is drawn to see how long it takes.
  const pictures = stated ? drawn : Math.min(drawn, Math.max(1, Math.floor((LARGEST_SHARE * inEpochs) / picture)));
  const parts = {
    ...{ starting, preparing, epochs: inEpochs },
    checkpoints: execution.enableCheckpointing ? checkpoints + checkpoint : 0,
    ...(pictures === 0 ? {} : { pictures: pictures * picture }),
    concluding,
    // Two runs with half of the patterns each.
    ...(reconstruction.confidence ? { halves: inEpochs } : {}),
  };
  let [disk, largest] = [0, 0];
  for (const [path, bytes] of sizes) {
    // What was rehearsed has two epochs.
    const ofEpochs = path.includes(`/${subfolders.logs}/`) || path.endsWith(`/${outputs.course}`);
    disk += bytes * (ofEpochs ? all / 2 : path.includes(`/${subfolders.pictures}/`) ? pictures : 1);
    largest = Math.max(largest, bytes);
  }
  return {
    seconds: Object.values(parts).reduce((a, b) => a + b, 0),
    ...{ parts, memory, memoryIs: "estimated", disk, diskForAMoment: largest + scratch },
    ...{ epochs: all, secondsPerEpoch: inEpochs / all },
  };
}
