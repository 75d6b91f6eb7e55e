import { alone, type Communicator } from "../communicator.ts";
import type { Optimizer } from "../graph/optimizers.ts";
import type { HostTensor } from "../runtime/runtime.ts";
import { SAMPLE_WEIGHTS, type StepModels } from "./stepModels.ts";
import type { Losses, StepBatch, StepReport } from "./trainingStep.ts";

/** What all forms of a training step feed to the step models and read from their outputs. */
type Outputs = Readonly<Record<string, HostTensor>>;
type Measured = Pick<StepModels, "measures">;

/** Names of the outputs that are sums over samples: the loss, then the measures. */
export const lossNames = ({ measures }: Measured): string[] => ["loss", ...measures.map((name) => `measure/${name}`)];

export const lossValues = (models: Measured, outputs: Outputs): Float64Array =>
  Float64Array.from(lossNames(models), (name) => Number(outputs[name].data[0]));

export const sampleCount = (weights: Float32Array): number => weights.reduce((total, weight) => total + weight, 0);

export const vector = (data: Float32Array): HostTensor => ({ data, shape: [data.length] });

/** What changes from step to step, as graph inputs. */
export function optimizerFeeds(optimizer: Optimizer, learningRate: number, step: number): Record<string, HostTensor> {
  const values = optimizer.scalarValues(learningRate, step);
  return Object.fromEntries(
    optimizer.scalars.map((name, i) => [`optimizer.${name}`, { data: Float32Array.of(values[i]), shape: [] }]),
  );
}

/** @param values in the order of `lossNames` */
export function stepReport(models: Measured, values: Float64Array, samples: number, norms: Outputs): StepReport {
  const gradientNormBefore = Number(norms["norm/before"].data[0]);
  const gradientNormAfter = Number((norms["norm/after"] ?? norms["norm/before"]).data[0]);
  const finite = Number.isFinite(values[0]) && Number.isFinite(gradientNormBefore);
  return { ...losses(models, values), samples, gradientNormBefore, gradientNormAfter, finite };
}

/**
 * Mean losses over the samples of some batches, in all processes.
 * @param run runs the evaluation model on a batch, with the weights that it knows
 */
export async function meanLosses(
  models: Measured,
  batches: AsyncIterable<StepBatch>,
  run: (feeds: Outputs) => Promise<Outputs>,
  communicator: Communicator = alone,
): Promise<Losses & { samples: number }> {
  const count = 1 + models.measures.length;
  /** The samples come last, so that one exchange serves all. */
  const totals = new Float64Array(count + 1);
  for await (const { inputs, sampleWeights } of batches) {
    const values = lossValues(models, await run({ ...inputs, [SAMPLE_WEIGHTS]: vector(sampleWeights) }));
    for (const [i, value] of values.entries()) totals[i] += value;
    totals[count] += sampleCount(sampleWeights);
  }
  await communicator.sum(totals);
  const samples = totals[count];
  const means = totals.subarray(0, count).map((total) => total / samples);
  return { ...losses(models, means), samples };
}

function losses({ measures }: Measured, values: Float64Array): Losses {
  return { loss: values[0], measures: Object.fromEntries(measures.map((name, i) => [name, values[i + 1]])) };
}
