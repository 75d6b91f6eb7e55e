import { describe, expect, it } from "vitest";
import { gradients } from "../../src/graph/gradients.ts";
import { buildModel } from "../../src/graph/onnx/model.ts";
import { square, sub } from "../../src/graph/ops/elementwise.ts";
import { sum } from "../../src/graph/ops/reduce.ts";
import { adam, adamw, averaging, type Optimizer, optimizerScalars, sgd } from "../../src/graph/optimizers.ts";
import { Graph, type Tensor } from "../../src/graph/tensor.ts";
import { Random } from "../../src/random.ts";
import { maxDeviation, normals, testRuntime } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";

/** Runs an optimiser in a graph; `gradientOf` sees the parameter and gives its gradient for that step. */
async function run(
  optimizer: Optimizer,
  start: Float32Array,
  gradientOf: (p: Float32Array, step: number) => Float32Array,
  rates: readonly number[],
): Promise<Float32Array> {
  return (await runAll(optimizer, start, gradientOf, rates)).parameter;
}

/** The same, with the moments that it ends with. */
async function runAll(
  optimizer: Optimizer,
  start: Float32Array,
  gradientOf: (p: Float32Array, step: number) => Float32Array,
  rates: readonly number[],
): Promise<{ readonly parameter: Float32Array; readonly moments: readonly Float32Array[] }> {
  const graph = new Graph();
  const shape = [start.length];
  const [p, g] = [graph.input("p", shape), graph.input("g", shape)];
  const moments = optimizer.moments.map((name) => graph.input(name, shape));
  const updated = optimizer.update(p, g, moments, optimizerScalars(graph, optimizer));
  const outputs: Record<string, Tensor> = { "p'": updated.parameter };
  for (const [i, name] of optimizer.moments.entries()) outputs[`${name}'`] = updated.moments[i];
  const session = await testRuntime.load(buildModel({ outputs }));
  let parameter = start;
  let state: Float32Array[] = optimizer.moments.map(() => new Float32Array(start.length));
  for (const [i, rate] of rates.entries()) {
    const feeds: Record<string, { data: Float32Array; shape: readonly number[] }> = {
      p: { data: parameter, shape },
      g: { data: gradientOf(parameter, i), shape },
    };
    for (const [j, name] of optimizer.moments.entries()) feeds[name] = { data: state[j], shape };
    const scalars = optimizer.scalarValues(rate, i + 1);
    for (const [j, name] of optimizer.scalars.entries()) {
      feeds[`optimizer.${name}`] = { data: Float32Array.of(scalars[j]), shape: [] };
    }
    const out = await session.run(feeds);
    parameter = out["p'"].data as Float32Array;
    state = optimizer.moments.map((name) => out[`${name}'`].data as Float32Array);
  }
  await session.dispose();
  return { parameter, moments: state };
}

const random = new Random(5);
const start = normals(random, 40);
const stream = Array.from({ length: 12 }, () => normals(random, 40));
const rates = stream.map((_, i) => 1e-2 * 0.9 ** i);
const given = (_: Float32Array, step: number): Float32Array => stream[step];

/** PyTorch's recurrences, scalar by scalar, in float64. */
function adamByHand(decay: { l2?: number; decoupled?: number }): Float64Array {
  return Float64Array.from(start, (p0, i) => {
    let [p, m, v] = [p0, 0, 0];
    for (const [step, gradient] of stream.entries()) {
      const t = step + 1;
      p *= 1 - rates[step] * (decay.decoupled ?? 0);
      const g = gradient[i] + (decay.l2 ?? 0) * p;
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      p -= (rates[step] * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8);
    }
    return p;
  });
}

function sgdByHand(momentum: number, nesterov: boolean, weightDecay: number): Float64Array {
  return Float64Array.from(start, (p0, i) => {
    let [p, b] = [p0, 0];
    for (const [step, gradient] of stream.entries()) {
      const g = gradient[i] + weightDecay * p;
      b = momentum * b + g;
      p -= rates[step] * (nesterov ? g + momentum * b : b);
    }
    return p;
  });
}

describe("optimisers follow the published recurrences", () => {
  const cases: [string, Optimizer, Float64Array][] = [
    ["Adam", adam(), adamByHand({})],
    ["Adam with an L2 term", adam({ weightDecay: 0.1 }), adamByHand({ l2: 0.1 })],
    ["AdamW", adamw({ weightDecay: 0.1 }), adamByHand({ decoupled: 0.1 })],
    ["SGD", sgd(), sgdByHand(0, false, 0)],
    ["SGD with momentum and weight decay", sgd({ momentum: 0.9, weightDecay: 0.1 }), sgdByHand(0.9, false, 0.1)],
    ["SGD with Nesterov momentum", sgd({ momentum: 0.9, nesterov: true }), sgdByHand(0.9, true, 0)],
  ];
  it.each(cases)("%s", async (_name, optimizer, expected) => {
    expect(maxDeviation(await run(optimizer, start, given, rates), expected)).toBeLessThan(tolerances.optimizerSteps);
  });

  it("the first step of Adam has the length of the learning rate whatever the gradient's size", async () => {
    const tiny = Float32Array.from(start, (x) => 1e-3 * x);
    const moved = await run(adam(), start, () => tiny, [0.01]);
    const expected = start.map((x, i) => x - 0.01 * (tiny[i] / (Math.abs(tiny[i]) + 1e-8)));
    expect(maxDeviation(moved, expected)).toBeLessThan(tolerances.optimizerSteps);
  });
});

describe("optimisers find the minimum of a quadratic", () => {
  const target = normals(new Random(9), 40);
  const gradientOf = (p: Float32Array): Float32Array => p.map((x, i) => 2 * (1 + (i % 4)) * (x - target[i]));
  it.each([
    ["Adam", adam(), 0.05, 400],
    ["AdamW", adamw(), 0.05, 400],
    ["SGD with Nesterov momentum", sgd({ momentum: 0.9, nesterov: true }), 0.01, 300],
  ] as const)("%s", async (_name, optimizer, rate, steps) => {
    const decaying = Array.from({ length: steps }, (_, i) => rate * (1 - i / steps));
    expect(maxDeviation(await run(optimizer, start, gradientOf, decaying), target)).toBeLessThan(1e-3);
  });
});

it("gradient and update live in one graph", async () => {
  const graph = new Graph();
  const p = graph.input("p", [3]);
  const [g] = gradients(sum(square(sub(p, 1))), [p]);
  const { parameter } = sgd().update(p, g, [], [graph.scalar(0.25)]);
  const session = await testRuntime.load(buildModel({ outputs: { parameter } }));
  const out = await session.run({ p: { data: Float32Array.of(0, 1, 3), shape: [3] } });
  expect(Array.from(out["parameter"].data as Float32Array)).toEqual([0.5, 1, 2]);
  await session.dispose();
});

it("refuses Nesterov without momentum and a vanishing learning rate", () => {
  expect(() => sgd({ nesterov: true })).toThrow("Nesterov's look-ahead needs momentum");
  expect(() => adam().scalarValues(0, 1)).toThrow("learning rate must be above zero");
});

describe("averaging", () => {
  it("takes the optimiser's own steps and keeps their running mean, young and old", async () => {
    const decay = 0.5;
    const optimizer = averaging(adam(), decay);
    const { parameter, moments } = await runAll(optimizer, start, given, rates);
    expect(parameter).toEqual(await run(adam(), start, given, rates));
    const mean = new Float64Array(start.length);
    for (let t = 1; t <= rates.length; t++) {
      const p = await run(adam(), start, given, rates.slice(0, t));
      // The mean is old from step 11 on.
      const share = Math.max(1 - decay, 9 / (t + 8));
      for (let i = 0; i < mean.length; i++) mean[i] = (1 - share) * mean[i] + share * p[i];
    }
    expect(optimizer.moments).toEqual([...adam().moments, "average"]);
    expect(maxDeviation(moments[2], mean)).toBeLessThan(tolerances.optimizerSteps);
  });

  it("has the first step's parameter as its first mean, and a part of a step as taken", async () => {
    const graph = new Graph();
    const [p, g, a] = ["p", "g", "a"].map((name) => graph.input(name, [2]));
    const optimizer = averaging(sgd(), 0.9);
    const [rate, share] = optimizer.scalarValues(1, 1);
    expect([rate, share]).toEqual([1, 1]);
    const { parameter, moments } = optimizer.update(p, g, [a], optimizerScalars(graph, optimizer), 0.5);
    const session = await testRuntime.load(buildModel({ outputs: { parameter, mean: moments[0] } }));
    const vector = (...data: number[]) => ({ data: Float32Array.from(data), shape: [2] });
    const scalar = (value: number) => ({ data: Float32Array.of(value), shape: [] });
    const out = await session.run({
      ...{ p: vector(1, 2), g: vector(2, 4), a: vector(0, 0) },
      ...{ "optimizer.learningRate": scalar(rate), "optimizer.averageShare": scalar(share) },
    });
    await session.dispose();
    expect([...out["parameter"].data]).toEqual([0, 0]);
    expect([...out["mean"].data]).toEqual([0, 0]);
  });
});
