import { afterEach, beforeEach, expect, test } from "vitest";
import { Experiment } from "../../../src/engines/experiment.ts";
import { float64Kernels } from "../../../src/engines/kernels/float64.ts";
import type { Kernels } from "../../../src/engines/kernels/kernels.ts";
import { misfitOf } from "../../../src/engines/misfit.ts";
import { completeSettings } from "../../../src/engines/settings.ts";
import { wrapperNamed } from "../../../src/engines/wrappers/registry.ts";
import { denoise } from "../../../src/engines/wrappers/totalVariation.ts";
import { Random } from "../../../src/random.ts";
import { everyFrame, simulatedProblem, withTrueObject } from "../problem.ts";

let kernels: Kernels;
let experiment: Experiment;
beforeEach(() => {
  kernels = float64Kernels();
  experiment = new Experiment(kernels, withTrueObject(simulatedProblem({ patterns: 25 })).scan, {
    ...{ batchSize: 8, subPixel: "whole" },
  });
});
afterEach(() => kernels.close());

async function afterOneEpoch(
  name: string,
  settings: Readonly<Record<string, number>> = {},
): Promise<readonly string[]> {
  const wrapper = wrapperNamed(name);
  const run = wrapper.init(experiment, completeSettings(wrapper, settings));
  return (await run.endEpoch?.(0)) ?? [];
}

const randomise = (of: "object" | "probe", seed: number): void => {
  const random = new Random(seed);
  const length = 2 * experiment[of].shape.reduce((a, b) => a * b);
  kernels.write(
    experiment[of],
    Float64Array.from({ length }, () => random.normal()),
  );
};

test("limits hold amplitudes, and phases about that of the mean", async () => {
  randomise("object", 4);
  await afterOneEpoch("limits", { amplitudeMin: 0.2, amplitudeMax: 1.1, phaseMin: -0.5, phaseMax: 0.25 });
  const values = await kernels.read(experiment.object);
  const phases: number[] = [];
  for (let i = 0; i < values.length; i += 2) {
    const amplitude = Math.hypot(values[i], values[i + 1]);
    expect(amplitude).toBeGreaterThan(0.2 - 1e-12);
    expect(amplitude).toBeLessThan(1.1 + 1e-12);
    phases.push(Math.atan2(values[i + 1], values[i]));
  }
  const turned = phases.map((phase) => Math.atan2(Math.sin(phase - phases[0]), Math.cos(phase - phases[0])));
  expect(Math.max(...turned) - Math.min(...turned)).toBeLessThan(0.75 + 1e-9);
});

test("total variation falls with its objective, and a heavy weight leaves the mean alone", () => {
  const [height, width, weight] = [9, 7, 0.4];
  const random = new Random(2);
  const noisy = Float64Array.from({ length: 2 * height * width }, () => random.normal());
  const objective = (u: Float64Array): number => {
    let sum = 0;
    for (let i = 0; i < u.length; i += 2) {
      let squares = 0;
      for (let part = i; part < i + 2; part++) {
        sum += (u[part] - noisy[part]) ** 2 / 2;
        if (i + 2 * width < u.length) squares += (u[part + 2 * width] - u[part]) ** 2;
        if (i % (2 * width) < 2 * width - 2) squares += (u[part + 2] - u[part]) ** 2;
      }
      sum += weight * Math.sqrt(squares);
    }
    return sum;
  };
  const found = noisy.slice();
  denoise(found, width, weight);
  expect(objective(found)).toBeLessThan(0.75 * objective(noisy));
  const flat = noisy.slice();
  denoise(flat, width, 1e3);
  const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  // The divergence of p sums to nothing, so the mean stays whatever the weight.
  expect(Math.abs(mean(flat) - mean(noisy))).toBeLessThan(1e-9);
});

test("smoothing keeps the mean and lowers the energy of differences", async () => {
  randomise("object", 6);
  const before = Float64Array.from(await kernels.read(experiment.object));
  await afterOneEpoch("smooth", { smoothing: 0.1 });
  const after = await kernels.read(experiment.object);
  const total = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, value) => sum + value, 0);
  const rough = (values: ArrayLike<number>): number => {
    let sum = 0;
    for (let i = 2; i < values.length; i++) sum += (values[i] - values[i - 2]) ** 2;
    return sum;
  };
  expect(Math.abs(total(after) - total(before))).toBeLessThan(1e-9 * before.length);
  expect(rough(after)).toBeLessThan(0.6 * rough(before));
});

test("a support leaves no light outside its disk and all inside", async () => {
  randomise("probe", 7);
  const before = Float64Array.from(await kernels.read(experiment.probe));
  await afterOneEpoch("support", { supportDiameter: 0.5 });
  const after = await kernels.read(experiment.probe);
  const [, , height, width] = experiment.probe.shape;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const inside = Math.hypot(y / height - 0.5, x / width - 0.5) <= 0.25;
      const i = 2 * (y * width + x);
      expect(after[i]).toBe(inside ? before[i] : 0);
    }
});

test("a probe that has wandered is put back with the object, and no pattern changes", async () => {
  const { object, probe } = experiment;
  const wander = async (of: typeof object, down: number, right: number): Promise<void> => {
    const [, , height, width] = of.shape;
    const values = Float64Array.from(await kernels.read(of));
    const out = new Float64Array(values.length);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const from = 2 * (((y - down + height) % height) * width + ((x - right + width) % width));
        out.set(values.subarray(from, from + 2), 2 * (y * width + x));
      }
    kernels.write(of, out);
  };
  // A probe with nothing at its window's edge loses nothing on the way.
  await afterOneEpoch("support", { supportDiameter: 0.6 });
  await wander(object, 3, -2);
  await wander(probe, 3, -2);
  // Windows at the rim see what came round from the other side of the canvas: only those inside are compared.
  const { positions } = experiment;
  const inside = everyFrame(experiment.frames).filter((frame) =>
    [0, 1].every((axis) => {
      const all = positions.filter((_, k) => k % 2 === axis);
      const at = positions[2 * frame + axis];
      return at > Math.min(...all) + 3 && at < Math.max(...all) - 3;
    }),
  );
  const before = await misfitOf(experiment, inside);
  const [note] = await afterOneEpoch("centre");
  expect(note).toMatch(/wandered by \([23], -[12]\) pixels/);
  const after = await misfitOf(experiment, inside);
  expect(Math.abs(after.error - before.error)).toBeLessThan(1e-6);
});
