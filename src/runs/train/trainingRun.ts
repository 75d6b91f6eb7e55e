import { sizeOf } from "../../arrays.ts";
import { type DataFacts, dataFacts } from "../../bundle/fingerprint.ts";
import { type Communicator, madeByFirst } from "../../communicator.ts";
import { scanOptions, statedOptions } from "../../config/dataConfig.ts";
import type { TrainingPayload } from "../../config/payload.ts";
import type { Dataset } from "../../data/dataset.ts";
import { scaledProbe } from "../../data/normalisation.ts";
import { describeScans, onlyScan, scanNumbers, separateScans } from "../../data/scanNumbers.ts";
import { PtychonautError } from "../../errors.ts";
import { Random } from "../../random.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { broadcastWeights } from "../../training/broadcastWeights.ts";
import type { RunIdentity } from "../../training/checkpoint.ts";
import { withModeCoherence } from "../../training/modeCoherence.ts";
import { type PreparedData, prepareData } from "../../training/preparation.ts";
import { scanPropagator } from "../../training/scanPropagator.ts";
import { optimizerOf, scheduleOf } from "../../training/settings.ts";
import type { TrainerOptions } from "../../training/trainer.ts";
import { freshState, type TrainingState } from "../../training/trainingState.ts";
import { checkDisk } from "../disk.ts";
import { isPreparedSoon } from "../hooks.ts";
import { checkedTogether } from "../inputs/checkedTogether.ts";
import { type OpenScans, openScans } from "../inputs/scans.ts";
import { scanWarnings } from "../inputs/scanWarnings.ts";
import { type Home, loaderOptions } from "../machine.ts";
import { checkMemory, type MemoryShare, patternMemory, smallerFiles, smallerTraining } from "../memory.ts";
import { skippedNote } from "../skippedNote.ts";
import type { InitialWeights } from "./initialWeights.ts";
import { identityOf } from "./trainingIdentity.ts";
import { labelNotes, trainingLabels } from "./trainingLabels.ts";
import { type TrainingPictures, trainingPictures } from "./trainingPictures.ts";
import { fixedBatches, setUpTraining, trainingBatches } from "./trainingSetup.ts";
import { canvasWarnings, generatorNotes, scanSignals, signalWarnings, trainingWarnings } from "./trainingWarnings.ts";

/** Everything that a training works with, before it starts. */
export interface TrainingRun {
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
  /** What it is thought to hold. */
  readonly memory: readonly MemoryShare[];
  readonly batches: ReturnType<typeof trainingBatches>;
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

/** Reads the scans and makes everything of them that training needs. */
export async function prepareTraining(
  payload: TrainingPayload,
  runtime: Runtime,
  seed: number,
  initial: InitialWeights | undefined,
  home: Home,
  log: (line: string) => void,
): Promise<TrainingRun> {
  const { data, training, execution, trainDataFile, moreDataFiles, outputDir } = payload;
  const storage = { inMemory: execution.patternsInMemory, folder: outputDir, log };
  const paths = [trainDataFile, ...moreDataFiles, ...(training.testDataFile === null ? [] : [training.testDataFile])];
  const files = await openScans(paths, scanOptions(data), storage, home);
  isPreparedSoon(
    files.datasets.map(({ patterns }) => patterns),
    log,
  );
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
): Promise<TrainingRun> {
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
  const { ranks } = machine;
  const datasets: Dataset[] = [];
  for (const dataset of read) datasets.push(await checkedTogether(ranks, dataset, stated, data));
  const coherent = datasets.map((dataset) => withModeCoherence(dataset, model));
  const validation = training.testDataFile === null ? undefined : coherent.at(-1);
  const scans = coherent.slice(0, coherent.length - (validation === undefined ? 0 : 1));
  const prepared = prepareData(scans, validation, data, model.gridsize, splitRandom);
  const learned = trainingLabels(scans, prepared.trainingFrames, prepared, payload);
  const source = { ...prepared.training, ...learned };
  const setup = await setUpTraining(payload, scans, prepared, runtime, machine, validation);
  const memory = [
    { what: "training steps", bytes: setup.memory },
    { what: "the patterns", bytes: files.datasets.reduce((sum, { patterns }) => sum + patternMemory(patterns), 0) },
  ];
  const memoryWarnings = checkMemory(memory, machine.memory, smallerTraining);
  const diskWarnings = await checkDisk(writtenBy(setup, payload), payload.outputDir, home.store, smallerFiles);
  const loader = machine.batches(source, loaderOptions(execution));
  const held = prepared.validation && {
    ...prepared.validation,
    // Frames that were held back have the labels of their scan.
    ...(validation === undefined
      ? learned
      : trainingLabels([validation], prepared.validationFrames, { scales: prepared.validationScales }, payload)),
  };
  const heldLoader = held === undefined ? undefined : machine.batches(held);
  const facts = await madeByFirst(ranks, () => scans.map((scan) => dataFacts(scan, model.gridsize)));
  const propagator = scanPropagator(scans);
  // Rank 0 alone is heard.
  const signals = ranks.rank === 0 ? scanSignals(scans, prepared) : [];
  return {
    scans,
    validation,
    prepared,
    setup,
    memory,
    initial,
    facts,
    identity: identityOf(payload, facts, seed, initial),
    batches: trainingBatches(source, loader, payload, prepared.trainingFrames, machine.ranks),
    validate:
      held === undefined || heldLoader === undefined
        ? undefined
        : () => fixedBatches(held, heldLoader, training.batchSize, machine.ranks),
    pictures: trainingPictures(payload, {
      home,
      runtime,
      source: prepared.training,
      scans: scans.map((scan, number) => ({
        ...scan,
        probe: scaledProbe(scan.probe, prepared.scales[number]),
        propagator,
      })),
    }),
    notes: [
      ...files.datasets.flatMap(({ name, scanIndex }) => {
        const numbers = scanNumbers(scanIndex);
        return numbers.length < 2 ? [] : [`${name} holds ${describeScans(numbers)}, each trained on by itself`];
      }),
      ...datasets.flatMap(skippedNote),
      ...labelNotes(scans, learned.labels),
      ...generatorNotes(payload, signals, scans.length),
      ...(initial === undefined ? [] : [`starting from the weights of ${initial.path}`]),
    ],
    warnings: [
      ...scanWarnings([...scans, ...(validation === undefined ? [] : [validation])]),
      ...trainingWarnings(payload, scans, prepared),
      ...signalWarnings(payload, signals),
      ...canvasWarnings(payload, scans, prepared),
      ...memoryWarnings,
      ...diskWarnings,
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

/** What a training leaves on the disk, and what it needs there while a checkpoint is replaced. */
function writtenBy({ main }: TrainingRun["setup"], { training, execution }: TrainingPayload): MemoryShare[] {
  const weights = 4 * main.models.specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const { checkpointSaveTopK: kept } = execution;
  const files = execution.enableCheckpointing
    ? 2 + (kept < 0 ? training.maxEpochs : Math.min(kept, training.maxEpochs))
    : 0;
  // The weights, the best ones, and the optimiser's moments.
  const checkpoint = weights * (2 + optimizerOf(training).moments.length);
  return [
    { what: `${files} checkpoints`, bytes: files * checkpoint },
    { what: "the model", bytes: 2 * weights },
  ];
}

/** The state that a training from its beginning starts in: of several processes what rank 0 makes, in all. */
export async function freshRun(
  { setup, batches, initial, weightsRandom, orderRandom }: TrainingRun,
  payload: TrainingPayload,
  ranks: Communicator,
): Promise<TrainingState> {
  const firstBatch = async () => {
    for await (const batch of batches.whole(Random.restore(orderRandom.save()), 0)) return batch;
    throw new PtychonautError("usage", "there are no training batches");
  };
  const made = ranks.rank > 0 ? undefined : await setup.startWeights(weightsRandom, firstBatch, initial?.values);
  const weights = await broadcastWeights(ranks, made, optimizerOf(payload.training).moments.length);
  const schedule = scheduleOf(payload.training, payload.execution);
  return freshState(weights, orderRandom.save(), schedule.init());
}
