import { beforeAll, describe, expect, it, test } from "vitest";
import type { ComplexArray } from "../../src/arrays.ts";
import { drive } from "../../src/engines/driver.ts";
import { Experiment } from "../../src/engines/experiment.ts";
import { float64Kernels } from "../../src/engines/kernels/float64.ts";
import { type ModeStatement, modeStarts, startModes } from "../../src/engines/modes/startModes.ts";
import { engineNamed } from "../../src/engines/registry.ts";
import type { Stage } from "../../src/engines/runningStage.ts";
import { completeSettings } from "../../src/engines/settings.ts";
import { nodeKernels } from "../../src/node/kernels.ts";
import { Random } from "../../src/random.ts";
import {
  complexError,
  everyFrame,
  modeFidelity,
  type Problem,
  simulatedProblem,
  spoiltProbe,
  withProbe,
} from "./problem.ts";

const energy = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, value) => sum + value * value, 0);

/** ⟨a, b⟩ of two modes, real and imaginary part. */
function inner({ shape, data }: ComplexArray, a: number, b: number): number {
  const size = 2 * shape[1] * shape[2];
  let [re, im] = [0, 0];
  for (let i = 0; i < size; i += 2) {
    const [p, q] = [a * size + i, b * size + i];
    re += data[p] * data[q] + data[p + 1] * data[q + 1];
    im += data[p] * data[q + 1] - data[p + 1] * data[q];
  }
  return Math.hypot(re, im);
}

function randomProbe(modes: number, seed: number, [height, width] = [12, 10]): ComplexArray {
  const random = new Random(seed);
  const data = Float32Array.from({ length: 2 * modes * height * width }, () => random.normal());
  return { shape: [modes, height, width], data };
}

describe.each(modeStarts)("modes added as %s", (start) => {
  test.each([1, 2])(
    "are orthogonal to the %i that there are, which stay, and have the power that was said",
    (modes) => {
      const before = randomProbe(modes, 5);
      const { probe, note } = startModes(before, { count: 5, start, power: 0.04 }, new Random(2));
      expect(probe.shape).toEqual([5, 12, 10]);
      const total = energy(before.data);
      expect(Math.abs(energy(probe.data) / total - 1)).toBeLessThan(1e-6);
      const powers = Array.from({ length: 5 - modes }, (_, k) => 0.04 * (start === "ramps" ? 0.5 ** k : 1));
      for (const [k, power] of powers.entries()) {
        expect(Math.abs(inner(probe, modes + k, modes + k) / total / power - 1)).toBeLessThan(1e-5);
        for (let other = 0; other < modes + k; other++)
          expect(inner(probe, modes + k, other)).toBeLessThan(1e-6 * total);
      }
      const left = Math.sqrt(1 - powers.reduce((a, b) => a + b, 0));
      before.data.forEach((value, i) => {
        expect(Math.abs(probe.data[i] - left * value)).toBeLessThan(1e-6);
      });
      expect(note).toMatch(/4 %/);
    },
  );

  it("are those of the random numbers, and none where the probe is dark", () => {
    const statement = { count: 3, start, power: 0.1 };
    const probe = randomProbe(1, 4);
    expect(startModes(probe, statement, new Random(7))).toEqual(startModes(probe, statement, new Random(7)));
    const dark = startModes({ ...probe, data: probe.data.map(() => 0) }, statement, new Random(7));
    expect(dark.probe.shape[0]).toBe(3);
    expect(dark.probe.data.every((value) => value === 0)).toBe(true);
  });

  it("are refused all of the power", () => {
    const half = { count: 5, start, power: 0.6 };
    expect(() => startModes(randomProbe(1, 1), half, new Random(1))).toThrow(/nothing for the others.*mode_power/s);
  });
});

it("of more modes than are asked for the strongest are kept, whatever their mixture, and it is said", () => {
  const [strong, weak] = [randomProbe(1, 1), randomProbe(1, 2)];
  const size = strong.data.length;
  // The second is orthogonal to the first only by chance, so it is made so: another half of the pixels.
  const a = strong.data.map((value, i) => (i < size / 2 ? value : 0));
  const b = weak.data.map((value, i) => (i < size / 2 ? 0 : 0.2 * value));
  const [c, s] = [Math.cos(0.7), Math.sin(0.7)];
  const mixed = [a.map((value, i) => c * value - s * b[i]), a.map((value, i) => s * value + c * b[i])];
  const probe = { shape: [2, 12, 10], data: Float32Array.from([...mixed[0], ...mixed[1]]) };
  const { probe: kept, note } = startModes(probe, { count: 1, start: "hermite", power: 0.02 }, new Random(1));
  expect(kept.shape).toEqual([1, 12, 10]);
  const both = { shape: [2, 12, 10], data: Float32Array.from([...kept.data, ...a]) };
  expect(inner(both, 0, 1) ** 2 / (inner(both, 0, 0) * inner(both, 1, 1))).toBeGreaterThan(1 - 1e-6);
  expect(Math.abs(energy(kept.data) / energy(probe.data) - 1)).toBeLessThan(1e-6);
  const part = (100 * energy(a)) / (energy(a) + energy(b));
  expect(note).toBe(`of 2 probe modes the strongest is kept, which has ${part.toPrecision(3)} % of the power`);
});

const stage = (name: string, epochs: number, modes?: ModeStatement): Stage => {
  const engine = engineNamed(name);
  return {
    ...{ engine, epochs, subPixel: "whole", settings: completeSettings(engine), wrappers: [] },
    ...(modes === undefined ? {} : { modes }),
  };
};

const firstMode = ({ shape: [, height, width], data }: ComplexArray): ComplexArray => {
  const values = data.slice(0, 2 * height * width);
  const scale = Math.sqrt(energy(data) / energy(values));
  return { shape: [1, height, width], data: values.map((value) => scale * value) };
};

async function found(problem: Problem, stages: readonly Stage[]) {
  const { look } = await drive({
    ...{ scan: problem.scan, stages, frames: everyFrame(problem.scan.amplitudes.count), heldOut: new Int32Array() },
    ...{ random: new Random(5), kernels: () => nodeKernels({ threads: 1 }) },
  });
  const { object, probe, positions } = look;
  const experiment = new Experiment(
    float64Kernels(),
    { ...problem.scan, object, probe, positions },
    { batchSize: 4, subPixel: "whole" },
  );
  return {
    modes: probe.shape[0],
    error: await complexError(experiment, problem),
    fidelity: await modeFidelity(experiment, problem),
  };
}

describe("a beam of two modes, of which one is known", () => {
  const two = simulatedProblem({ patterns: 144, step: 3, modes: 2, modePowerRatio: 0.1 });
  const one = withProbe(two, spoiltProbe(firstMode(two.probe)));
  let alone = 0;
  beforeAll(async () => {
    alone = (await found(one, [stage("lsqml", 40)])).error;
  });

  test.each(modeStarts)(
    "is found whole where the other begins as %s, and the object is better for it",
    async (start) => {
      const modes = { count: 2, start, power: 0.05 };
      const both = await found(one, [stage("lsqml", 40, modes)]);
      expect(both.modes).toBe(2);
      expect(both.fidelity).toBeGreaterThan(0.99);
      expect(both.error).toBeLessThan(alone / 2);
    },
  );

  it("is found by a stage that adds the mode, and the next keeps both", async () => {
    const modes = { count: 2, start: "hermite", power: 0.05 } as const;
    const stages = [stage("rpie", 5), stage("lsqml", 15, modes), stage("lsqml", 5)];
    const { modes: count, fidelity } = await found(one, stages);
    expect(count).toBe(2);
    expect(fidelity).toBeGreaterThan(0.99);
  });
});
