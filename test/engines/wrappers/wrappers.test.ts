import { afterEach, beforeEach, expect, test } from "vitest";
import { Experiment, type ExperimentOptions } from "../../../src/engines/experiment.ts";
import type { Images, Kernels } from "../../../src/engines/kernels/kernels.ts";
import { engineNamed } from "../../../src/engines/registry.ts";
import { completeSettings } from "../../../src/engines/settings.ts";
import type { WrapperRun } from "../../../src/engines/wrapperRun.ts";
import { wrapperNamed } from "../../../src/engines/wrappers/registry.ts";
import { median } from "../../../src/numerics/median.ts";
import { Random } from "../../../src/random.ts";
import { homes } from "../kernels/homes.ts";
import { complexError, everyFrame, type Problem, simulatedProblem } from "../problem.ts";

const open = homes["wasm"] ?? homes["float64"];
let kernels: Kernels;
beforeEach(async () => {
  kernels = await open();
});
afterEach(() => kernels.close());

interface Asked {
  readonly wrappers: readonly string[];
  readonly epochs: number;
  readonly options?: Partial<ExperimentOptions>;
  readonly settings?: Readonly<Record<string, number>>;
}

/** Reconstructs with rPIE, frame after frame. */
async function reconstructed(
  { scan }: Problem,
  { wrappers, epochs, options, settings = {} }: Asked,
): Promise<{ experiment: Experiment; memory: readonly NonNullable<WrapperRun["memory"]>[] }> {
  const experiment = new Experiment(kernels, scan, { batchSize: 16, subPixel: "whole", ...options });
  const running = wrappers.map((name) => {
    const wrapper = wrapperNamed(name);
    return wrapper.init(experiment, completeSettings(wrapper, settings));
  });
  experiment.wrap(running);
  const engine = engineNamed("rpie");
  const run = engine.init(experiment, completeSettings(engine, { objectStep: 1, probeStep: 1 }));
  const random = new Random(1);
  for (let number = 0; number < epochs; number++) {
    await run.step({ number, frames: everyFrame(experiment.frames), random, checkpoint: () => {} });
    for (const wrapper of running) await wrapper.endEpoch?.(number);
  }
  return { experiment, memory: running.map(({ memory = {} }) => memory) };
}

/** The same scan whose frames' amplitudes are changed. */
const spoilt = (problem: Problem, change: (amplitudes: Float32Array, frame: number) => void): Problem => {
  const { amplitudes } = problem.scan;
  const pixels = amplitudes.height * amplitudes.width;
  return {
    ...problem,
    scan: {
      ...problem.scan,
      amplitudes: {
        ...amplitudes,
        read(frames, out) {
          amplitudes.read(frames, out);
          for (let k = 0; k < frames.length; k++) change(out.subarray(k * pixels, (k + 1) * pixels), frames[k]);
        },
      },
    },
  };
};

test("intensities that jitter by 10 % are found, and the object is nearly as good as without jitter", async () => {
  const problem = simulatedProblem();
  const random = new Random(8);
  const factors = Float64Array.from({ length: problem.scan.amplitudes.count }, () => 1 + 0.1 * random.normal());
  const jittered = spoilt(problem, (amplitudes, frame) => {
    for (let i = 0; i < amplitudes.length; i++) amplitudes[i] *= Math.sqrt(factors[frame]);
  });
  const without = await complexError((await reconstructed(jittered, { wrappers: [], epochs: 20 })).experiment, problem);
  const { experiment, memory } = await reconstructed(jittered, { wrappers: ["intensities"], epochs: 20 });
  expect(await complexError(experiment, problem)).toBeLessThan(without / 4);
  const found = (memory[0]["amplitudes"] as Float64Array).map((s) => s * s);
  const mean = factors.reduce((sum, factor) => sum + factor, 0) / factors.length;
  const off = found.map((value, frame) => value - factors[frame] / mean);
  expect(Math.sqrt(off.reduce((sum, value) => sum + value * value, 0) / off.length)).toBeLessThan(0.02);
});

test("a background is found, and the object is much better for it", async () => {
  const problem = simulatedProblem();
  const fog = 0.02;
  const foggy = spoilt(problem, (amplitudes) => {
    for (let i = 0; i < amplitudes.length; i++) amplitudes[i] = Math.hypot(amplitudes[i], Math.sqrt(fog));
  });
  const without = await complexError((await reconstructed(foggy, { wrappers: [], epochs: 20 })).experiment, problem);
  const { experiment, memory } = await reconstructed(foggy, { wrappers: ["background"], epochs: 30 });
  const got = await complexError(experiment, problem);

  expect(got).toBeLessThan(without / 3);
  const found = median(await kernels.read(memory[0]["light"] as Images));
  expect(Math.abs(found / fog - 1)).toBeLessThan(0.1);
});

test("position errors of one pixel shrink to a tenth", async () => {
  const problem = simulatedProblem();
  const random = new Random(8);
  const positions = problem.scan.positions.map((position) => position + random.normal());
  const moved = { ...problem, scan: { ...problem.scan, positions } };
  const { experiment } = await reconstructed(moved, {
    ...{ wrappers: ["positions"], epochs: 80 },
    options: { subPixel: "bilinear", margin: 5 },
  });
  // A frame that began three pixels off may settle elsewhere: the gradient knows no better.
  const near = (_: number, k: number): boolean =>
    [k - (k % 2), k - (k % 2) + 1].every((i) => Math.abs(positions[i] - problem.scan.positions[i]) < 2.5);
  const [found, truth] = [experiment.positions.filter(near), problem.scan.positions.filter(near)];
  expect(found.length).toBeGreaterThan(0.9 * positions.length);
  expect(rmsApart(found, truth)).toBeLessThan(0.1);
  // Nothing of the frame drifted: the mean of all positions is where it was.
  for (const axis of [0, 1])
    expect(Math.abs(meanOf(experiment.positions, axis) - meanOf(positions, axis))).toBeLessThan(0.02);
});

const meanOf = (positions: Float64Array, axis: number): number => {
  const values = positions.filter((_, k) => k % 2 === axis);
  return values.reduce((sum, value) => sum + value / values.length, 0);
};

/** √ of the mean square along an axis, without the shift that object and positions share. */
function rmsApart(a: Float64Array, b: Float64Array): number {
  const apart = a.map((value, k) => value - b[k]);
  const means = [meanOf(apart, 0), meanOf(apart, 1)];
  return Math.sqrt(apart.reduce((sum, value, k) => sum + (value - means[k % 2]) ** 2, 0) / apart.length);
}
