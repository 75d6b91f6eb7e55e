import type { ReconstructionPayload } from "../../config/payload.ts";
import type { DriverState } from "../../engines/driverState.ts";
import { freshDriverState } from "../../engines/driverState.ts";
import { dependsOnEnd } from "../../engines/stepSchedule.ts";
import { setting } from "../../errors.ts";
import type { RunHooks, RunOutcome } from "../hooks.ts";
import { loggedToItsEnd, logServer, openRunLog } from "../loggers/runLog.ts";
import type { Home } from "../machine.ts";
import { checkEnginesOverRanks } from "../overRanks.ts";
import { inRunFolder } from "../runFolder.ts";
import { scanInput, writeSettings } from "../runRecord.ts";
import { askedOf, concludeReconstruction, outcomeOf } from "./conclude.ts";
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
  const { outputDir } = payload;
  return inRunFolder({ command: "reconstruct", outputDir }, hooks, home, (told) => reconstruction(payload, told, home));
}

async function reconstruction(asked: ReconstructionPayload, hooks: RunHooks, home: Home): Promise<RunOutcome> {
  const { store, machine } = home;
  const { ranks } = machine;
  checkEnginesOverRanks(asked, ranks.size);
  const server = await logServer(asked.execution, machine);
  const early: string[] = [];
  const checkpoint = await checkpointToResume(asked, store, (line) => early.push(line), ranks);
  const run = await prepareReconstruction(asked, hooks, home, checkpoint);
  const { payload } = run;
  try {
    for (const line of early) run.warn(line);
    const from = checkpoint?.restore(run.identity);
    if (from === undefined) await removeCheckpoint(payload.outputDir, store);
    else sayResumed(from, run, hooks.log);
    if (from !== undefined && (checkpoint?.home ?? run.home) !== run.home)
      run.warn("resumed on another device: what follows differs, by rounding, from the run that was never disturbed");
    await writeSettings(payload.outputDir, askedOf(run, payload), home);
    const state = from ?? freshDriverState(run.scan, run.random);
    const logger = await openRunLog(server, loggedRun(run, state, from !== undefined, payload), home, {
      log: hooks.log,
      warn: run.warn,
    });
    return await loggedToItsEnd(logger, async () => {
      const records = {
        logger,
        checkpoints: ranks.rank > 0 ? undefined : await openReconstructionCheckpoints(payload, run, store),
        pictures: reconstructionPictures(payload, run.dataset.geometry?.objectPixelM, home),
      };
      if (payload.reconstruction.patience !== null && run.heldOut.length === 0)
        run.warn("no pattern is held out of so few, so patience stops nothing");
      if (run.frames.length === 1)
        run.warn(
          "a single pattern is reconstructed: nothing overlaps with it, so that many an object, times another probe, explains it as well",
        );
      const noise = payload.reconstruction.stopAtNoise ? noiseDevianceOf(run, run.warn) : undefined;
      const followed = await follow(run, from, noise, records, payload, hooks, ranks);
      const halves = payload.reconstruction.confidence
        ? await halfReconstructions(run, followed.driven, hooks, ranks)
        : undefined;
      if (ranks.rank > 0) return { ...outcomeOf(followed.driven, payload, followed.doubts), files: [] };
      return concludeReconstruction(run, { ...followed, halves }, payload, hooks, home);
    });
  } finally {
    run.close();
  }
}

/** Where a run goes on; where nothing is left to be done, that. */
function sayResumed({ stage, epoch, history }: DriverState, run: ReconstructionRun, log: (line: string) => void): void {
  const done = `resuming after epoch ${history.length}`;
  const { epochs, settings } = run.stages[stage];
  if (stage < run.stages.length - 1 || epoch < epochs) log(done);
  else if (epoch === epochs && dependsOnEnd(settings)) log(`${done}, the last: steps were to end there`);
  else if (epoch === epochs) log(`${done}, the last: ${setting("epochs")} makes the run longer`);
  else
    run.warn(
      `${done}, more than the ${epochs} that are asked for${run.stages.length > 1 ? " of the last stage" : ""}: nothing more is done, and none are taken back`,
    );
}

function loggedRun(run: ReconstructionRun, { history }: DriverState, resumed: boolean, payload: ReconstructionPayload) {
  const { outputDir, execution, data, reconstruction } = payload;
  return {
    ...({ command: "reconstruct", outputDir, execution, scan: "scan" } as const),
    ...{ settings: { data, reconstruction, execution }, inputs: [scanInput(run.dataset)], resumed },
    ...{ seed: run.seed, runtime: run.runtime, history: history.map(metricRow) },
  };
}
