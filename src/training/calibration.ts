import type { RealArray } from "../arrays.ts";
import { buildModel } from "../graph/onnx/model.ts";
import { mul, square } from "../graph/ops/elementwise.ts";
import { mean } from "../graph/ops/reduce.ts";
import { Graph } from "../graph/tensor.ts";
import { Parameters, type ParameterValues } from "../nets/parameters.ts";
import type { HostTensor, Runtime } from "../runtime/runtime.ts";
import { buildForward, EXPERIMENTS, experimentCount, type ForwardOptions } from "./forward.ts";
import { validPixels } from "./objective.ts";
import type { StepBatch } from "./trainingStep.ts";

/**
 * Start of the rectangular forward model's scales from data: s1 = s2 = √(mean measured / mean predicted intensity) over the
 * valid pixels of one batch, with the start weights. Several scans have one each, from their samples; one that the batch has no sample of
 * takes that of all samples.
 * @param mask `[N, N]`, or for several scans `[experiment, N, N]`, 1 = valid; measured pixels are zero elsewhere. Default all valid
 * @returns the values with `physics.s1` and `physics.s2` replaced
 */
export async function calibrateScales(
  runtime: Runtime,
  forward: ForwardOptions,
  values: ParameterValues,
  batch: StepBatch,
  mask?: RealArray,
): Promise<ParameterValues> {
  const parameters = new Parameters(new Graph(), { training: false });
  const predictions = buildForward(parameters, forward);
  const { images, intensity } = predictions;
  const seen =
    mask === undefined
      ? intensity
      : mul(intensity, validPixels(parameters.graph.constant(mask.data, mask.shape), predictions));
  const axes = [1, 2, 3];
  const outputs =
    experimentCount(forward) === 1
      ? { measured: mean(square(images)), predicted: mean(seen) }
      : { measured: mean(square(images), { axes }), predicted: mean(seen, { axes }) };
  const session = await runtime.load(buildModel({ outputs }));
  const weights: Record<string, HostTensor> = Object.fromEntries(
    parameters.specs.map(({ name, shape }) => [name, { data: values[name], shape }]),
  );
  const { measured, predicted } = await session.run({ ...batch.inputs, ...weights });
  await session.dispose();
  const scale = scalesOf(
    Array.from(measured.data, Number),
    Array.from(predicted.data, Number),
    Array.from(batch.inputs[EXPERIMENTS]?.data ?? [0], Number),
    experimentCount(forward),
  );
  return { ...values, "physics.s1": scale, "physics.s2": scale.slice() };
}

/** √(Σ measured / Σ predicted) over the samples of each scan. */
function scalesOf(
  measured: readonly number[],
  predicted: readonly number[],
  experiment: readonly number[],
  scans: number,
): Float32Array {
  const ratio = (of: (sample: number) => boolean): number => {
    const total = (values: readonly number[]): number => values.reduce((sum, v, i) => (of(i) ? sum + v : sum), 0);
    return Math.sqrt(total(measured) / total(predicted));
  };
  return Float32Array.from({ length: scans }, (_, scan) =>
    experiment.includes(scan) ? ratio((sample) => experiment[sample] === scan) : ratio(() => true),
  );
}
