import { type DataFacts, dataFacts } from "../../bundle/fingerprint.ts";
import { scanOptions, statedOptions } from "../../config/dataConfig.ts";
import type { TrainingPayload } from "../../config/payload.ts";
import { savedConfigOf } from "../../config/savedConfig.ts";
import type { Dataset } from "../../data/dataset.ts";
import { scaledProbe } from "../../data/normalisation.ts";
import { describeScans, onlyScan, scanNumbers, separateScans } from "../../data/scanNumbers.ts";
import { PtychonautError } from "../../errors.ts";
import { explainedText, heldOutWarnings, pictureWarning } from "../../inference/explanationWarnings.ts";
import type { ParameterSpec } from "../../nets/parameters.ts";
import type { Sheet } from "../../pictures/sheet.ts";
import { trainingFigure } from "../../pictures/trainingFigure.ts";
import { Random } from "../../random.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { checkedScan } from "../../scans/checks/checkedScan.ts";
import type { RunIdentity } from "../../training/checkpoint.ts";
import { withModeCoherence } from "../../training/modeCoherence.ts";
import { unpackWeights } from "../../training/parameterStore.ts";
import { type PreparedData, prepareData } from "../../training/preparation.ts";
import { scanPropagator } from "../../training/scanPropagator.ts";
import { scheduleOf } from "../../training/settings.ts";
import { type Outcome, type TrainerOptions, train } from "../../training/trainer.ts";
import { freshState, type TrainingState } from "../../training/trainingState.ts";
import { inLockedFolder } from "../claimFolder.ts";
import { checkDeterminism } from "../determinism.ts";
import type { RunHooks, RunOutcome } from "../hooks.ts";
import { type OpenScans, openScans } from "../inputs/scans.ts";
import type { MetricsLogger } from "../loggers/metricsLogger.ts";
import { type Home, loaderOptions } from "../machine.ts";
import { checkMemory, patternMemory, smallerTraining } from "../memory.ts";
import { outputs } from "../outputs.ts";
import { joinPath } from "../paths.ts";
import { pictureFiles } from "../pictureFiles.ts";
import { silentProgress } from "../progress.ts";
import { type RunInput, removeRunRecord, scanInput, writeRunRecord } from "../runRecord.ts";
import { skippedNote } from "../skippedNote.ts";
import { writeJson } from "../store.ts";
import type { CheckpointFiles } from "./checkpointFiles.ts";
import { explainedByTraining } from "./explained.ts";
import { type InitialWeights, initialWeights } from "./initialWeights.ts";
import { refined } from "./refined.ts";
import { saveBundle } from "./trainedBundle.ts";
import { checkpointToResume, checkpointWriter } from "./trainingCheckpoints.ts";
import { identityOf, type Seeds, seedsOf } from "./trainingIdentity.ts";
import { labelNotes, trainingLabels } from "./trainingLabels.ts";
import { loggedToItsEnd, logServer, openTrainingLog } from "./trainingLog.ts";
import { epochLine, epochsOf, statusOf, trainingJson } from "./trainingOutcome.ts";
import { type TrainingPictures, trainingPictures } from "./trainingPictures.ts";
import { fixedBatches, setUpTraining, trainingBatches } from "./trainingSetup.ts";
import { type Stage, trainingStages } from "./trainingStages.ts";
import { canvasWarnings, scanWarnings, trainingWarnings } from "./trainingWarnings.ts";

/**
 * A whole training: reads the scan, trains, and leaves in the output folder the model bundle with the best weights,
 * checkpoints, the metrics log, `training.json` and `run.json`.
 * @throws PtychonautError for wrong input, a missing device, or a disk that is full; numerical trouble is in the outcome
 */
export function runTraining(payload: TrainingPayload, hooks: RunHooks, home: Home): Promise<RunOutcome> {
  return inLockedFolder(payload.outputDir, home.store, hooks.log, () => training(payload, hooks, home));
}

async function training(payload: TrainingPayload, hooks: RunHooks, home: Home): Promise<RunOutcome> {
  const { machine, store } = home;
  const startedAt = new Date();
  const server = await logServer(payload, machine);
  const runtime = await machine.runtime(payload.execution.accelerator);
  hooks.log(`computing on ${runtime.description}`);
  if (machine.pictures === undefined) hooks.log("no pictures are drawn here");
  const warnings: string[] = [];
  const warn = (line: string): void => {
    warnings.push(line);
    hooks.warn(`warning: ${line}`);
  };
  for (const line of checkDeterminism(payload, runtime)) warn(line);
  const checkpoint = await checkpointToResume(payload, store, warn);
  const seeds = seedsOf(payload, checkpoint);
  const initial = await initialWeights(payload, home);
  const run = await prepare(
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
    if (restored !== undefined) checkBatches(restored, run);
    const state = restored ?? (await freshRun(run, payload));
    const logged = {
      state,
      resumed: restored !== undefined,
      seed: seeds.run,
      runtime: runtime.description,
      inputs: inputsOf(run.scans),
    };
    const logger = await openTrainingLog(server, payload, logged, home, { log: hooks.log, warn });
    return await loggedToItsEnd(logger, async () => {
      const checkpoints = await checkpointWriter(run, restored, payload, store, hooks.log);
      const finished = await follow(run, state, { logger, checkpoints }, payload, hooks);
      return conclude(run, finished, payload, home, {
        ...{ startedAt, preparedAt, seeds, runtime, warnings, warn },
        log: hooks.log,
      });
    });
  } finally {
    await run.close();
  }
}

function checkBatches({ batch }: TrainingState, { batches: { count } }: Run): void {
  if (batch <= count) return;
  throw new PtychonautError("data", "the checkpoint stands behind the end of its epoch", {
    expected: `at most ${count} batches`,
    got: `${batch}`,
    fix: "resume from another checkpoint",
  });
}

/** Everything that a training works with, before it starts. */
interface Run {
  /** To train on. */
  readonly scans: readonly Dataset[];
  readonly validation: Dataset | undefined;
  readonly prepared: PreparedData;
  /** Where the weights come from, unless they are fresh. */
  readonly initial: InitialWeights | undefined;
  /** One a scan. */
  readonly facts: readonly DataFacts[];
  readonly identity: RunIdentity;
  readonly setup: Awaited<ReturnType<typeof setUpTraining>>;
  readonly batches: TrainerOptions["batches"];
  readonly validate: TrainerOptions["validation"];
  readonly pictures: TrainingPictures;
  /** What was done to the data, for people. */
  readonly notes: readonly string[];
  /** Things worth a look in data and grouping. */
  readonly warnings: readonly string[];
  /** Streams of random numbers. */
  readonly weightsRandom: Random;
  readonly orderRandom: Random;
  close(): Promise<void>;
}

async function prepare(
  payload: TrainingPayload,
  runtime: Runtime,
  seed: number,
  initial: InitialWeights | undefined,
  home: Home,
  log: (line: string) => void,
): Promise<Run> {
  const { data, training, execution, trainDataFile, moreDataFiles, outputDir } = payload;
  const storage = { inMemory: execution.patternsInMemory, folder: outputDir, log };
  const paths = [trainDataFile, ...moreDataFiles, ...(training.testDataFile === null ? [] : [training.testDataFile])];
  const files = await openScans(paths, scanOptions(data), storage, home);
  try {
    return await prepareOn(files, payload, runtime, seed, initial, home);
  } catch (error) {
    files.close();
    throw error;
  }
}

async function prepareOn(
  files: OpenScans,
  payload: TrainingPayload,
  runtime: Runtime,
  seed: number,
  initial: InitialWeights | undefined,
  home: Home,
): Promise<Run> {
  const { machine } = home;
  const { data, model, training, execution } = payload;
  scanPropagator(files.datasets);
  const random = new Random(seed);
  const [splitRandom, weightsRandom, orderRandom] = [random.fork(), random.fork(), random.fork()];
  const stated = statedOptions(data, payload.overridden);
  const toTrainOn = files.datasets.slice(0, 1 + payload.moreDataFiles.length);
  // Frames to leave out are counted within a scan.
  if (data.skipFrames !== null) for (const { scanIndex, name } of toTrainOn) onlyScan(scanNumbers(scanIndex), name);
  const read = [...toTrainOn.flatMap(separateScans), ...files.datasets.slice(toTrainOn.length)];
  const datasets = read.map((dataset) => checkedScan(dataset, stated, data));
  const validation = training.testDataFile === null ? undefined : datasets.at(-1);
  const scans = datasets
    .slice(0, datasets.length - (validation === undefined ? 0 : 1))
    .map((dataset) => withModeCoherence(dataset, model));
  const prepared = prepareData(scans, validation, data, model.gridsize, splitRandom);
  const learned = trainingLabels(scans, prepared.trainingFrames, prepared, payload);
  const source = { ...prepared.training, ...learned };
  const setup = await setUpTraining(payload, scans, prepared, runtime, machine);
  const memoryWarnings = checkMemory(
    [
      { what: "training steps", bytes: setup.memory },
      { what: "the patterns", bytes: files.datasets.reduce((sum, { patterns }) => sum + patternMemory(patterns), 0) },
    ],
    machine.memory,
    smallerTraining,
  );
  const loader = machine.batches(source, loaderOptions(execution));
  const held = prepared.validation && {
    ...prepared.validation,
    // Frames that were held back have the labels of their scan.
    ...(validation === undefined
      ? learned
      : trainingLabels([validation], prepared.validationFrames, prepared, payload)),
  };
  const heldLoader = held === undefined ? undefined : machine.batches(held);
  const facts = scans.map((scan) => dataFacts(scan, model.gridsize));
  return {
    scans,
    validation,
    prepared,
    setup,
    initial,
    facts,
    identity: identityOf(payload, facts, seed, initial),
    batches: trainingBatches(source, loader, payload, prepared.trainingFrames),
    validate:
      held === undefined || heldLoader === undefined
        ? undefined
        : () => fixedBatches(held, heldLoader, training.batchSize),
    pictures: trainingPictures(payload, {
      home,
      runtime,
      source: prepared.training,
      scans: scans.map(({ positions, probe, geometry }, scan) => ({
        positions,
        ...(geometry === undefined ? {} : { geometry }),
        probe: scaledProbe(probe, prepared.scales[scan]),
      })),
    }),
    notes: [
      ...files.datasets.flatMap(({ name, scanIndex }) => {
        const numbers = scanNumbers(scanIndex);
        return numbers.length < 2 ? [] : [`${name} holds ${describeScans(numbers)}, each trained on by itself`];
      }),
      ...datasets.flatMap(skippedNote),
      ...labelNotes(scans, learned.labels),
      ...(initial === undefined ? [] : [`starting from the weights of ${initial.path}`]),
    ],
    warnings: [
      ...scanWarnings([...scans, ...(validation === undefined ? [] : [validation])]),
      ...trainingWarnings(payload, prepared),
      ...canvasWarnings(payload, scans, prepared),
      ...memoryWarnings,
    ],
    weightsRandom,
    orderRandom,
    async close() {
      await loader.close();
      await heldLoader?.close();
      files.close();
    },
  };
}

async function freshRun(
  { setup, batches, initial, weightsRandom, orderRandom }: Run,
  payload: TrainingPayload,
): Promise<TrainingState> {
  const firstBatch = async () => {
    for await (const batch of batches.epoch(Random.restore(orderRandom.save()), 0)) return batch;
    throw new PtychonautError("usage", "there are no training batches");
  };
  const weights = await setup.startWeights(weightsRandom, firstBatch, initial?.values);
  const schedule = scheduleOf(payload.training, payload.execution);
  return freshState(weights, orderRandom.save(), schedule.init());
}

interface Finished {
  readonly outcome: Outcome;
  readonly state: TrainingState;
  /** Parameters in the layout of the state's vectors. */
  readonly specs: readonly ParameterSpec[];
  readonly files: readonly string[];
}

/** What is written while the loop runs. */
interface Records {
  readonly logger: MetricsLogger;
  readonly checkpoints: CheckpointFiles | undefined;
}

/** Runs the loop, stage by stage, and does what its events ask for: logs, checkpoints, pictures, progress. */
async function follow(
  run: Run,
  start: TrainingState,
  { logger, checkpoints }: Records,
  payload: TrainingPayload,
  hooks: RunHooks,
): Promise<Finished> {
  const stages = trainingStages(run.setup, payload);
  const perEpoch = run.batches.count;
  const done = (epoch: number, batch: number): number => epoch * perEpoch + batch;
  const progress = hooks.progress("training", epochsOf(payload) * perEpoch, done(start.epoch, start.batch));
  const files = new Set<string>();
  let note = "";
  let seconds = 0;
  /** One stage to its end. */
  const runStage = async (stage: Stage, from: TrainingState): Promise<Pick<Finished, "outcome" | "state">> => {
    const step = await stage.compile(from.weights);
    try {
      for await (const event of train(trainerOptions(run, stage, step, from, payload, hooks))) {
        if (event.kind === "step") {
          const { epoch, batch, report } = event;
          progress.update(done(epoch - 1, batch), `epoch ${epoch} loss ${report.loss.toPrecision(4)}${note}`);
          if (report.finite) await checkpoints?.saveWhenDue(event.current);
        } else if (event.kind === "epoch") {
          const { record, state } = event;
          note = record.validationLoss === null ? "" : ` val ${record.validationLoss.toPrecision(4)}`;
          if (progress === silentProgress) hooks.log(epochLine(record, epochsOf(payload)));
          await logger.log(record);
          const value = state.kept.find(({ epoch }) => epoch === record.epoch);
          await checkpoints?.save(state, event.keep ? value : undefined, event.dropped);
          seconds += record.seconds;
          if (run.pictures.due(record.epoch, seconds)) {
            const values = unpackWeights(stage.models.specs, state.weights);
            for (const file of await run.pictures.draw(record.epoch, values)) files.add(file);
          }
        } else {
          if (event.outcome.kind === "interrupted") await checkpoints?.save(event.state);
          return { outcome: event.outcome, state: copied(event.state) };
        }
      }
      throw new Error("the training loop ended without an outcome");
    } finally {
      await step.dispose();
    }
  };
  try {
    for (let from = start; ; ) {
      const stage = stages.of(from);
      const { outcome, state } = await runStage(stage, from);
      const next = stages.after(outcome, state);
      if (next === undefined) {
        if (checkpoints !== undefined) files.add(checkpoints.last);
        // A bar showed steps; without one, every epoch had its line.
        const last = state.history.at(-1);
        progress.finish();
        if (progress !== silentProgress && last !== undefined) hooks.log(epochLine(last, epochsOf(payload)));
        return { outcome, state, specs: stage.models.specs, files: [...logger.files, ...files] };
      }
      hooks.log(next.note);
      from = next.state;
    }
  } finally {
    progress.finish();
  }
}

/** Weights of a finished loop are views of buffers that go away with the step. */
const copied = (state: TrainingState): TrainingState => structuredClone(state);

function trainerOptions(
  run: Run,
  { schedule, lastEpoch: maxEpochs }: Stage,
  step: TrainerOptions["step"],
  start: TrainingState,
  { execution }: TrainingPayload,
  { signal }: RunHooks,
): TrainerOptions {
  return {
    step,
    batches: run.batches,
    ...(run.validate === undefined ? {} : { validation: run.validate }),
    schedule,
    maxEpochs,
    accumSteps: execution.accumSteps,
    checkpoints: { saveTopK: execution.checkpointSaveTopK, mode: execution.checkpointMode },
    monitor: execution.checkpointMonitorMetric,
    patience: execution.earlyStopPatience,
    start,
    signal,
  };
}

interface Circumstances {
  readonly startedAt: Date;
  readonly preparedAt: Date;
  readonly seeds: Seeds;
  readonly runtime: Runtime;
  readonly warnings: readonly string[];
  /** Adds to `warnings`. */
  readonly warn: (line: string) => void;
  readonly log: RunHooks["log"];
}

/** Writes bundle, `training.json` and `run.json`, and says how it went. */
async function conclude(
  run: Run,
  { outcome, state, specs, files: written }: Finished,
  payload: TrainingPayload,
  home: Home,
  { startedAt, preparedAt, seeds, runtime, warnings, warn, log }: Circumstances,
): Promise<RunOutcome> {
  const { outputDir } = payload;
  const files = [...written];
  const pictures = pictureFiles(payload.execution.pictureFormats, home);
  const values = state.best === null ? undefined : unpackWeights(specs, state.best);
  const made = values && refined(values, run.scans, run.prepared);
  const explained = explainedByTraining(state, run.scans, run.validation, run.prepared, made?.probe, payload);
  const doubts = explained === undefined ? [] : heldOutWarnings(explained);
  if (explained !== undefined) log(`${explained.of}: ${explainedText(explained)}`);
  for (const line of doubts) warn(line);
  const training = trainingJson(state, outcome, seeds, explained);
  await removeRunRecord(outputDir, home.store);
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
  const { scans, validation } = run;
  const record = await writeRunRecord(
    outputDir,
    {
      command: "train",
      inputs: [
        ...inputsOf(scans),
        ...inputsOf(validation === undefined ? [] : [validation]),
        ...(run.initial === undefined ? [] : [bundleInput(run.initial)]),
      ],
      settings: savedConfigOf(payload),
      overridden: payload.overridden,
      seeds: { ...seeds },
      runtime: runtime.description,
      startedAt: startedAt.toISOString(),
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

/** Each file once, also where it holds several scans. */
function inputsOf(scans: readonly Dataset[]): RunInput[] {
  const inputs = new Map<string, RunInput>();
  for (const input of scans.map(scanInput)) if (!inputs.has(input.path)) inputs.set(input.path, input);
  return [...inputs.values()];
}

const bundleInput = ({ path, sha256 }: InitialWeights): RunInput => ({ path, sha256 });
