import { describe, expect, it, test } from "vitest";
import { type Driven, type DriverOptions, drive } from "../../src/engines/driver.ts";
import type { DriverState } from "../../src/engines/driverState.ts";
import { Experiment } from "../../src/engines/experiment.ts";
import { float64Kernels } from "../../src/engines/kernels/float64.ts";
import { misfitOf } from "../../src/engines/misfit.ts";
import { CoarseGrid } from "../../src/engines/multigrid/coarseGrid.ts";
import { resampled } from "../../src/engines/multigrid/resample.ts";
import { engineNamed } from "../../src/engines/registry.ts";
import type { Stage } from "../../src/engines/runningStage.ts";
import { completeSettings, type EngineSettings } from "../../src/engines/settings.ts";
import { wrapperNamed } from "../../src/engines/wrappers/registry.ts";
import { align } from "../../src/metrics/align.ts";
import { relativeError } from "../../src/metrics/differences.ts";
import { nodeKernels } from "../../src/node/kernels.ts";
import { makeProbe } from "../../src/optics/probes.ts";
import { Random } from "../../src/random.ts";
import { distance, everyFrame, type Problem, problemOf, withTrueObject } from "./problem.ts";

const SIDE = 150;
const N = 64;

/** An object of slow phases, and a beam that is defocused. */
const slow = ((): Problem => {
  const data = Float32Array.from({ length: 2 * SIDE * SIDE }, (_, k) => {
    const [y, x] = [Math.floor(k / 2 / SIDE) / SIDE - 0.5, ((k >> 1) % SIDE) / SIDE - 0.5];
    const phase = 1.5 * Math.sin(9 * y + 4 * x * x) + 1.2 * Math.cos(8 * x - 3 * y) + 0.3 * Math.sin(60 * (x + y * y));
    const amplitude = 0.9 + 0.1 * Math.cos(31 * x * y + 11 * y);
    return amplitude * (k % 2 === 0 ? Math.cos(phase) : Math.sin(phase));
  });
  const random = new Random(3);
  const rows = 11;
  const positions = Float64Array.from({ length: 2 * rows * rows }, (_, k) => {
    const line = k % 2 === 0 ? Math.floor(k / 2 / rows) : (k >> 1) % rows;
    return N / 2 + 2 + Math.round(7.5 * line + 2 * random.uniform());
  });
  const probe = makeProbe(N, { kind: "airy", pupilRadius: 7, defocus: 30 });
  return problemOf({ object: { shape: [SIDE, SIDE], data }, probe, positions });
})();

const stage = (
  name: string,
  epochs: number,
  coarse = 1,
  said: EngineSettings = {},
  wrappers: readonly string[] = [],
): Stage => ({
  ...{ engine: engineNamed(name), epochs, subPixel: "bilinear", settings: completeSettings(engineNamed(name), said) },
  ...(coarse === 1 ? {} : { coarse }),
  wrappers: wrappers.map((each) => {
    const wrapper = wrapperNamed(each);
    return { wrapper, settings: completeSettings(wrapper, each === "positions" ? { positionStart: 1 } : {}) };
  }),
});

const options = ({ scan }: Problem, stages: readonly Stage[], changes: Partial<DriverOptions> = {}): DriverOptions => ({
  ...{ scan, stages, frames: everyFrame(scan.amplitudes.count), heldOut: new Int32Array(), random: new Random(5) },
  ...{ kernels: () => nodeKernels({ threads: 1 }), ...changes },
});

/** ‖found − true‖ / ‖true‖ in the scanned area. */
function errorOf({ look }: Driven, { scan, object }: Problem): number {
  const { values, origin } = look.object;
  const [height, width] = values.shape.slice(1);
  const ends = [0, 1].map((axis) => {
    const along = scan.positions.filter((_, k) => k % 2 === axis);
    return [Math.min(...along), Math.max(...along)];
  });
  const mask = Float32Array.from({ length: height * width }, (_, i) => {
    const at = [Math.floor(i / width) + origin[0], (i % width) + origin[1]];
    return at.every((value, axis) => value >= ends[axis][0] && value <= ends[axis][1]) ? 1 : 0;
  });
  const shape = [height, width] as const;
  const { aligned, truth, covered } = align({ shape, data: values.data }, object, {
    origin,
    mask: { shape, data: mask },
  });
  const inside = (data: Float64Array): Float64Array => data.filter((_, i) => covered[i >> 1] === 1);
  return relativeError(inside(aligned.data), inside(truth.data));
}

test("planes on another grid: flat ones stay, slow ones are what they are in between, in both directions", () => {
  const wave = (y: number, x: number): number => 1 + Math.sin(0.2 * y + 0.11 * x);
  const [height, width] = [60, 70];
  const fine = Float32Array.from({ length: height * width }, (_, i) => wave(Math.floor(i / width), i % width));
  for (const step of [2, 2.5, 0.5]) {
    const axis = { count: 20, first: 10.3, step };
    const found = resampled(fine, [1, height, width], 1, [axis, axis]);
    found.forEach((value, i) => {
      const [y, x] = [10.3 + step * Math.floor(i / 20), 10.3 + step * (i % 20)];
      if (Math.max(y, x) < 50) expect(Math.abs(value - wave(y, x))).toBeLessThan(0.01);
    });
    const flat = resampled(
      fine.map(() => 1),
      [1, height, width],
      1,
      [axis, axis],
    );
    for (const value of flat) expect(value).toBeCloseTo(1, 6);
  }
});

describe.each([2, 3, 4])("grids %i times as coarse", (factor) => {
  it("have mean energies of a quarter a pixel, and the truth explains them", async () => {
    const { scan } = withTrueObject(slow);
    const grid = new CoarseGrid(scan, scan, factor);
    const { amplitudes, probe } = grid.scan;
    const size = amplitudes.height * amplitudes.width;
    expect(amplitudes.height).toBe(Math.round(N / factor));
    const patterns = new Float32Array(amplitudes.count * size);
    amplitudes.read(everyFrame(amplitudes.count), patterns);
    const mean = patterns.reduce((sum, value) => sum + value * value, 0) / amplitudes.count;
    // A hundredth of the light lies beyond.
    expect(mean / (size / 4)).toBeGreaterThan(0.95);
    expect(mean / (size / 4)).toBeLessThan(1 + 1e-6);
    expect(probe.data.reduce((sum, value) => sum + value * value, 0) / (size / 4)).toBeCloseTo(1, 2);
    const experiment = new Experiment(float64Kernels(), grid.scan, { batchSize: 16, subPixel: "bilinear" });
    const { error } = await misfitOf(experiment, everyFrame(amplitudes.count));
    // What lies beyond has interfered with what does not.
    expect(error).toBeLessThan(0.05 * factor);
  });

  it("give back what they took, with the detail that they cannot hold", () => {
    const { scan } = withTrueObject(slow);
    const background = new Float32Array(N * N).map((_, i) => 0.01 + 0.001 * Math.sin(i));
    const begun = { ...scan, background };
    const grid = new CoarseGrid(scan, begun, factor);
    const taken = grid.scan;
    const canvas = { height: 100, width: 110, origin: [20, 22] as const };
    const { object = { values: slow.object, origin: [0, 0] as const } } = taken;
    const back = grid.fine({ ...taken, object }, canvas);
    expect(distance(back.positions, scan.positions)).toBeLessThan(1e-12);
    expect(distance(back.probe.data, scan.probe.data)).toBeLessThan(1e-6);
    expect(distance(back.background ?? [], background)).toBeLessThan(1e-6);
    const truth = Float32Array.from(back.object.values.data, (_, k) => {
      const [y, x] = [Math.floor(k / 2 / 110) + 20, ((k >> 1) % 110) + 22];
      return slow.object.data[2 * (y * SIDE + x) + (k % 2)];
    });
    expect(distance(back.object.values.data, truth)).toBeLessThan(1e-6);

    // Of what begins flat there is no detail: it is what a coarse grid can hold of it.
    const { object: _, ...flat } = scan;
    const only = new CoarseGrid(scan, flat, factor).fine({ ...taken, object }, canvas);
    expect(distance(only.object.values.data, truth)).toBeLessThan(0.03);
    expect(distance(only.object.values.data, truth)).toBeGreaterThan(1e-4);
  });
});

it("finds slow phases with less work", async () => {
  // Pixels of an epoch are its work: six epochs on each grid are as much as eight on the finest.
  const through = await drive(options(slow, [stage("lsqml", 6, 4), stage("lsqml", 6, 2), stage("lsqml", 6)]));
  const [alone, longer] = [
    await drive(options(slow, [stage("lsqml", 8)])),
    await drive(options(slow, [stage("lsqml", 16)])),
  ];
  expect(errorOf(through, slow)).toBeLessThan(0.25 * errorOf(alone, slow));
  expect(errorOf(through, slow)).toBeLessThan(errorOf(longer, slow));
});

it("goes on to the last bit from within and between grids, with all that wrappers found", async () => {
  const stages = [
    stage("rpie", 2, 4, {}, ["positions", "intensities", "background"]),
    stage("lsqml", 2, 2, {}, ["positions", "intensities", "background"]),
    stage("rpie", 1, 1, {}, ["positions", "intensities", "background"]),
  ];
  const states: DriverState[] = [];
  const listener = {
    epoch: async (_: unknown, moment: { state(): Promise<DriverState> }) => {
      states.push(structuredClone(await moment.state()));
    },
  };
  const bits = ({ state, look }: Driven) => [
    ...[state.history.map(({ error }) => error), look.object.values.data, look.probe.data, look.positions],
    ...[look.background, look.intensities, look.light],
  ];
  const whole = await drive(options(slow, stages, { listener }));
  for (const from of states) expect(bits(await drive(options(slow, stages, { from })))).toEqual(bits(whole));
  const [first, last] = [states[1], states[4]];
  expect(last.begun.intensities).toHaveLength(slow.scan.amplitudes.count);
  expect(last.begun.background).toHaveLength(N * N);
  expect(distance(last.begun.positions, slow.scan.positions)).toBeGreaterThan(0);
  expect(first.now?.probe).toHaveLength(2 * (N / 4) ** 2);
  expect(whole.look.probe.shape).toEqual([1, N, N]);
});

it("refuses near fields, and windows without room", () => {
  const { scan } = slow;
  const near = { ...scan, geometry: { propagation: "near-field" as const } };
  expect(() => new CoarseGrid(near, near, 2)).toThrow("far fields");
  expect(() => new CoarseGrid(scan, scan, 10)).toThrow("too little");
});
