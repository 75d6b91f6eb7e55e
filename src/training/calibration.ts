import { buildModel } from "../graph/onnx/model.ts";
import { square } from "../graph/ops/elementwise.ts";
import { mean } from "../graph/ops/reduce.ts";
import { Graph } from "../graph/tensor.ts";
import { Parameters, type ParameterValues } from "../nets/parameters.ts";
import type { HostTensor, Runtime } from "../runtime/runtime.ts";
import { buildForward, type ForwardOptions } from "./forward.ts";
import type { StepBatch } from "./steps.ts";

/**
 * Start of the rectangular forward model's scales from data: s1 = s2 = √(mean measured / mean predicted intensity) over one
 * batch, with the start weights.
 * @returns the values with `physics.s1` and `physics.s2` replaced
 */
export async function calibrateScales(
  runtime: Runtime,
  forward: ForwardOptions,
  values: ParameterValues,
  batch: StepBatch,
): Promise<ParameterValues> {
  const parameters = new Parameters(new Graph(), { training: false });
  const { images, intensity } = buildForward(parameters, forward);
  const session = await runtime.load(
    buildModel({ outputs: { measured: mean(square(images)), predicted: mean(intensity) } }),
  );
  const weights: Record<string, HostTensor> = Object.fromEntries(
    parameters.specs.map(({ name, shape }) => [name, { data: values[name]!, shape }]),
  );
  const { measured, predicted } = await session.run({ ...batch.inputs, ...weights });
  await session.dispose();
  const scale = Math.sqrt(Number(measured!.data[0]) / Number(predicted!.data[0]));
  return { ...values, "physics.s1": Float32Array.of(scale), "physics.s2": Float32Array.of(scale) };
}
