import { describe, expect, it } from "vitest";
import { type ComplexArray, splitComplex } from "../../src/arrays.ts";
import { energyOf } from "../../src/data/normalisation.ts";
import { gradients } from "../../src/graph/gradients.ts";
import { mul } from "../../src/graph/ops/elementwise.ts";
import { mean } from "../../src/graph/ops/reduce.ts";
import { adam } from "../../src/graph/optimizers.ts";
import { Graph } from "../../src/graph/tensor.ts";
import { initialise, Parameters } from "../../src/nets/parameters.ts";
import { makeObject } from "../../src/optics/objects.ts";
import { withHermiteModes } from "../../src/optics/probeModes.ts";
import { makeProbe } from "../../src/optics/probes.ts";
import { extractPatch } from "../../src/optics/sampling.ts";
import { poissonDeviance } from "../../src/physics/likelihood.ts";
import { predictIntensity } from "../../src/physics/predict.ts";
import { farField } from "../../src/physics/propagation/farField.ts";
import { Random } from "../../src/random.ts";
import { diffract } from "../../src/simulation/diffraction.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { packWeights, unpackWeights } from "../../src/training/parameterStore.ts";
import { buildStepModels, type Objective } from "../../src/training/stepModels.ts";
import { createTrainingStep } from "../../src/training/steps.ts";
import { isOfProbe, trainableProbe, trainedProbe } from "../../src/training/trainableProbe.ts";
import { dot, evaluate, maxDeviation, norm, normals, testRuntime } from "../evaluate.ts";
import { complexConstant } from "../physics/inputs.ts";
import { overlap } from "../probeOverlap.ts";
import { tolerances } from "../tolerances.ts";
import { trainOnScan } from "./scanProblem.ts";

const n = 16;
const frames = 40;
const photons = 1e5;

/** A known object under a known probe of two modes, and its noise-free counts. */
function scene() {
  const random = new Random(4);
  const object = makeObject({ kind: "gaussianField", exponent: 3 }, [60, 60], random, { amplitude: [1, 0.5] });
  const modes = (defocus: number): ComplexArray =>
    withHermiteModes(makeProbe(n, { kind: "gaussian", fwhm: 4, defocus }), [0.8, 0.2]);
  const positions = Float64Array.from({ length: 2 * frames }, () => 12 + 36 * random.uniform());
  const { intensity, probe } = diffract(object, modes(10), positions, photons);
  const patches = new Float32Array(2 * frames * n * n);
  for (let k = 0; k < frames; k++) {
    patches.set(Float32Array.from(extractPatch(object, positions[2 * k], positions[2 * k + 1], n)), 2 * k * n * n);
  }
  const start = modes(60);
  const scale = Math.sqrt(energyOf(probe) / energyOf(start));
  return {
    truth: probe,
    start: { shape: start.shape, data: start.data.map((value) => value * scale) },
    patches: splitComplex({ shape: [frames, 1, n, n], data: patches }),
    counts: intensity,
  };
}

const { truth, start, patches, counts } = scene();

function objective(parameters: Parameters): Objective {
  const { graph } = parameters;
  const shape = [frames, 1, n, n];
  const object = complexConstant(graph, shape, patches);
  const rate = predictIntensity(object, trainableProbe(parameters, start), farField);
  return { loss: poissonDeviance(rate, graph.constant(counts, shape)), measures: {} };
}

describe("a trained probe", () => {
  it("starts as the given one, and keeps its energy whatever its parameters are", async () => {
    const parameters = new Parameters(new Graph(), { training: true });
    const probe = trainableProbe(parameters, start);
    const fresh = initialise(parameters.specs, new Random(0));
    expect(parameters.specs.map(({ name }) => name)).toEqual(["physics.probe.re", "physics.probe.im"]);
    const values = { ...fresh, "physics.probe.re": normals(new Random(1), 2 * n * n) };
    for (const at of [fresh, values]) {
      const { re, im } = await evaluate({ re: probe.re, im: probe.im }, at);
      expect((dot(re, re) + dot(im, im)) / energyOf(start)).toBeCloseTo(1, 5);
      const { re: expected } = splitComplex(trainedProbe(at, start)!);
      expect(norm(re.map((x, i) => x - expected[i])) / norm(expected)).toBeLessThan(tolerances.float32Rounding);
    }
    const { re } = splitComplex(trainedProbe(fresh, start)!);
    expect(norm(re.map((x, i) => x - splitComplex(start).re[i]))).toBeLessThan(tolerances.float32Rounding * norm(re));
    expect(trainedProbe({}, start)).toBeUndefined();
  });

  it("has the gradient of central differences, and none along its own scale", async () => {
    const parameters = new Parameters(new Graph(), { training: true });
    const shape = [frames, 1, n, n];
    const object = complexConstant(parameters.graph, shape, patches);
    // Any function of the intensities will do; a weighted sum has no dark pixels' steep slopes, which defeat differences.
    const weights = parameters.graph.constant(normals(new Random(9), frames * n * n), shape);
    const rate = predictIntensity(object, trainableProbe(parameters, start), farField);
    const total = mean(mul(rate, weights));
    const names = parameters.specs.map(({ name }) => name);
    const [re, im] = gradients(total, [...parameters.tensors.values()]);
    const at = initialise(parameters.specs, new Random(0));
    const gradient = await evaluate({ re: re!, im: im! }, at);
    const along = dot(gradient.re, at[names[0]]) + dot(gradient.im, at[names[1]]);
    const size = Math.hypot(norm(gradient.re), norm(gradient.im)) * Math.sqrt(energyOf(start));
    expect(Math.abs(along) / size).toBeLessThan(tolerances.centralDifference.relative);
    const random = new Random(6);
    const direction = names.map(() => normals(random, 2 * n * n));
    const { relative } = tolerances.centralDifference;
    const step = tolerances.centralDifference.step * Math.sqrt(energyOf(start) / (2 * n * n));
    const value = async (h: number): Promise<number> => {
      const moved = Object.fromEntries(names.map((name, i) => [name, at[name].map((x, k) => x + h * direction[i][k])]));
      return (await evaluate({ total }, moved)).total[0];
    };
    const slope = dot(gradient.re, direction[0]) + dot(gradient.im, direction[1]);
    const difference = ((await value(step)) - (await value(-step))) / (2 * step);
    expect(Math.abs(difference - slope) / Math.abs(slope)).toBeLessThan(relative);
  });

  it("becomes the true one when the object is known", async () => {
    const optimizer = adam();
    const models = buildStepModels(objective, { optimizer });
    const weights = packWeights(models.specs, initialise(models.specs, new Random(0)), optimizer.moments.length);
    const step = await createTrainingStep({ runtime: testRuntime, models, optimizer, start: weights, form: "fused" });
    const batch = { inputs: {}, sampleWeights: new Float32Array(frames).fill(1) };
    const losses: number[] = [];
    for (let i = 1; i <= 1000; i++) losses.push((await step.run([batch], 0.5 / (1 + i / 50), i)).loss);
    const found = trainedProbe(unpackWeights(models.specs, await step.read()), start)!;
    await step.dispose();
    // A thousand steps leave a small part of the way, and of the deviance well under the shot noise's 1.
    expect(overlap(start, truth)).toBeLessThan(0.9);
    expect(1 - overlap(found, truth)).toBeLessThan(0.02 * (1 - overlap(start, truth)));
    expect(losses[0]).toBeGreaterThan(10);
    expect(losses.at(-1)!).toBeLessThan(0.1);
  });
});

describe("the step of a parameter", () => {
  it("is the optimiser's times its factor", async () => {
    const optimizer = adam();
    const stepWith = async (factor: number): Promise<Record<string, Float32Array>> => {
      const stepFactor = (name: string): number => (name === "physics.probe.re" ? factor : 1);
      const models = buildStepModels(objective, { optimizer, stepFactor });
      const weights = packWeights(models.specs, initialise(models.specs, new Random(0)), optimizer.moments.length);
      const step = await createTrainingStep({ runtime: testRuntime, models, optimizer, start: weights, form: "split" });
      await step.run([{ inputs: {}, sampleWeights: new Float32Array(frames).fill(1) }], 0.5, 1);
      const values = structuredClone(unpackWeights(models.specs, await step.read()));
      await step.dispose();
      return values;
    };
    const [whole, part] = [await stepWith(1), await stepWith(0.25)];
    expect(part["physics.probe.im"]).toEqual(whole["physics.probe.im"]);
    const { re } = splitComplex(start);
    const expected = whole["physics.probe.re"].map((x, i) => re[i] + (x - re[i]) / 4);
    expect(maxDeviation(part["physics.probe.re"], expected)).toBeLessThan(tolerances.float32Rounding);
    expect(maxDeviation(whole["physics.probe.re"], expected)).toBeGreaterThan(tolerances.float32Rounding);
  });
});

describe("a probe that is refined while a network learns", () => {
  it("comes closer to the true one, and explains the data better than the given one", async () => {
    const n = 32;
    const gaussian = (defocus: number) => ({ kind: "gaussian", fwhm: 4, defocus }) as const;
    const data = simulate({ n, patterns: 16, seed: 3, photons: 1e5, probe: gaussian(64) });
    const wrong = { shape: [1, n, n], data: makeProbe(n, gaussian(100)).data };
    const training = { batchSize: 4, epochs: 10, learningRate: 3e-3 };
    const fixed = await trainOnScan({ ...data, probe: wrong }, training);
    const refined = await trainOnScan(
      { ...data, probe: wrong },
      { ...training, model: { probeTrainable: true }, stepFactor: (name) => (isOfProbe(name) ? 3 : 1) },
    );
    const found = trainedProbe(refined.values, refined.start)!;
    expect(1 - overlap(found, data.probe)).toBeLessThan(0.8 * (1 - overlap(wrong, data.probe)));
    expect(refined.deviance.at(-1)!).toBeLessThan(0.8 * fixed.deviance.at(-1)!);
  });
});
