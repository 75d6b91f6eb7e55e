import { type ComplexArray, complexZeros, type RealArray, sizeOf } from "../../arrays.ts";
import type { Communicator } from "../../communicator.ts";
import type { TrainingPayload } from "../../config/payload.ts";
import {
  type Batch,
  type BatchLoader,
  type BatchRequest,
  type BatchSource,
  planEpoch,
  shareOfBatch,
  shareSize,
} from "../../data/batches.ts";
import type { Dataset } from "../../data/dataset.ts";
import { framesByScan } from "../../data/frameNumbers.ts";
import { largestOffset } from "../../data/groupGeometry.ts";
import type { Labels } from "../../data/labels.ts";
import { scaledProbe } from "../../data/normalisation.ts";
import { PtychonautError, setting } from "../../errors.ts";
import { initialise, type Parameters, type ParameterValues } from "../../nets/parameters.ts";
import { generatorNamed } from "../../nets/registry.ts";
import type { Random } from "../../random.ts";
import type { HostTensor, Runtime } from "../../runtime/runtime.ts";
import { calibrateScales } from "../../training/calibration.ts";
import { EXPERIMENTS } from "../../training/forward.ts";
import { FRAME_INTENSITY, FRAMES, framesInput, tableIndex } from "../../training/frameIntensity.ts";
import { inputStatistics } from "../../training/inputStatistics.ts";
import { LABEL_INPUTS } from "../../training/labelLoss.ts";
import { buildObjective, type ObjectiveOptions } from "../../training/objective.ts";
import { packWeights, type Weights } from "../../training/parameterStore.ts";
import type { PreparedData } from "../../training/preparation.ts";
import { scanPropagator } from "../../training/scanPropagator.ts";
import { clippingOf, optimizerOf } from "../../training/settings.ts";
import { buildStepModels, type Objective, type StepModels } from "../../training/stepModels.ts";
import { createTrainingStep } from "../../training/steps.ts";
import { isOfProbe } from "../../training/trainableProbe.ts";
import type { TrainingBatches } from "../../training/trainer.ts";
import type { StepBatch, TrainingStep } from "../../training/trainingStep.ts";
import type { Machine } from "../machine.ts";
import { graphMemory, TRAINING_COPIES } from "../memory.ts";

/** Epochs with one set of trained parameters. */
export interface TrainingStage {
  readonly models: StepModels;
  compile(start: Weights): Promise<TrainingStep>;
}

/** From settings and prepared data to compiled training steps. */
export interface TrainingSetup {
  readonly main: TrainingStage;
  /** What the main stage holds in memory, bytes, on the CPU; 0 on a device with memory of its own. */
  readonly memory: number;
  /** With the encoder frozen. */
  fineTuning(): TrainingStage;
  /**
   * Weights to start the main stage with, fresh where `network` does not give them; `batch` is asked for where they depend
   * on data.
   */
  startWeights(random: Random, batch: () => Promise<StepBatch>, network?: ParameterValues): Promise<Weights>;
}

/** @param validation another scan that is validated on: with its own probe, unless that is trained, its light and its mask */
export async function setUpTraining(
  payload: TrainingPayload,
  scans: readonly Dataset[],
  prepared: PreparedData,
  runtime: Runtime,
  machine: Machine,
  validation?: Dataset,
): Promise<TrainingSetup> {
  const { model, training, execution } = payload;
  const { ranks } = machine;
  const ownBatch = ownShare(training.batchSize, ranks);
  const devices = replicaCount(payload, ownBatch, runtime, machine);
  const optimizer = optimizerOf(training);
  const clipping = clippingOf(execution);
  const options = {
    optimizer,
    target: runtime.target,
    stepFactor: (name: string) => stepFactorOf(name, training),
    ...(clipping === undefined ? {} : { clipping }),
  };
  const propagator = scanPropagator(scans);
  const learnedFrom = measured(scans, prepared.scales);
  const objective = (batch: number, of: Measured = learnedFrom): ObjectiveOptions => ({
    model,
    batch,
    propagator,
    canvasSide: sideOfCanvas(model.N, prepared),
    losses: training,
    ...of,
    frames: framesByScan(prepared.trainingFrames, scans).map(({ length }) => length),
  });
  const build =
    (batch: number, of?: Measured) =>
    (parameters: Parameters): Objective =>
      buildObjective(parameters, objective(batch, of));
  const judged = validation && {
    ...measured([validation], prepared.validationScales),
    ...(model.probeTrainable ? { probe: learnedFrom.probe } : {}),
  };
  const stage = (frozen: readonly string[]): TrainingStage => {
    const models = buildStepModels(build(ownBatch), {
      ...{ ...options, frozen },
      ...(judged === undefined ? {} : { judged: build(ownBatch, judged) }),
    });
    return {
      models,
      async compile(start) {
        const form = ranks.size > 1 || devices > 1 || execution.accumSteps > 1 ? "split" : "fused";
        const common = { runtime, models, optimizer, start, form, communicator: ranks } as const;
        if (devices === 1 || machine.replicas === undefined) return createTrainingStep(common);
        const share = shareSize(ownBatch, devices);
        const replica = buildStepModels(build(share), { ...options, frozen });
        const threads = Math.max(1, Math.floor(machine.parallelism / devices));
        const gradients = await machine.replicas({
          model: replica,
          replicas: devices,
          batchPerReplica: share,
          threads,
        });
        return createTrainingStep({ ...common, gradients });
      },
    };
  };
  const main = stage(training.freeze === "encoder" ? generatorNamed(model.architecture).encoder : []);
  const { specs } = main.models;
  const weights = 4 * specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return {
    main,
    // Replicas share a batch, and have the weights each.
    memory: runtime.provider === "cpu" ? graphMemory(main.models.peak, weights, TRAINING_COPIES * devices) : 0,
    fineTuning: () => stage(generatorNamed(model.architecture).encoder),
    async startWeights(random, batch, network = {}) {
      const statistics = model.standardiseInput ? inputStatistics(prepared.training) : {};
      let values: ParameterValues = { ...initialise(specs, random), ...statistics, ...network };
      if (model.physicsForwardMode === "rectangular_scaled" && model.rectS1s2Init === "data") {
        values = {
          ...(await calibrateScales(
            runtime,
            objective(training.batchSize),
            values,
            await batch(),
            stackedMasks(scans).mask,
          )),
        };
      }
      return packWeights(specs, values, optimizer.moments.length);
    },
  };
}

/** What scans bring to an objective: probes, how much light, which pixels. */
type Measured = Pick<ObjectiveOptions, "probe" | "scales" | "mask">;

const measured = (scans: readonly Dataset[], scales: PreparedData["scales"]): Measured => ({
  ...{ probe: stackedProbes(scans, { scales }), scales },
  ...stackedMasks(scans),
});

/** The physics' own parameters may learn faster or slower than the network. */
function stepFactorOf(name: string, training: TrainingPayload["training"]): number {
  if (name === FRAME_INTENSITY) return training.frameIntensityLearningRateFactor;
  return isOfProbe(name) ? training.probeLearningRateFactor : 1;
}

/**
 * Values of the physics' own scalars (s1, s2, alpha, beta), which belong to no network.
 * @param scan whose, where several have their own; default: the mean over all
 */
export function physicsValues(values: ParameterValues, scan?: number): Record<string, number> {
  const own = Object.entries(values).filter(([name]) => /^physics\.(s1|s2|alpha|beta)$/.test(name));
  const meanOf = (value: Float32Array): number => value.reduce((sum, v) => sum + v, 0) / value.length;
  return Object.fromEntries(
    own.map(([name, value]) => [
      name.slice("physics.".length),
      scan === undefined ? meanOf(value) : value[value.length === 1 ? 0 : scan],
    ]),
  );
}

/** `[mode, N, N]`, or for several scans `[experiment, mode, N, N]`: scans with fewer modes have dark ones added. */
export function stackedProbes(scans: readonly Dataset[], { scales }: Pick<PreparedData, "scales">): ComplexArray {
  const probes = scans.map(({ probe }, scan) => scaledProbe(probe, scales[scan]));
  if (probes.length === 1) return probes[0];
  const modes = Math.max(...probes.map(({ shape }) => shape[0]));
  const [, height, width] = probes[0].shape as [number, number, number];
  const stacked = complexZeros([probes.length, modes, height, width]);
  for (const [scan, { data }] of probes.entries()) stacked.data.set(data, scan * 2 * modes * height * width);
  return stacked;
}

/** `[N, N]`, or for several scans `[experiment, N, N]`; absent when no scan has one. */
function stackedMasks(scans: readonly Dataset[]): { readonly mask?: RealArray } {
  const [first] = scans as [Dataset, ...Dataset[]];
  if (scans.every(({ mask }) => mask === undefined)) return {};
  if (scans.length === 1) return { mask: first.mask! };
  const { height, width } = first.patterns;
  const data = new Float32Array(scans.length * height * width).fill(1);
  for (const [scan, { mask }] of scans.entries()) if (mask !== undefined) data.set(mask.data, scan * height * width);
  return { mask: { shape: [scans.length, height, width], data } };
}

/** Groups of each batch that this process computes. @throws PtychonautError "usage" when some would have none */
function ownShare(batchSize: number, { size }: Communicator): number {
  if (size <= batchSize) return shareSize(batchSize, size);
  throw new PtychonautError("usage", "more processes than groups in a batch", {
    expected: `at most ${batchSize}`,
    got: `${size}`,
    fix: `start fewer, raise batch_size, or multiply it by their number with ${setting("scale_batch")}`,
  });
}

/**
 * This process's share of the batches of an epoch, in training order, from a loader.
 * @param trainingFrames the frames that have an intensity of their own, in the order of their table
 */
export function trainingBatches(
  source: BatchSource,
  loader: BatchLoader,
  payload: TrainingPayload,
  trainingFrames: readonly number[],
  ranks: Communicator,
): TrainingBatches & { readonly whole: TrainingBatches["epoch"] } {
  const { batchSize } = payload.training;
  const plan = (random: Random): BatchRequest[] =>
    planEpoch(source.groups.count, batchSize, payload.data.sequentialSampling ? undefined : random);
  const own = (batch: BatchRequest): BatchRequest => shareOfBatch(batch, ranks.rank, ranks.size);
  const index = payload.model.frameIntensityTrainable ? tableIndex(trainingFrames, source.patterns.count) : undefined;
  return {
    count: Math.ceil(source.groups.count / batchSize),
    epoch: (random, skip) => stepBatches(loader, plan(random).slice(skip).map(own), source, index),
    whole: (random, skip) => stepBatches(loader, plan(random).slice(skip), source, index),
  };
}

/** This process's share of all batches in a fixed order, for validation. */
export function fixedBatches(
  source: BatchSource,
  loader: BatchLoader,
  batchSize: number,
  { rank, size }: Communicator,
): AsyncIterable<StepBatch> {
  const plan = planEpoch(source.groups.count, batchSize).map((batch) => shareOfBatch(batch, rank, size));
  return stepBatches(loader, plan, source);
}

async function* stepBatches(
  loader: BatchLoader,
  plan: readonly BatchRequest[],
  { groups, patterns }: BatchSource,
  index?: Int32Array,
): AsyncGenerator<StepBatch, void, void> {
  for await (const batch of loader.batches(plan)) {
    const { inputs, sampleWeights } = stepBatchOf(batch, groups.size, patterns);
    const frames = index === undefined ? {} : { [FRAMES]: framesOf(batch, groups.size, index) };
    yield { inputs: { ...inputs, ...frames }, sampleWeights };
  }
}

const framesOf = ({ frames, weights }: Batch, channels: number, index: Int32Array): HostTensor => ({
  data: framesInput(frames, index),
  shape: [weights.length, channels],
});

/** A batch as graphs take it. */
export function stepBatchOf(
  batch: Batch,
  channels: number,
  { height, width }: Pick<BatchSource["patterns"], "height" | "width">,
): StepBatch {
  const count = batch.weights.length;
  const shape = [count, channels, height, width];
  const labels = Object.entries(batch.labels ?? {}).map(([name, data]) => [
    LABEL_INPUTS[name as keyof Labels],
    { data, shape },
  ]);
  return {
    inputs: {
      images: { data: batch.images, shape },
      offsets: { data: batch.offsets, shape: [count, channels, 2] },
      ...Object.fromEntries(labels),
      ...(batch.experiments === undefined
        ? {}
        : { [EXPERIMENTS]: { data: BigInt64Array.from(batch.experiments, BigInt), shape: [count] } }),
    },
    sampleWeights: batch.weights,
  };
}

/** Large enough that no patch of any group is cut off. */
function sideOfCanvas(n: number, { training, validation }: PreparedData): number {
  const offsets = [training, validation].map((source) => (source === undefined ? 0 : largestOffset(source.geometry)));
  return n + 2 * Math.ceil(Math.max(...offsets));
}

/**
 * Replicas that share this process's part of each batch.
 * @param groups in that part
 * @throws PtychonautError "device" where there can be none, "usage" where some would have no group
 */
function replicaCount(
  { execution: { devices } }: TrainingPayload,
  groups: number,
  runtime: Runtime,
  machine: Machine,
): number {
  const canShare = runtime.provider === "cpu" && machine.replicas !== undefined;
  if (devices === "auto") return canShare ? Math.min(machine.parallelism, groups) : 1;
  if (devices > groups) {
    throw new PtychonautError("usage", "more replicas than groups in this process's share of a batch", {
      expected: `at most ${groups}`,
      got: `${devices}`,
      fix: `use fewer, or ${setting("devices", "auto")}`,
    });
  }
  if (devices > 1 && !canShare) {
    const why =
      runtime.provider === "cpu" ? "replicas need threads" : "replicas on several GPUs are not in this version";
    throw new PtychonautError("device", why, {
      got: `devices ${devices} with ${runtime.description}`,
      fix: `use ${setting("devices", 1)}, or ${setting("accelerator", "cpu")}`,
    });
  }
  return devices;
}
