import { describe, expect, it, test } from "vitest";
import type { Engine } from "../../src/engines/engine.ts";
import { Experiment } from "../../src/engines/experiment.ts";
import { float64Kernels } from "../../src/engines/kernels/float64.ts";
import { type Overlaps, stepLengths, trimmedMean } from "../../src/engines/lsqml/stepLengths.ts";
import { lsqml } from "../../src/engines/lsqml.ts";
import { RunningStage } from "../../src/engines/runningStage.ts";
import { completeSettings } from "../../src/engines/settings.ts";
import { nodeKernels } from "../../src/node/kernels.ts";
import { Random } from "../../src/random.ts";
import { tolerances } from "../tolerances.ts";
import {
  complexError,
  everyFrame,
  modeFidelity,
  type Problem,
  runEpochs,
  simulatedProblem,
  spoiltProbe,
  withProbe,
} from "./problem.ts";

interface Outcome {
  readonly error: number;
  readonly experiment: Experiment;
  readonly misfit: number;
}

async function reconstructed(problem: Problem, epochs: number, stated = {}): Promise<Outcome> {
  const kernels = await nodeKernels({ threads: 1 });
  const experiment = new Experiment(kernels, problem.scan, { batchSize: 16, subPixel: "whole" });
  const run = lsqml.init(experiment, completeSettings(lsqml, stated));
  const reports = await runEpochs(run, experiment, epochs);
  const error = await complexError(experiment, problem);
  return { error, experiment, misfit: reports[epochs - 1].error };
}

describe("step lengths", () => {
  const random = new Random(1);
  /** u, v, χ of a few frames, and their inner products. */
  const frames = Array.from({ length: 40 }, (): Overlaps => {
    const [u, v, x] = [0, 1, 2].map(() => Array.from({ length: 4 }, () => random.normal()));
    const dot = (a: number[], b: number[]): number => a.reduce((sum, value, k) => sum + value * b[k], 0);
    return { uu: dot(u, u), vv: dot(v, v), uv: dot(u, v), ux: dot(u, x), vx: dot(v, x) };
  });
  const mean = (of: (frame: Overlaps) => number): number =>
    frames.reduce((sum, frame) => sum + of(frame), 0) / frames.length;
  const [moreU, moreV] = [0.1 * mean(({ uu }) => uu), 0.1 * mean(({ vv }) => vv)];
  /** |χ − a u − b v|² less |χ|², and the damping. */
  const off = ({ uu, vv, uv, ux, vx }: Overlaps, a: number, b: number): number =>
    a * a * (uu + moreU) + b * b * (vv + moreV) + 2 * a * b * uv - 2 * a * ux - 2 * b * vx;

  it("are the best that are not negative, of all that were tried", () => {
    const { object, probe } = stepLengths(frames, { object: true, probe: true });
    let inside = 0;
    frames.forEach((frame, k) => {
      const found = off(frame, object[k], probe[k]);
      let least = Number.POSITIVE_INFINITY;
      for (let a = 0; a <= 3; a += 0.02) for (let b = 0; b <= 3; b += 0.02) least = Math.min(least, off(frame, a, b));
      expect(found).toBeLessThanOrEqual(least + 1e-12);
      if (object[k] > 0 && probe[k] > 0) inside++;
    });
    expect(inside).toBeGreaterThan(5);
    expect(inside).toBeLessThan(35);
  });

  it("are of the object alone where the probe stays", () => {
    const { object, probe } = stepLengths(frames, { object: true, probe: false });
    expect([...probe].every((length) => length === 0)).toBe(true);
    frames.forEach((frame, k) => {
      for (const a of [0, 0.9 * object[k], 1.1 * object[k] + 0.01])
        expect(off(frame, a, 0)).toBeGreaterThanOrEqual(off(frame, object[k], 0) - 1e-12);
    });
  });

  it("are 0 in the dark", () => {
    const dark: Overlaps = { uu: 0, vv: 0, uv: 0, ux: 0, vx: 0 };
    expect(stepLengths([dark], { object: true, probe: true })).toEqual({
      object: Float64Array.of(0),
      probe: Float64Array.of(0),
    });
  });

  it("are averaged without the outermost", () => {
    expect(trimmedMean([1, 2, 3, 4, 1000])).toBe(3);
    expect(trimmedMean([1, 5])).toBe(3);
    expect(trimmedMean(Float64Array.from({ length: 40 }, (_, k) => (k < 4 ? -1e9 : k >= 36 ? 1e9 : 7)))).toBe(7);
  });
});

describe("on simulated scans with a wrong probe", () => {
  const problem = simulatedProblem({ patterns: 144, step: 3 });
  const start = withProbe(problem, spoiltProbe(problem.probe));

  // About 1.5 times what is seen.
  test.each([
    ["random", 0.012],
    ["uniform", 0.012],
    ["compact", 0.06],
  ])("finds the object with %s batches", async (batching, bound) => {
    const { error } = await reconstructed(start, 15, { batching });
    expect(error).toBeLessThan(bound);
  });

  it("momentum leads on", async () => {
    const [rest, moving] = [await reconstructed(start, 10, { momentumGain: 0 }), await reconstructed(start, 10)];
    expect(moving.error).toBeLessThan(0.9 * rest.error);
    expect(moving.misfit).toBeLessThan(0.9 * rest.misfit);
  });

  it("scales a probe that is too weak before it begins, and keeps its energy", async () => {
    const weak = { ...start.scan.probe, data: start.scan.probe.data.map((value) => 0.05 * value) };
    const [right, scaled] = [await reconstructed(start, 2), await reconstructed(withProbe(problem, weak), 2)];
    expect(scaled.error).toBeLessThan(1.05 * right.error);
    const probe = await scaled.experiment.kernels.read(scaled.experiment.probe);
    const energy = Array.from(probe).reduce((sum, value) => sum + value * value, 0);
    expect(energy).toBeCloseTo((32 * 32) / 4, 2);
  });

  it("finds two modes", async () => {
    const two = simulatedProblem({ patterns: 144, step: 3, modes: 2 });
    const { error, experiment } = await reconstructed(withProbe(two, spoiltProbe(two.probe)), 30);
    expect(error).toBeLessThan(0.01);
    expect(await modeFidelity(experiment, two)).toBeGreaterThan(0.99);
  });
});

describe("where photons are few", () => {
  test.each([1e4, 1e3, 100])(
    "Poisson's likelihood does better than Gaussian amplitudes: %d a pattern",
    async (photons) => {
      const noisy = simulatedProblem({ patterns: 196, step: 3, photons });
      const start = withProbe(noisy, spoiltProbe(noisy.probe));
      const [gaussian, poisson] = [
        await reconstructed(start, 25),
        await reconstructed(start, 25, { noise: "poisson" }),
      ];
      expect(poisson.error).toBeLessThan(0.95 * gaussian.error);
    },
  );

  it("thirty photons a pattern, one for thirty pixels, still show the object", async () => {
    const starved = simulatedProblem({ patterns: 196, step: 3, photons: 30 });
    const start = withProbe(starved, spoiltProbe(starved.probe));
    const { error, experiment } = await reconstructed(start, 20, { noise: "poisson" });
    // With full steps 0.84 and more is left: an object that is lost.
    expect(error).toBeLessThan(0.6);
    const object = await experiment.kernels.read(experiment.object);
    expect(Math.max(...Array.from(object, Math.abs))).toBeLessThan(10);
  });

  it("steps that shorten come closer to the object than steps that do not", async () => {
    const noisy = simulatedProblem({ patterns: 196, step: 3, photons: 1e4 });
    // Steps begin to shorten when the misfit stalls: later epochs better the object although noise has the say.
    const [early, late] = [await reconstructed(noisy, 6), await reconstructed(noisy, 25)];
    expect(late.error).toBeLessThan(0.9 * early.error);
  });
});

test("threads make no difference, and single precision hardly any", async () => {
  const problem = simulatedProblem({ patterns: 49 });
  const objects = await Promise.all(
    [nodeKernels({ threads: 1 }), nodeKernels({ threads: 2 }), Promise.resolve(float64Kernels())].map(
      async (opening) => {
        const kernels = await opening;
        const experiment = new Experiment(kernels, problem.scan, { batchSize: 16, subPixel: "bilinear" });
        await runEpochs(lsqml.init(experiment, completeSettings(lsqml)), experiment, 3);
        const object = Float64Array.from(await kernels.read(experiment.object));
        const error = await complexError(experiment, problem);
        await kernels.close();
        return { object, error };
      },
    ),
  );
  expect(objects[1].object).toEqual(objects[0].object);
  const { errorInSingles } = tolerances.engines;
  expect(Math.abs(objects[2].error - objects[0].error)).toBeLessThan(errorInSingles * objects[0].error);
});

test("batches are as large as is said, also beyond what is usually on the device", async () => {
  const { scan } = simulatedProblem({ patterns: 441, n: 16, step: 1, objectSize: [48, 48] });
  const sizes = async (batchSize: number): Promise<number> => {
    const stage = { ...{ engine: lsqml as unknown as Engine, epochs: 1, subPixel: "whole" as const, wrappers: [] } };
    const settings = completeSettings(lsqml, { batchSize });
    const kernels = float64Kernels();
    const running = new RunningStage({ kernels, runtime: undefined }, scan, scan, { ...stage, settings });
    const done: number[] = [0];
    const [frames, random] = [everyFrame(441), new Random(1)];
    await running.step({ number: 0, frames, random, checkpoint: (count) => void done.push(count) });
    await running.release();
    return Math.max(...done.slice(1).map((count, k) => count - done[k]));
  };
  expect(await sizes(16)).toBe(16);
  // Of ten batches and more an epoch none has more than a tenth.
  expect(await sizes(45)).toBe(45);
});

test("batches are not larger than what is on the device", async () => {
  const problem = simulatedProblem();
  const experiment = new Experiment(float64Kernels(), problem.scan, { batchSize: 3, subPixel: "whole" });
  const run = lsqml.init(experiment, completeSettings(lsqml));
  const done: number[] = [];
  const frames = everyFrame(100);
  await run.step({ number: 0, frames, random: new Random(1), checkpoint: (count) => void done.push(count) });
  expect(done.length).toBe(34);
  expect(Math.max(...done.map((count, k) => count - (done[k - 1] ?? 0)))).toBe(3);
});
