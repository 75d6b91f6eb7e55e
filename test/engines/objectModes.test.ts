import { afterEach, describe, expect, it } from "vitest";
import { Experiment } from "../../src/engines/experiment.ts";
import { float64Kernels } from "../../src/engines/kernels/float64.ts";
import type { Kernels } from "../../src/engines/kernels/kernels.ts";
import { engineNamed } from "../../src/engines/registry.ts";
import type { EngineScan } from "../../src/engines/scan.ts";
import { completeSettings } from "../../src/engines/settings.ts";
import { wrapperNamed, wrapperNames } from "../../src/engines/wrappers/registry.ts";
import { nodeKernels } from "../../src/node/kernels.ts";
import { Random } from "../../src/random.ts";
import { tolerances } from "../tolerances.ts";
import { homes } from "./kernels/homes.ts";
import { objectModesProblem, partsFound } from "./objectModesProblem.ts";
import { distance, everyFrame, runEpochs } from "./problem.ts";
import { expectSlopesOf } from "./slopes.ts";

const small = { n: 16, rows: 3, step: 4, modes: 2 };
const whole = { batchSize: 9, subPixel: "whole" } as const;

let kernels: Kernels;
afterEach(() => kernels.close());

/** R of all frames together. */
async function errorOf(experiment: Experiment): Promise<number> {
  const { misfit } = await experiment.change(experiment.load(everyFrame(experiment.frames)), "gaussian");
  const sums = await experiment.kernels.read(misfit);
  const sum = (which: number): number =>
    Array.from(sums).reduce((all, value, i) => (i % 4 === which ? all + value : all), 0);
  return Math.sqrt(sum(0) / sum(1));
}

describe("patterns of an object in several states", () => {
  it.each(Object.entries(homes))("%s kernels expect what the true states make", async (_, open) => {
    kernels = await open();
    const { scan, object } = objectModesProblem([0.7, 0.3], small);
    const experiment = new Experiment(kernels, { ...scan, object: { values: object, origin: [0, 0] } }, whole);
    expect(await errorOf(experiment)).toBeLessThan(tolerances.float32Rounding);
    const { slices, lit } = await experiment.change(experiment.load(everyFrame(9)), "gaussian");
    expect([slices.length, lit.length]).toEqual([2, 2]);
    experiment.release();
    expect(kernels.heldBytes).toBe(0);
  });

  it.each(["epie", "rpie", "lsqml", "ml"])("%s leaves the true states as they are", async (name) => {
    kernels = await nodeKernels({ threads: 1 });
    const { scan, object } = objectModesProblem([0.7, 0.3], small);
    const experiment = new Experiment(kernels, { ...scan, object: { values: object, origin: [0, 0] } }, whole);
    const before = (await kernels.read(experiment.object)).slice();
    const engine = engineNamed(name);
    const run = engine.init(experiment, completeSettings(engine, {}));
    const reports = await runEpochs(run, experiment, 3);
    expect(reports[2].error).toBeLessThan(3 * tolerances.float32Rounding);
    expect(distance(await kernels.read(experiment.object), before)).toBeLessThan(10 * tolerances.float32Rounding);
    await run.release();
    experiment.release();
    expect(kernels.heldBytes).toBe(0);
  });

  it("are the same of any unitary mixture of the states", async () => {
    kernels = float64Kernels();
    const { scan, object } = objectModesProblem([0.7, 0.3], small);
    const data = object.data.slice();
    const size = data.length / 2;
    // (c, −s e^{−iφ}; s e^{iφ}, c)
    const [c, s, re, im] = [Math.cos(0.7), Math.sin(0.7), Math.cos(1.1), Math.sin(1.1)];
    for (let i = 0; i < size; i += 2) {
      const [a, b, x, y] = [data[i], data[i + 1], data[size + i], data[size + i + 1]];
      data[i] = c * a - s * (re * x + im * y);
      data[i + 1] = c * b - s * (re * y - im * x);
      data[size + i] = s * (re * a - im * b) + c * x;
      data[size + i + 1] = s * (re * b + im * a) + c * y;
    }
    const mixed = { ...scan, object: { values: { shape: object.shape, data }, origin: [0, 0] as const } };
    const experiment = new Experiment(kernels, mixed, whole);
    expect(await errorOf(experiment)).toBeLessThan(tolerances.float32Rounding);
  });

  it("have the slope that states and probe are asked for, by differences", async () => {
    kernels = float64Kernels();
    const { scan } = objectModesProblem([0.5, 0.3, 0.2], small);
    const experiment = new Experiment(kernels, scan, whole);
    await expectSlopesOf(experiment, everyFrame(9));
  });
});

it("intensities of frames are found by all states together", async () => {
  kernels = float64Kernels();
  const problem = objectModesProblem([0.5, 0.5], small);
  const { scan, object } = problem;
  const [pixels, random] = [scan.amplitudes.height * scan.amplitudes.width, new Random(9)];
  const strengths = Float64Array.from({ length: 9 }, () => 1 + 0.3 * (random.uniform() - 0.5));
  const read = (frames: ArrayLike<number>, out: Float32Array): void => {
    scan.amplitudes.read(frames, out);
    for (let i = 0; i < out.length; i++) out[i] *= strengths[frames[Math.floor(i / pixels)]];
  };
  const spoilt = {
    ...scan,
    amplitudes: { ...scan.amplitudes, read },
    object: { values: object, origin: [0, 0] as const },
  };
  const experiment = new Experiment(kernels, spoilt, whole);
  const wrapper = wrapperNamed("intensities").init(experiment, {});
  experiment.wrap([wrapper]);
  for (let round = 0; round < 30; round++) await errorOf(experiment);
  const found = (await wrapper.estimate?.())?.intensities;
  expect(distance(found ?? [], strengths)).toBeLessThan(1e-4);
});

it.each(wrapperNames.filter((name) => !refusesStates(name)))("%s works on an object in two states", async (name) => {
  kernels = await nodeKernels({ threads: 1 });
  const { scan } = objectModesProblem([0.7, 0.3], { n: 16, rows: 6 });
  const experiment = new Experiment(kernels, scan, { batchSize: 16, subPixel: "whole" });
  const wrapper = wrapperNamed(name);
  const running = wrapper.init(experiment, completeSettings(wrapper, {}));
  experiment.wrap([running]);
  const engine = engineNamed("rpie");
  const run = engine.init(experiment, completeSettings(engine, {}));
  const errors: number[] = [];
  for (let epoch = 0; epoch < 6; epoch++) {
    errors.push((await runEpochs(run, experiment, 1, { first: epoch }))[0].error);
    await running.endEpoch?.(epoch);
  }
  expect(errors[5]).toBeLessThan(0.8 * errors[0]);
});

function refusesStates(name: string): boolean {
  const { thin, oneState } = wrapperNamed(name);
  return thin === true || oneState === true || name === "smooth_slices";
}

const engines: readonly [name: string, Record<string, string | number>][] = [
  ["epie", {}],
  ["rpie", {}],
  ["rpie", { batchSize: 4 }],
  ["lsqml", {}],
  ["ml", {}],
];

/** @param states none: not said */
async function moved(scan: EngineScan, [name, stated]: (typeof engines)[number], options = whole) {
  const engine = engineNamed(name);
  const experiment = new Experiment(kernels, scan, options);
  const run = engine.init(experiment, completeSettings(engine, stated));
  const reports = await runEpochs(run, experiment, 3);
  const [object, probe] = [await kernels.read(experiment.object), await kernels.read(experiment.probe)];
  return { object: object.slice(), probe: probe.slice(), error: reports[2].error };
}

describe.each(engines)("%s %o", (...engine) => {
  it("moves one state to the bit as an object that has no others, and beside a dark one as well", async () => {
    kernels = float64Kernels();
    const { scan } = objectModesProblem([1], small);
    const { objectModes: _, ...plain } = scan;
    const alone = await moved(plain, engine);
    expect(await moved(scan, engine)).toEqual(alone);
    // A state without light is asked for nothing.
    const [height, width] = [64, 64];
    const data = new Float32Array(4 * height * width);
    for (let i = 0; i < data.length / 2; i += 2) data[i] = 1;
    const both = await moved(
      {
        ...scan,
        objectModes: { count: 2, power: 0.1, seed: 1 },
        object: { values: { shape: [2, height, width], data }, origin: [0, 0] },
      },
      engine,
    );
    const half = both.object.length / 2;
    expect(both.object.subarray(half).every((value) => value === 0)).toBe(true);
    expect(distance(both.object.subarray(0, half), alone.object)).toBeLessThan(1e-12);
    expect(distance(both.probe, alone.probe)).toBeLessThan(1e-12);
  });
});

describe("two states are told apart, from nothing but a scan with noise", () => {
  it.each([
    ["epie", {}, 60, 0.75],
    ["rpie", {}, 40, 0.9],
    ["rpie", { batchSize: 8, objectStep: 1.5 }, 40, 0.85],
    ["lsqml", {}, 40, 0.9],
    ["lsqml", { noise: "poisson" }, 40, 0.9],
    ["ml", {}, 60, 0.9],
  ] as const)("%s %o", async (name, stated, epochs, bound) => {
    const engine = engineNamed(name);
    kernels = await nodeKernels({ threads: 1 });
    const problem = objectModesProblem([0.7, 0.3], { photons: 1e6 });
    const errors: number[] = [];
    const parts: (readonly number[])[] = [];
    for (const count of [2, 1]) {
      const scan = { ...problem.scan, objectModes: { count, power: 0.1, seed: 1 } };
      const experiment = new Experiment(kernels, scan, { batchSize: 16, subPixel: "whole" });
      const run = engine.init(experiment, completeSettings(engine, stated));
      // One state has soon explained what it can.
      const reports = await runEpochs(run, experiment, count === 1 ? epochs / 2 : epochs);
      errors.push(reports[reports.length - 1].error);
      parts.push(await partsFound(experiment, problem));
      await run.release();
      experiment.release();
    }
    expect(errors[0]).toBeLessThan(errors[1] / 2);
    expect(parts[0][0]).toBeGreaterThan(0.99);
    expect(parts[1][1]).toBeLessThan(0.01);
    expect(parts[0][1]).toBeGreaterThan(bound);
  });
});
