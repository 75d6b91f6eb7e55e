import { describe, expect, it } from "vitest";
import { splitComplex } from "../../src/arrays.ts";
import { gradients } from "../../src/graph/gradients.ts";
import { mean } from "../../src/graph/ops/reduce.ts";
import { adam } from "../../src/graph/optimizers.ts";
import { Graph, type Tensor } from "../../src/graph/tensor.ts";
import { initialise, Parameters } from "../../src/nets/parameters.ts";
import { makeObject } from "../../src/optics/objects.ts";
import { makeProbe } from "../../src/optics/probes.ts";
import { extractPatch } from "../../src/optics/sampling.ts";
import { poissonDeviance } from "../../src/physics/likelihood.ts";
import { predictIntensity } from "../../src/physics/predict.ts";
import { farField } from "../../src/physics/propagation/farField.ts";
import { Random } from "../../src/random.ts";
import { countPhotons } from "../../src/simulation/detector.ts";
import { diffract } from "../../src/simulation/diffraction.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import {
  FRAME_INTENSITY,
  FRAMES,
  framesInput,
  tableIndex,
  trainedIntensities,
  withFrameIntensity,
} from "../../src/training/frameIntensity.ts";
import { packWeights, unpackWeights } from "../../src/training/parameterStore.ts";
import { buildStepModels, type Objective } from "../../src/training/stepModels.ts";
import { createTrainingStep } from "../../src/training/steps.ts";
import { dot, evaluate, maxDeviation, norm, normals, testRuntime } from "../evaluate.ts";
import { complexConstant } from "../physics/inputs.ts";
import { tolerances } from "../tolerances.ts";
import { trainOnScan } from "./scanProblem.ts";

const [n, frames, batch, photons] = [16, 12, 6, 1e4];

/** Factors of mean one, and the counts that a known object gives under a beam of them. */
const { factors, counts, patches, probe } = (() => {
  const random = new Random(5);
  const object = makeObject({ kind: "gaussianField", exponent: 3 }, [48, 48], random, { amplitude: [1, 0.6] });
  const positions = Float64Array.from({ length: 2 * frames }, () => 14 + 20 * random.uniform());
  const { intensity, probe } = diffract(
    object,
    makeProbe(n, { kind: "gaussian", fwhm: 4, defocus: 8 }),
    positions,
    photons,
  );
  const raw = Array.from({ length: frames }, () => Math.exp(0.4 * random.normal()));
  const average = raw.reduce((a, b) => a + b, 0) / frames;
  const factors = raw.map((x) => x / average);
  for (let i = 0; i < intensity.length; i++) intensity[i] *= factors[Math.floor(i / (n * n))];
  countPhotons(intensity, random);
  const patches = new Float32Array(2 * frames * n * n);
  for (let k = 0; k < frames; k++) {
    patches.set(Float32Array.from(extractPatch(object, positions[2 * k], positions[2 * k + 1], n)), 2 * k * n * n);
  }
  return { factors, counts: intensity, patches, probe };
})();

const frameSize = n * n;
const part = (data: Float32Array, from: number, size: number): Float32Array =>
  data.slice(from * size, (from + batch) * size);

/** Patterns `from` … of the known object, as graph constants, in groups of one. */
function scene(parameters: Parameters, from: number): { predicted: Tensor; measured: Tensor } {
  const { graph } = parameters;
  const shape = [batch, 1, n, n];
  const object = complexConstant(graph, shape, splitComplex({ shape, data: part(patches, from, 2 * frameSize) }));
  const light = complexConstant(graph, probe.shape, splitComplex(probe));
  return {
    predicted: predictIntensity(object, light, farField),
    measured: graph.constant(part(counts, from, frameSize), shape),
  };
}

const feedOf = (from: number) => ({
  data: framesInput(
    Int32Array.from({ length: batch }, (_, k) => from + k),
    tableIndex([...Array(frames).keys()], frames),
  ),
  shape: [batch, 1],
});

describe("intensities of frames", () => {
  it("are trained to those of the beam, to within the photon noise, when the object is known", async () => {
    const objective = (parameters: Parameters): Objective => {
      const { graph } = parameters;
      const shape = [batch, 1, n, n];
      const object = { re: graph.input("re", shape), im: graph.input("im", shape) };
      const measured = graph.input("measured", shape);
      const predicted = predictIntensity(object, complexConstant(graph, probe.shape, splitComplex(probe)), farField);
      const rate = withFrameIntensity(parameters, predicted, { frames: [frames], measured });
      return { loss: poissonDeviance(rate, measured), measures: {} };
    };
    const optimizer = adam();
    const models = buildStepModels(objective, { optimizer });
    const start = packWeights(models.specs, initialise(models.specs, new Random(0)), optimizer.moments.length);
    const step = await createTrainingStep({ runtime: testRuntime, models, optimizer, start, form: "fused" });
    const batches = [0, batch].map((from) => {
      const shape = [batch, 1, n, n];
      const { re, im } = splitComplex({ shape, data: part(patches, from, 2 * frameSize) });
      const measured = { data: part(counts, from, frameSize), shape };
      const inputs = { re: { data: re, shape }, im: { data: im, shape }, measured, [FRAMES]: feedOf(from) };
      return { inputs, sampleWeights: new Float32Array(batch).fill(1) };
    });
    for (let i = 1; i <= 400; i++) await step.run([batches[i % 2]], 0.05 / (1 + i / 40), i);
    const found = trainedIntensities(unpackWeights(models.specs, await step.read()), [frames])!;
    await step.dispose();
    expect(found.reduce((a, b) => a + b, 0) / frames).toBeCloseTo(1, 6);
    found.forEach((value, k) => {
      // Five standard deviations of a total of some 1e4 photons, and as much again for the mean's.
      expect(Math.abs(value / factors[k] - 1)).toBeLessThan(10 / Math.sqrt(photons * Math.min(1, factors[k])));
    });
  });

  it("have the gradient of central differences, and none along a factor on all", async () => {
    const parameters = new Parameters(new Graph(), { training: true });
    const { predicted, measured } = scene(parameters, 3);
    const loss = mean(
      poissonDeviance(withFrameIntensity(parameters, predicted, { frames: [frames], measured }), measured),
    );
    const feeds = { [FRAMES]: feedOf(3).data };
    const at = normals(new Random(1), frames).map((x) => 0.2 * x);
    const [gradient] = gradients(loss, [parameters.tensors.get(FRAME_INTENSITY)!]);
    const { slope } = await evaluate({ slope: gradient! }, { ...feeds, [FRAME_INTENSITY]: at });
    expect(Math.abs(slope.reduce((a, b) => a + b, 0)) / norm(slope)).toBeLessThan(tolerances.otherSummationOrder);
    expect(slope[0]).not.toBe(0);
    const direction = normals(new Random(2), frames);
    const { step, relative } = tolerances.centralDifference;
    const value = async (h: number): Promise<number> => {
      const moved = at.map((x, i) => x + h * direction[i]);
      return (await evaluate({ loss }, { ...feeds, [FRAME_INTENSITY]: moved })).loss[0];
    };
    const difference = ((await value(step)) - (await value(-step))) / (2 * step);
    expect(Math.abs(difference / dot(slope, direction) - 1)).toBeLessThan(relative);
  });

  it("are Σk / Σλ of the valid pixels for patterns that training does not see", async () => {
    const parameters = new Parameters(new Graph(), { training: false });
    const { graph } = parameters;
    const { predicted, measured } = scene(parameters, 0);
    const mask = Float32Array.from({ length: n * n }, (_, i) => (i % 5 === 0 ? 0 : 1));
    const valid = graph.constant(mask, [n, n]);
    const { scaled, plain, known } = await evaluate({
      scaled: withFrameIntensity(parameters, predicted, { frames: [frames], measured, valid }),
      plain: predicted,
      known: measured,
    });
    expect(parameters.specs).toEqual([]);
    for (let k = 0; k < batch; k++) {
      const own = (x: Float32Array): Float32Array => x.slice(k * frameSize, (k + 1) * frameSize);
      const factor = dot(own(known), mask) / dot(own(plain), mask);
      expect(
        maxDeviation(
          own(scaled),
          own(plain).map((x) => factor * x),
        ),
      ).toBeLessThan(tolerances.otherSummationOrder);
    }
  });

  it("have mean one in each of several scans, also where one has no training frames", async () => {
    const counts = [7, 0, frames - 7];
    const parameters = new Parameters(new Graph(), { training: true });
    const { predicted, measured } = scene(parameters, 3);
    const scaled = withFrameIntensity(parameters, predicted, { frames: counts, measured });
    const table = normals(new Random(1), frames);
    const known = trainedIntensities({ [FRAME_INTENSITY]: table }, counts)!;
    const own = [known.subarray(0, 7), known.subarray(7)];
    for (const [scan, factors] of own.entries()) {
      expect(factors.reduce((a, b) => a + b, 0) / factors.length).toBeCloseTo(1, 12);
      expect(Math.log(factors[1] / factors[0])).toBeCloseTo(table[7 * scan + 1] - table[7 * scan], 6);
    }
    const feeds = { [FRAMES]: feedOf(3).data, [FRAME_INTENSITY]: table };
    const values = await evaluate({ scaled, predicted }, feeds);
    const expected = values.predicted.map((value, i) => value * known[3 + Math.floor(i / frameSize)]);
    expect(maxDeviation(values.scaled, expected)).toBeLessThan(tolerances.otherSummationOrder);
  });

  it("belong to training frames only", () => {
    const index = tableIndex([1, 4, 5], 7);
    expect([...index]).toEqual([-1, 0, -1, -1, 1, 2, -1]);
    expect(framesInput(Int32Array.of(5, 1), index)).toEqual(BigInt64Array.of(2n, 0n));
    expect(() => framesInput(Int32Array.of(3), index)).toThrow(/frame 3 is no training frame/);
  });
});

describe("a network that learns under a flickering beam", () => {
  it("finds the beam's intensities, and explains the data better than without", async () => {
    const data = simulate({ n: 32, patterns: 16, seed: 3, photons: 1e5, intensityJitter: 0.3 });
    const training = { batchSize: 4, epochs: 10, learningRate: 3e-3 };
    const steady = await trainOnScan(data, training);
    const model = { frameIntensityTrainable: true };
    const stepFactor = (name: string): number => (name === FRAME_INTENSITY ? 10 : 1);
    const { values, deviance, frames: order } = await trainOnScan(data, { ...training, model, stepFactor });
    const found = trainedIntensities(values, [order.length])!;
    const truth = order.map((frame) => data.frameIntensities![frame]);
    // Of the beam's variance a twentieth may be left to the object.
    expect(correlation(found, truth)).toBeGreaterThan(Math.sqrt(0.95));
    const unexplained = norm(found.map((value, i) => value - truth[i])) / norm(truth.map((value) => value - 1));
    expect(unexplained).toBeLessThan(0.3);
    expect(deviance.at(-1)!).toBeLessThan(0.8 * steady.deviance.at(-1)!);
  });
});

function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const centred = (x: ArrayLike<number>): number[] => {
    const values = Array.from(x);
    const average = values.reduce((p, q) => p + q, 0) / values.length;
    return values.map((value) => value - average);
  };
  const [x, y] = [centred(a), centred(b)];
  return dot(x, y) / (norm(x) * norm(y));
}
