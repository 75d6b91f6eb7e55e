import type { Settings } from "../../src/config/group.ts";
import { parseSettings } from "../../src/config/schema.ts";
import { assembleBatch, planEpoch } from "../../src/data/batches.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { largestOffset } from "../../src/data/groupGeometry.ts";
import { scaledProbe } from "../../src/data/normalisation.ts";
import { adam } from "../../src/graph/optimizers.ts";
import { initialise } from "../../src/nets/parameters.ts";
import { farField } from "../../src/physics/propagation/farField.ts";
import { Random } from "../../src/random.ts";
import { framesInput, tableIndex } from "../../src/training/frameIntensity.ts";
import { buildObjective } from "../../src/training/objective.ts";
import { packWeights, unpackWeights } from "../../src/training/parameterStore.ts";
import { prepareData } from "../../src/training/preparation.ts";
import { buildStepModels } from "../../src/training/stepModels.ts";
import { createTrainingStep } from "../../src/training/steps.ts";
import { testRuntime } from "../evaluate.ts";

export interface ScanTraining {
  /** Model settings. */
  readonly model?: Settings;
  readonly batchSize: number;
  readonly epochs: number;
  readonly learningRate: number;
  /** See `StepOptions`. */
  readonly stepFactor?: (name: string) => number;
}

export interface TrainedScan {
  /** Mean deviance of each epoch. */
  readonly deviance: readonly number[];
  readonly values: Readonly<Record<string, Float32Array>>;
  /** The probe that training started from, on the physics' scale. */
  readonly start: ReturnType<typeof scaledProbe>;
  /** Training frames, in the order of the tables that have an entry for each. */
  readonly frames: readonly number[];
}

/** Trains a small network on a scan in memory, on one thread, by the program's own objective and step. */
export async function trainOnScan(dataset: Dataset, training: ScanTraining): Promise<TrainedScan> {
  const { batchSize, epochs, learningRate, stepFactor = () => 1 } = training;
  const N = dataset.patterns.width;
  const settings = parseSettings("model", { nFiltersScale: 1, gridsize: 2, ...training.model });
  const model = { ...settings, N, objectBig: settings.gridsize > 1, probeMaskDiameter: N / 2 };
  const data = { ...parseSettings("data", { validationFraction: 0 }), subsampleSeed: 1, neighborCount: 4 };
  const {
    scales,
    training: source,
    trainingFrames: frames,
  } = prepareData([dataset], undefined, data, model.gridsize, new Random(2));
  const start = scaledProbe(dataset.probe, scales[0]);
  const optimizer = adam();
  const models = buildStepModels(
    (parameters) =>
      buildObjective(parameters, {
        ...{ model, batch: batchSize, probe: start, propagator: farField, scales },
        canvasSide: N + 2 * Math.ceil(largestOffset(source.geometry)),
        losses: parseSettings("training"),
        frames: [frames.length],
      }),
    { optimizer, stepFactor },
  );
  const weights = packWeights(models.specs, initialise(models.specs, new Random(3)), optimizer.moments.length);
  const step = await createTrainingStep({ runtime: testRuntime, models, optimizer, start: weights, form: "fused" });
  const index = tableIndex(frames, dataset.patterns.count);
  const random = new Random(4);
  const deviance: number[] = [];
  let done = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    let total = 0;
    for (const request of planEpoch(source.groups.count, batchSize, random)) {
      const { images, offsets, frames: members, weights: sampleWeights } = assembleBatch(source, request);
      const inputs = {
        images: { data: images, shape: [batchSize, model.gridsize ** 2, N, N] },
        offsets: { data: offsets, shape: [batchSize, model.gridsize ** 2, 2] },
        frames: { data: framesInput(members, index), shape: [batchSize, model.gridsize ** 2] },
      };
      const report = await step.run([{ inputs, sampleWeights }], learningRate, ++done);
      total += report.measures["deviance"] * report.samples;
    }
    deviance.push(total / source.groups.count);
  }
  const values = structuredClone(unpackWeights(models.specs, await step.read()));
  await step.dispose();
  return { deviance, values, start, frames };
}
