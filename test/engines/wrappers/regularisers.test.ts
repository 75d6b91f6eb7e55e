import { afterEach, beforeEach, expect, test } from "vitest";
import { Experiment } from "../../../src/engines/experiment.ts";
import type { Kernels } from "../../../src/engines/kernels/kernels.ts";
import { misfitOf } from "../../../src/engines/misfit.ts";
import { completeSettings } from "../../../src/engines/settings.ts";
import { wrapperNamed } from "../../../src/engines/wrappers/registry.ts";
import { makeProbe } from "../../../src/optics/probes.ts";
import { Random } from "../../../src/random.ts";
import { homes } from "../kernels/homes.ts";
import { complexError, distance, everyFrame, type Problem, problemOf, withTrueObject } from "../problem.ts";
import { reconstructed } from "./reconstructed.ts";

let kernels: Kernels;
beforeEach(async () => {
  kernels = await (homes["wasm"] ?? homes["float64"])();
});
afterEach(() => kernels.close());

const SIDE = 80;
const N = 32;
const probe = makeProbe(N, { kind: "airy", pupilRadius: 5, defocus: 20 });

/** Frames of a raster, on whole pixels. */
function raster(step: readonly [number, number], random?: Random): Float64Array {
  const rows = step.map((length) => Math.floor((SIDE - N - 2) / length));
  return Float64Array.from({ length: 2 * rows[0] * rows[1] }, (_, k) => {
    const line = k % 2 === 0 ? Math.floor(k / 2 / rows[1]) : (k >> 1) % rows[1];
    const jitter = random === undefined ? 0 : 2 * random.uniform() - 1;
    return N / 2 + 1 + Math.round(step[k % 2] * line + jitter);
  });
}

const objectOf = (value: (y: number, x: number) => readonly [number, number]) => ({
  shape: [SIDE, SIDE],
  data: Float32Array.from({ length: 2 * SIDE * SIDE }, (_, k) => {
    return value(Math.floor(k / 2 / SIDE), (k >> 1) % SIDE)[k % 2];
  }),
});

/** A few grains in a film, whose phase and amplitude are any. */
const grains = objectOf((y, x) => {
  const inside = [
    [30, 34, 2],
    [44, 50, 3],
    [52, 31, 2],
  ].some(([row, column, radius]) => Math.hypot(y - row, x - column) < radius);
  const phase = inside ? -0.8 : 0.4;
  const amplitude = inside ? 0.8 : 0.95;
  return [amplitude * Math.cos(phase), amplitude * Math.sin(phase)];
});

/** Detail of many lengths in both directions, with no period. */
const waves = objectOf((y, x) => {
  const phase = 0.5 * Math.sin(0.021 * y * y + 0.3 * x) + 0.4 * Math.sin(0.017 * x * x - 0.2 * y);
  const amplitude = 0.9 + 0.08 * Math.cos(0.013 * (x + y) ** 2);
  return [amplitude * Math.cos(phase), amplitude * Math.sin(phase)];
});

test.each([
  ["lsqml", 40, 0.005, 0.93],
  ["ml", 20, 0.05, 0.8],
] as const)("l1 takes noise off what is sparse: %s", async (engine, epochs, l1Weight, better) => {
  const problem = problemOf({ object: grains, probe, positions: raster([4, 4], new Random(3)) }, 1000);
  const error = async (wrappers: readonly string[]): Promise<number> => {
    const settings = wrappers.length === 0 ? {} : { l1Weight };
    const { experiment } = await reconstructed(kernels, problem, { wrappers, epochs, engine, settings });
    return complexError(experiment, problem);
  };
  expect(await error(["l1"])).toBeLessThan(better * (await error([])));
});

test("l1 hardly moves what is not sparse", async () => {
  const problem = problemOf({ object: waves, probe, positions: raster([4, 4], new Random(3)) });
  const error = async (wrappers: readonly string[]): Promise<number> => {
    const { experiment } = await reconstructed(kernels, withTrueObject(problem), { wrappers, epochs: 5 });
    return complexError(experiment, problem);
  };
  expect(await error(["l1"])).toBeLessThan(0.01);
});

/** What no pattern of a raster tells: g in the object, 1 / g in the probe. */
async function withGrid(problem: Problem, step: readonly [number, number], strength: number): Promise<Problem> {
  const g = (y: number, x: number): number =>
    1 + strength * (Math.cos((2 * Math.PI * y) / step[0]) + Math.cos((2 * Math.PI * x) / step[1]));
  const object = problem.object.data.map((value, k) => value * g(Math.floor(k / 2 / SIDE), (k >> 1) % SIDE));
  // Windows begin at multiples of the step, and one.
  const light = problem.probe.data.map((value, k) => value / g(1 + (Math.floor(k / 2 / N) % N), 1 + ((k >> 1) % N)));
  const values = { shape: [1, SIDE, SIDE], data: object };
  return {
    ...problem,
    scan: { ...problem.scan, object: { values, origin: [0, 0] }, probe: { ...problem.probe, data: light } },
  };
}

test.each([
  ["as an upright raster has them", [4, 5]],
  ["of another raster", [6, 4]],
] as const)("grid takes patterns with the raster's period out of the object: %s", async (_, step) => {
  const problem = problemOf({ object: waves, probe, positions: raster(step) });
  const begun = await withGrid(problem, step, 0.1);
  const start = new Experiment(kernels, begun.scan, { batchSize: 16, subPixel: "whole" });
  const truth = new Experiment(kernels, withTrueObject(problem).scan, { batchSize: 16, subPixel: "whole" });
  // No data know.
  expect((await misfitOf(start, everyFrame(start.frames))).error).toBeLessThan(1e-3);
  expect((await misfitOf(truth, everyFrame(truth.frames))).error).toBeLessThan(1e-3);
  const error = async (from: Problem, wrappers: readonly string[]): Promise<number> => {
    const { experiment } = await reconstructed(kernels, from, { wrappers, epochs: 10 });
    return complexError(experiment, problem);
  };
  const [left, without, taken, fromTruth] = [
    await complexError(start, problem),
    await error(begun, []),
    await error(begun, ["grid"]),
    await error(withTrueObject(problem), ["grid"]),
  ];
  expect(without).toBeGreaterThan(0.5 * left);
  expect(taken).toBeLessThan(0.3 * without);
  expect(fromTruth).toBeLessThan(0.02);
});

test("grid leaves a scan alone whose positions have no period, and says so", async () => {
  const random = new Random(2);
  const positions = Float64Array.from({ length: 200 }, () => N / 2 + 1 + Math.floor(random.uniform() * (SIDE - N - 2)));
  const problem = problemOf({ object: waves, probe, positions });
  const experiment = new Experiment(kernels, withTrueObject(problem).scan, { batchSize: 16, subPixel: "whole" });
  const before = Float64Array.from(await kernels.read(experiment.object));
  const wrapper = wrapperNamed("grid");
  const run = wrapper.init(experiment, completeSettings(wrapper));
  expect(await run.endEpoch?.(0)).toEqual([expect.stringContaining("no period")]);
  expect(distance(await kernels.read(experiment.object), before)).toBe(0);
});
