import { madeByFirst } from "../../communicator.ts";
import type { TrainingPayload } from "../../config/payload.ts";
import { savedConfigOf } from "../../config/savedConfig.ts";
import type { Dataset } from "../../data/dataset.ts";
import { PtychonautError } from "../../errors.ts";
import { explainedText, heldOutWarnings, pictureWarning } from "../../inference/explanationWarnings.ts";
import type { Sheet } from "../../pictures/sheet.ts";
import { trainingFigure } from "../../pictures/trainingFigure.ts";
import { counted } from "../../printable.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { unpackWeights } from "../../training/parameterStore.ts";
import type { TrainingState } from "../../training/trainingState.ts";
import { checkDeterminism } from "../determinism.ts";
import type { RunHooks, RunOutcome } from "../hooks.ts";
import { loggedToItsEnd, logServer } from "../loggers/runLog.ts";
import type { Home } from "../machine.ts";
import { outputs, subfolders } from "../outputs.ts";
import { joinPath } from "../paths.ts";
import { pictureFiles } from "../pictureFiles.ts";
import { inRunFolder } from "../runFolder.ts";
import { type RunInput, removeRunRecord, scanInput, writeRunRecord, writeSettings } from "../runRecord.ts";
import { writeJson } from "../store.ts";
import { ranksNotes, scaledByRanks } from "./batchOverRanks.ts";
import { explainedByTraining, explainedOfWhat } from "./explained.ts";
import { type InitialWeights, initialWeights } from "./initialWeights.ts";
import { changeOf } from "./learningRates.ts";
import { refined } from "./refined.ts";
import { saveBundle } from "./trainedBundle.ts";
import { checkpointToResume, checkpointWriter } from "./trainingCheckpoints.ts";
import { type Seeds, seedsOf } from "./trainingIdentity.ts";
import { openTrainingLog } from "./trainingLog.ts";
import { type Finished, follow } from "./trainingLoop.ts";
import { epochsOf, statusOf, trainingJson } from "./trainingOutcome.ts";
import { freshRun, prepareTraining, type TrainingRun } from "./trainingRun.ts";

/**
 * A whole training: reads the scan, trains, and leaves in the output folder the model bundle with the best weights,
 * checkpoints, the metrics log, `training.json` and `run.json`.
 * @throws PtychonautError for wrong input, a missing device, or a disk that is full; numerical trouble is in the outcome
 */
export function runTraining(payload: TrainingPayload, hooks: RunHooks, home: Home): Promise<RunOutcome> {
  const { outputDir } = payload;
  return inRunFolder({ command: "train", outputDir }, hooks, home, (told) => training(payload, told, home));
}

async function training(asked: TrainingPayload, hooks: RunHooks, home: Home): Promise<RunOutcome> {
  const { machine } = home;
  const { ranks } = machine;
  const payload = scaledByRanks(asked, ranks);
  const startedAt = new Date();
  const server = await logServer(payload.execution, machine);
  const runtime = await machine.runtime(payload.execution.accelerator);
  hooks.log(`computing on ${runtime.description}`);
  for (const line of ranksNotes(payload, asked, ranks)) hooks.log(line);
  if (machine.pictures === undefined) hooks.log("no pictures are drawn here");
  const warnings: string[] = [];
  const warn = (line: string): void => {
    warnings.push(line);
    hooks.warn(`warning: ${line}`);
  };
  for (const line of checkDeterminism(payload, runtime)) warn(line);
  const checkpoint = await checkpointToResume(payload, home, warn);
  const seeds = await madeByFirst(ranks, () => seedsOf(payload, checkpoint));
  const initial = await initialWeights(payload, home);
  const run = await prepareTraining(
    { ...payload, data: { ...payload.data, subsampleSeed: seeds.grouping } },
    runtime,
    seeds.run,
    initial,
    home,
    hooks.log,
  );
  for (const line of run.warnings) warn(line);
  for (const line of run.notes) hooks.log(line);
  const preparedAt = new Date();
  try {
    const restored = checkpoint?.restore(run.identity);
    if (restored !== undefined) {
      checkBatches(restored, run);
      for (const line of resumeNote(restored, run, payload)) hooks.log(line);
    }
    const state = restored ?? (await freshRun(run, payload, ranks));
    await writeSettings(payload.outputDir, askedOf(run, payload, { seeds, runtime, startedAt }), home);
    const logged = {
      state,
      resumed: restored !== undefined,
      seed: seeds.run,
      runtime: runtime.description,
      inputs: inputsOf(run.scans),
    };
    const logger = await openTrainingLog(server, payload, logged, home, { log: hooks.log, warn });
    return await loggedToItsEnd(logger, async () => {
      const checkpoints = await checkpointWriter(run, restored, payload, home, hooks.log);
      const finished = await follow(run, state, { logger, checkpoints }, payload, hooks, warn, ranks);
      if (restored !== undefined && finished.outcome.kind !== "interrupted" && finished.state.step === restored.step)
        hooks.log(`nothing was left to train after ${counted(restored.epoch, "epoch")}`);
      if (ranks.rank > 0) return { ...statusOf(finished.outcome, payload), files: [] };
      return conclude(run, finished, payload, home, {
        ...{ startedAt, preparedAt, seeds, runtime, resumed: restored !== undefined, warnings, warn },
        log: hooks.log,
      });
    });
  } finally {
    await run.close();
  }
}

function checkBatches({ batch }: TrainingState, { batches: { count } }: TrainingRun): void {
  if (batch <= count) return;
  throw new PtychonautError("data", "the checkpoint stands behind the end of its epoch", {
    expected: `at most ${count} batches`,
    got: `${batch}`,
    fix: "resume from another checkpoint",
  });
}

/** Where a run goes on, if it does. */
function resumeNote({ epoch, batch }: TrainingState, { batches }: TrainingRun, payload: TrainingPayload): string[] {
  return epoch >= epochsOf(payload) ? [] : [`resuming at epoch ${epoch + 1}, batch ${batch} of ${batches.count}`];
}

interface Circumstances {
  readonly startedAt: Date;
  readonly preparedAt: Date;
  readonly seeds: Seeds;
  readonly runtime: Runtime;
  /** Whether an earlier part of this very run left what is there. */
  readonly resumed: boolean;
  readonly warnings: readonly string[];
  /** Adds to `warnings`. */
  readonly warn: (line: string) => void;
  readonly log: RunHooks["log"];
}

/** Writes bundle, `training.json` and `run.json`, and says how it went. */
export async function conclude(
  run: TrainingRun,
  { outcome, state, specs, files: written }: Finished,
  payload: TrainingPayload,
  home: Home,
  { startedAt, preparedAt, seeds, runtime, resumed, warnings, warn, log }: Circumstances,
): Promise<RunOutcome> {
  const { outputDir } = payload;
  const files = [...written];
  const pictures = pictureFiles(payload.execution.pictureFormats, home);
  const values = state.best === null ? undefined : unpackWeights(specs, state.best);
  const made = values && refined(values, run.scans, run.prepared);
  const explained = explainedByTraining(state, run.scans, run.validation, run.prepared, made?.probe, payload);
  const doubts = explained === undefined ? [] : heldOutWarnings(explained);
  if (explained !== undefined) log(`${explainedOfWhat(explained, run.scans)}: ${explainedText(explained)}`);
  for (const line of doubts) warn(line);
  const training = trainingJson(state, outcome, seeds, explained);
  const earlier = await removeRunRecord(outputDir, "train", home.store);
  if (values !== undefined && made !== undefined) {
    files.unshift(await saveBundle(run, values, made.probe, payload, training, home.store));
    files.push(...(await made.write(outputDir, home, pictures)));
    if (payload.execution.logPatchStats) files.push(...(await run.pictures.statistics(values)));
  }
  const curve = (): Sheet => trainingFigure(state.history, state.best?.epoch ?? null, pictureWarning(doubts).warning);
  if (state.history.length > 0)
    files.push(...(await pictures.write(joinPath(outputDir, outputs.pictures.training), curve)));
  const trainingFile = joinPath(outputDir, outputs.training);
  await writeJson(trainingFile, training, home.store);
  if (!resumed)
    for (const path of earlier.filter((path) => isOfOneRun(path, outputDir) && !files.includes(path)))
      await home.store.remove(path);
  const record = await writeRunRecord(
    outputDir,
    {
      ...askedOf(run, payload, { seeds, runtime, startedAt }),
      ...(state.rates === undefined ? {} : { changes: state.rates.map(changeOf) }),
      seconds: {
        preparation: (preparedAt.getTime() - startedAt.getTime()) / 1000,
        training: (Date.now() - preparedAt.getTime()) / 1000,
      },
      warnings,
      outcome: { ...outcome, explained: explained?.explained ?? null },
      files: [...files, trainingFile],
    },
    home,
  );
  return { ...statusOf(outcome, payload), files: [...files, trainingFile, record] };
}

/** Checkpoints and logs are kept or left by whoever writes them. */
const isOfOneRun = (path: string, outputDir: string): boolean =>
  ![subfolders.checkpoints, subfolders.logs].some((folder) => path.startsWith(`${joinPath(outputDir, folder)}/`));

/** What a run was asked, known before its first step. */
function askedOf(
  { scans, validation, initial }: TrainingRun,
  payload: TrainingPayload,
  { seeds, runtime, startedAt }: Pick<Circumstances, "seeds" | "runtime" | "startedAt">,
) {
  return {
    command: "train",
    inputs: [
      ...inputsOf(scans),
      ...inputsOf(validation === undefined ? [] : [validation]),
      ...(initial === undefined ? [] : [bundleInput(initial)]),
    ],
    settings: savedConfigOf(payload),
    overridden: payload.overridden,
    seeds: { ...seeds },
    runtime: runtime.description,
    startedAt: startedAt.toISOString(),
  };
}

/** Each file once, also where it holds several scans. */
function inputsOf(scans: readonly Dataset[]): RunInput[] {
  const inputs = new Map<string, RunInput>();
  for (const input of scans.map(scanInput)) if (!inputs.has(input.path)) inputs.set(input.path, input);
  return [...inputs.values()];
}

const bundleInput = ({ path, sha256 }: InitialWeights): RunInput => ({ path, sha256 });
