import { buildModel } from "../src/graph/onnx/model.ts";
import type { Graph, Tensor } from "../src/graph/tensor.ts";
import type { Random } from "../src/random.ts";
import { nodeRuntime } from "../src/runtime/node/ort.ts";
import type { HostTensor, Runtime } from "../src/runtime/runtime.ts";

/** One CPU thread: results in tests then do not depend on how many cores the machine has. */
export const testRuntime: Runtime = nodeRuntime("cpu", "tests", { threads: 1 });

/** Builds the model of some tensors, runs it once and returns the values as float arrays. */
export async function evaluate<Name extends string>(
  outputs: Readonly<Record<Name, Tensor>>,
  feeds: Readonly<Record<string, HostTensor["data"]>> = {},
  runtime: Runtime = testRuntime,
): Promise<Record<Name, Float32Array>> {
  const graph: Graph = Object.values<Tensor>(outputs)[0].graph;
  const session = await runtime.load(buildModel({ outputs }));
  const inputs = Object.fromEntries(
    session.inputNames.map((name) => [name, { data: feeds[name], shape: graph.inputs.get(name)!.shape }]),
  );
  const results = await session.run(inputs);
  await session.dispose();
  return Object.fromEntries(
    Object.entries(results).map(([name, tensor]) => [name, Float32Array.from(tensor.data, Number)]),
  ) as Record<Name, Float32Array>;
}

/** Standard normal numbers. */
export function normals(random: Random, length: number): Float32Array {
  return Float32Array.from({ length }, () => random.normal());
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i] * b[i];
  return total;
}

export const norm = (a: ArrayLike<number>): number => Math.sqrt(dot(a, a));

/** Largest absolute difference over the largest magnitude of the expected values; NaN where any value is NaN. */
export function maxDeviation(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) throw new Error(`lengths differ: ${actual.length} and ${expected.length}`);
  let difference = 0;
  let scale = 0;
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
    scale = Math.max(scale, Math.abs(expected[i]));
  }
  return scale === 0 ? difference : difference / scale;
}
