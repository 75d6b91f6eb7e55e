import type { ReconstructionPayload } from "../../config/payload.ts";
import type { DriverState } from "../../engines/driverState.ts";
import { freshDriverState } from "../../engines/driverState.ts";
import { inLockedFolder } from "../claimFolder.ts";
import type { RunHooks, RunOutcome } from "../hooks.ts";
import { loggedToItsEnd, logServer, openRunLog } from "../loggers/runLog.ts";
import type { Home } from "../machine.ts";
import { scanInput } from "../runRecord.ts";
import { concludeReconstruction } from "./conclude.ts";
import { halfReconstructions } from "./halfReconstructions.ts";
import { noiseDevianceOf } from "./noiseDeviance.ts";
import { checkpointToResume, openReconstructionCheckpoints, removeCheckpoint } from "./reconstructionCheckpoints.ts";
import { follow, metricRow } from "./reconstructionLoop.ts";
import { reconstructionPictures } from "./reconstructionPictures.ts";
import { prepareReconstruction, type ReconstructionRun } from "./reconstructionRun.ts";

/**
 * A whole iterative reconstruction: reads the scan, runs the engines, and leaves in the output folder the reconstruction,
 * the probe, pictures, checkpoints, the log, `reconstruction.json`, `metrics.json` and `run.json`. Interrupted, it saves
 * what there is.
 * @throws PtychonautError for wrong input, a missing device, or a full disk; numerical trouble is in the outcome
 */
export function runReconstruction(payload: ReconstructionPayload, hooks: RunHooks, home: Home): Promise<RunOutcome> {
  return inLockedFolder(payload.outputDir, home.store, hooks.log, () => reconstruction(payload, hooks, home));
}

async function reconstruction(asked: ReconstructionPayload, hooks: RunHooks, home: Home): Promise<RunOutcome> {
  const { store, machine } = home;
  const server = await logServer(asked.execution, machine);
  const early: string[] = [];
  const checkpoint = await checkpointToResume(asked, store, (line) => early.push(line));
  const run = await prepareReconstruction(asked, hooks, home, checkpoint?.seed);
  const { payload } = run;
  try {
    for (const line of early) run.warn(line);
    const from = checkpoint?.restore(run.identity);
    if (from === undefined) await removeCheckpoint(payload.outputDir, store);
    else hooks.log(`resuming after epoch ${from.history.length}`);
    const state = from ?? freshDriverState(run.scan, run.random);
    const logger = await openRunLog(server, loggedRun(run, state, from !== undefined, payload), home, {
      log: hooks.log,
      warn: run.warn,
    });
    return await loggedToItsEnd(logger, async () => {
      const records = {
        logger,
        checkpoints: await openReconstructionCheckpoints(payload, run.identity, store),
        pictures: reconstructionPictures(payload, run.dataset.geometry?.objectPixelM, home),
      };
      if (payload.reconstruction.patience !== null && run.heldOut.length === 0)
        run.warn("no pattern is held out of so few, so patience stops nothing");
      const noise = payload.reconstruction.stopAtNoise ? noiseDevianceOf(run, run.warn) : undefined;
      const followed = await follow(run, from, noise, records, payload, hooks);
      const halves = payload.reconstruction.confidence
        ? await halfReconstructions(run, followed.driven, hooks)
        : undefined;
      return concludeReconstruction(run, { ...followed, halves }, payload, hooks, home);
    });
  } finally {
    run.close();
  }
}

function loggedRun(run: ReconstructionRun, { history }: DriverState, resumed: boolean, payload: ReconstructionPayload) {
  const { outputDir, execution, data, reconstruction } = payload;
  return {
    ...({ command: "reconstruct", outputDir, execution, scan: "scan" } as const),
    ...{ settings: { data, reconstruction, execution }, inputs: [scanInput(run.dataset)], resumed },
    ...{ seed: run.seed, runtime: run.runtime, history: history.map(metricRow) },
  };
}
