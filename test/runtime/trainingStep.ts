import { type Complex, complexMatmul, complexMul, intensity, polar } from "../../src/graph/complex.ts";
import { gradients } from "../../src/graph/gradients.ts";
import { buildModel } from "../../src/graph/onnx/model.ts";
import { add, log, mul, relu, sigmoid, sub, tanh } from "../../src/graph/ops/elementwise.ts";
import { conv2d, maxPool2x2, upsample2x } from "../../src/graph/ops/image.ts";
import { reshape } from "../../src/graph/ops/layout.ts";
import { mean } from "../../src/graph/ops/reduce.ts";
import { adam, type Optimizer, optimizerScalars } from "../../src/graph/optimizers.ts";
import { Graph, type Tensor } from "../../src/graph/tensor.ts";
import { Random } from "../../src/random.ts";
import type { DeviceTensor, HostTensor, Runtime } from "../../src/runtime/runtime.ts";

/**
 * A small physics-informed training step: network, far field, Poisson likelihood, gradients and Adam in one graph. It runs
 * in Node and in a page, so it knows neither. It is built here from the graph room alone, so that a difference between two
 * runtimes is one between the runtimes.
 */
const N = 16;
const BATCH = 4;
const CHANNELS = 6;
const LEARNING_RATE = 2e-3;

const weightShapes = {
  encoder: [CHANNELS, 1, 3, 3],
  encoderBias: [CHANNELS],
  middle: [CHANNELS, CHANNELS, 3, 3],
  decoder: [2, CHANNELS, 3, 3],
} as const;

export interface StepResults {
  readonly losses: readonly number[];
  /** Intensities that the network's objects predict, before the last step. */
  readonly intensity: ArrayLike<number>;
  /** Weights and moments after the last step, by name. */
  readonly state: Readonly<Record<string, ArrayLike<number>>>;
}

/** The same steps from the same seed on any runtime, with the state on the host between steps. */
export async function runTrainingSteps(runtime: Runtime, steps: number): Promise<StepResults> {
  const { model, optimizer } = buildStep();
  const session = await runtime.load(model);
  let state = startState();
  const counts = simulatedCounts();
  const losses: number[] = [];
  let intensity = new Float32Array();
  for (let step = 1; step <= steps; step++) {
    const results = await session.run({ counts, ...state, ...scalarsAt(optimizer, step) });
    losses.push(Number(results["loss"].data[0]));
    intensity = floats(results["intensity"]);
    state = Object.fromEntries(Object.keys(state).map((name) => [name, results[`next/${name}`]]));
  }
  await session.dispose();
  return { losses, intensity, state: mapValues(state, floats) };
}

/** The same with the state on the device. */
export async function runResidentSteps(runtime: Runtime, steps: number): Promise<StepResults> {
  const { model, optimizer } = buildStep();
  const start = startState();
  const names = Object.keys(start);
  const memory = runtime.memory!;
  const session = await memory.load(
    model,
    names.map((name) => `next/${name}`),
  );
  const counts = simulatedCounts();
  const losses: number[] = [];
  let intensity = new Float32Array();
  let state: Record<string, DeviceTensor> = {};
  for (let step = 1; step <= steps; step++) {
    const { host, device } = await session.run({ counts, ...start, ...state, ...scalarsAt(optimizer, step) });
    losses.push(Number(host["loss"].data[0]));
    intensity = floats(host["intensity"]);
    for (const tensor of Object.values(state)) tensor.dispose();
    state = Object.fromEntries(names.map((name) => [name, device[`next/${name}`]]));
  }
  const read = await memory.read(state);
  for (const tensor of Object.values(state)) tensor.dispose();
  await session.dispose();
  return { losses, intensity, state: mapValues(read, floats) };
}

function scalarsAt(optimizer: Optimizer, step: number): Record<string, HostTensor> {
  const values = optimizer.scalarValues(LEARNING_RATE, step);
  return Object.fromEntries(
    optimizer.scalars.map((name, i) => [`optimizer.${name}`, { data: Float32Array.of(values[i]), shape: [] }]),
  );
}

const floats = ({ data }: HostTensor): Float32Array<ArrayBuffer> => Float32Array.from(data, Number);
const mapValues = <A, B>(record: Readonly<Record<string, A>>, f: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value)]));

function buildStep() {
  const graph = new Graph();
  const optimizer = adam();
  const counts = graph.input("counts", [BATCH, 1, N, N]);
  const weights = Object.entries(weightShapes).map(([name, shape]) => graph.input(name, shape));
  const [encoder, bias, middle, decoder] = weights as [Tensor, Tensor, Tensor, Tensor];

  const features = maxPool2x2(conv2d(log(add(counts, 1)), encoder, { bias }));
  const maps = conv2d(upsample2x(conv2d(relu(features), middle)), decoder);
  const [amplitude, phase] = split(maps);
  const lambda = add(
    intensity(farField(graph, complexMul(polar(sigmoid(amplitude), mul(tanh(phase), Math.PI)), probe(graph)))),
    0.01,
  );
  const loss = mean(sub(lambda, mul(reshape(counts, [BATCH, N, N]), log(lambda))));

  const scalars = optimizerScalars(graph, optimizer);
  const outputs: Record<string, Tensor> = { loss, intensity: lambda };
  for (const [i, gradient] of gradients(loss, weights).entries()) {
    const weight = weights[i];
    const moments = optimizer.moments.map((name) => graph.input(`${name}/${weight.inputName}`, weight.shape));
    const updated = optimizer.update(weight, gradient, moments, scalars);
    outputs[`next/${weight.inputName}`] = updated.parameter;
    for (const [j, moment] of moments.entries()) outputs[`next/${moment.inputName}`] = updated.moments[j];
  }
  return { model: buildModel({ outputs }), optimizer };
}

/** Two channels as two images `[batch, y, x]`. */
function split(maps: Tensor): [Tensor, Tensor] {
  const pick = (channel: number): Tensor => {
    const selector = maps.graph.constant(Float32Array.of(channel === 0 ? 1 : 0, channel), [1, 2, 1, 1]);
    return reshape(conv2d(maps, selector), [BATCH, N, N]);
  };
  return [pick(0), pick(1)];
}

function probe(graph: Graph): Complex {
  const values = Float32Array.from({ length: N * N }, (_, i) => {
    const [y, x] = [Math.floor(i / N) - N / 2, (i % N) - N / 2];
    return 3 * Math.exp(-(y * y + x * x) / (2 * (N / 5) ** 2));
  });
  return {
    re: graph.constant(values, [N, N]),
    im: graph.constant(
      values.map((value) => value / 2),
      [N, N],
    ),
  };
}

/** Centred unitary Fourier transform as a product with the symmetric matrix exp(−2πi (j−N/2)(k−N/2)/N)/√N on both sides. */
function farField(graph: Graph, field: Complex): Complex {
  const part = (f: (angle: number) => number): Tensor => {
    const values = Float32Array.from({ length: N * N }, (_, i) => {
      const [j, k] = [Math.floor(i / N) - N / 2, (i % N) - N / 2];
      return f((-2 * Math.PI * j * k) / N) / Math.sqrt(N);
    });
    return graph.constant(values, [N, N]);
  };
  const matrix = { re: part(Math.cos), im: part(Math.sin) };
  return complexMatmul(matrix, complexMatmul(field, matrix));
}

function startState(): Record<string, HostTensor> {
  const random = new Random(7);
  const state: Record<string, HostTensor> = {};
  for (const [name, shape] of Object.entries(weightShapes)) {
    const size = shape.reduce<number>((product, extent) => product * extent, 1);
    // The last layer starts small, so that phases stay far from ±π, where a step would be chaotic.
    const spread = name === "encoderBias" ? 0 : (name === "decoder" ? 0.2 : 1) * Math.sqrt((2 * shape[0]) / size);
    state[name] = { data: Float32Array.from({ length: size }, () => spread * random.normal()), shape };
    for (const moment of adam().moments) state[`${moment}/${name}`] = { data: new Float32Array(size), shape };
  }
  return state;
}

/** Poisson numbers under a bright middle, as in a diffraction pattern. */
function simulatedCounts(): HostTensor {
  const random = new Random(3);
  const data = Float32Array.from({ length: BATCH * N * N }, (_, i) => {
    const [y, x] = [(Math.floor(i / N) % N) - N / 2, (i % N) - N / 2];
    return random.poisson(200 / (1 + y * y + x * x));
  });
  return { data, shape: [BATCH, 1, N, N] };
}
