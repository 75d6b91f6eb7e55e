import { describe, expect, it, test } from "vitest";
import { type Driven, drive } from "../../../src/engines/driver.ts";
import { Experiment } from "../../../src/engines/experiment.ts";
import { float64Kernels } from "../../../src/engines/kernels/float64.ts";
import { misfitOf } from "../../../src/engines/misfit.ts";
import { iterated, principal, withoutPart } from "../../../src/engines/opr/subspace.ts";
import { engineNamed } from "../../../src/engines/registry.ts";
import type { EngineScan } from "../../../src/engines/scan.ts";
import { completeSettings, type EngineSettings } from "../../../src/engines/settings.ts";
import type { Wrapper } from "../../../src/engines/wrapper.ts";
import { wrapperNamed } from "../../../src/engines/wrappers/registry.ts";
import { nodeKernels } from "../../../src/node/kernels.ts";
import { Random } from "../../../src/random.ts";
import { tolerances } from "../../tolerances.ts";
import { complexError, everyFrame, type Problem, simulatedProblem, withTrueObject } from "../problem.ts";
import { steered, twoWays, varyingBeams, withLights } from "./varyingProblem.ts";

const COUNT = 100;
const constant = simulatedProblem({ patterns: COUNT, step: 3 });
const held = (frame: number): boolean => frame % 12 === 5;
const frames = everyFrame(COUNT).filter((frame) => !held(frame));
const heldOut = everyFrame(COUNT).filter(held);

interface Asked {
  readonly engine?: string;
  readonly epochs?: number;
  readonly wrappers?: readonly string[];
  readonly settings?: EngineSettings;
}

async function found(problem: Problem, { engine: name = "lsqml", epochs = 40, wrappers = [], settings = {} }: Asked) {
  const engine = engineNamed(name);
  const driven = await drive({
    stages: [
      {
        ...{ engine, epochs, subPixel: "whole", settings: completeSettings(engine) },
        wrappers: wrappers.map((each) => {
          const wrapper = wrapperNamed(each);
          return { wrapper, settings: completeSettings(wrapper, each === "opr" ? settings : {}) };
        }),
      },
    ],
    ...{ scan: problem.scan, frames, heldOut },
    ...{ random: new Random(5), kernels: () => nodeKernels({ threads: 1 }) },
  });
  const { object, probe, positions } = driven.look;
  const scan = { ...problem.scan, object, probe, positions };
  const experiment = new Experiment(float64Kernels(), scan, { batchSize: 4, subPixel: "whole" });
  const error = await complexError(experiment, problem, { register: true });
  return { driven, error, heldError: driven.state.history.at(-1)?.heldOut?.error ?? Number.NaN };
}

/** Part of the probe's energy that varies, over frames. */
function varying({ look: { variations, probe } }: Driven): number {
  if (variations === undefined) throw new Error("nothing varies");
  const { weights } = variations;
  return weights.reduce((sum, w) => sum + w * w, 0) / COUNT / ((probe.shape[1] * probe.shape[2]) / 4);
}

/** That of the lights themselves. */
function truly(lights: readonly Float64Array[]): number {
  const probe = constant.probe.data;
  const energy = (values: ArrayLike<number>): number =>
    Array.from(values).reduce((sum, value) => sum + value * value, 0);
  return lights.reduce((sum, light) => sum + energy(light.map((v, i) => v - probe[i])), 0) / COUNT / energy(probe);
}

describe("a probe that varies in two ways", () => {
  const lights = twoWays(constant.probe, varyingBeams(COUNT, 0.2, 0.3));
  const problem = withLights(constant, lights);

  it("is found with most of what it varies, and the object is much better for it", async () => {
    const without = await found(problem, {});
    const { driven, error, heldError } = await found(problem, { wrappers: ["opr"] });
    expect(error).toBeLessThan(without.error / 3);
    // Weights of frames that nobody learns from are found as well.
    expect(heldError).toBeLessThan(without.heldError / 3);
    expect(varying(driven) / truly(lights)).toBeGreaterThan(0.25);
    expect(varying(driven) / truly(lights)).toBeLessThan(1.1);
  });

  it("is bettered by ml, whose line search takes frames' own light", async () => {
    const { heldError } = await found(problem, { engine: "ml", epochs: 15, wrappers: ["opr"] });
    const without = await found(problem, { engine: "ml", epochs: 15 });
    expect(heldError).toBeLessThan(without.heldError / 1.5);
  });

  it("leaves the beam's intensity to another wrapper, beside which it works", async () => {
    const random = new Random(3);
    const factors = lights.map(() => 1 + 0.05 * random.normal());
    const jittering = withLights(
      constant,
      lights.map((light, j) => light.map((value) => factors[j] * value)),
    );
    const alone = await found(jittering, { wrappers: ["opr"] });
    const both = await found(jittering, { wrappers: ["opr", "intensities"] });
    expect(both.error).toBeLessThan(0.8 * alone.error);
    expect(both.heldError).toBeLessThan(alone.heldError / 2);
    expect(varying(both.driven) / truly(lights)).toBeGreaterThan(0.25);
    expect(varying(both.driven) / truly(lights)).toBeLessThan(1.1);
  });
});

test("a beam that swings and trembles as a whole is predicted much better", async () => {
  const beams = varyingBeams(COUNT, 0.2, 0.3);
  const problem = withLights(
    constant,
    beams.map((beam) => steered(constant.probe, beam)),
  );
  const without = await found(problem, {});
  const { error, heldError } = await found(problem, { wrappers: ["opr"], settings: { oprModes: 4 } });
  expect(error).toBeLessThan(0.9 * without.error);
  expect(heldError).toBeLessThan(without.heldError / 3);
});

test.each(["rpie", "lsqml"])("%s invents nothing where nothing varies", async (engine) => {
  const without = await found(constant, { engine });
  const { driven, error } = await found(constant, { engine, wrappers: ["opr"] });
  expect(varying(driven)).toBeLessThan(2e-4);
  expect(error).toBeLessThan(3 * without.error);
});

test("a stage goes on with the variations of the one before", async () => {
  const lights = twoWays(constant.probe, varyingBeams(COUNT, 0.2, 0.3));
  const problem = withLights(constant, lights);
  const engine = engineNamed("lsqml");
  const opr = wrapperNamed("opr");
  const stage = (epochs: number, count: number) => ({
    ...{ engine, epochs, subPixel: "whole" as const, settings: completeSettings(engine, { presolve: false }) },
    wrappers: [{ wrapper: opr, settings: completeSettings(opr, { oprModes: count }) }],
  });
  const { state, look } = await drive({
    ...{ scan: problem.scan, frames, heldOut, stages: [stage(12, 2), stage(2, 3)] },
    ...{ random: new Random(5), kernels: () => nodeKernels({ threads: 1 }) },
  });
  expect(look.variations?.directions.shape[0]).toBe(3);
  const errors = state.history.map(({ error }) => error);
  expect(errors[12]).toBeLessThan(1.2 * errors[11]);
});

describe("known variations are as much of a probe that is made brighter", () => {
  const lights = twoWays(constant.probe, varyingBeams(COUNT, 0.2, 0.3));
  const { scan } = withTrueObject(withLights(constant, lights));
  const [opr, power] = ["opr", "power"].map(wrapperNamed);
  /** Those of the lights themselves, in two ways that are orthogonal. */
  const ways = principal(lights.slice(0, 2).map((light) => light.map((v, i) => v - constant.probe.data[i])));
  const size = ways[0].length;
  const weights = Float64Array.from({ length: 2 * COUNT }, (_, k) =>
    ways[k % 2].reduce((sum, v, i) => sum + v * (lights[k >> 1][i] - constant.probe.data[i]), 0),
  );
  const begun = (factor: number): EngineScan => ({
    ...scan,
    probe: { ...scan.probe, data: scan.probe.data.map((value) => factor * value) },
    variations: {
      directions: {
        shape: [2, ...scan.probe.shape.slice(1)],
        data: Float32Array.from({ length: 2 * size }, (_, i) => ways[Math.floor(i / size)][i % size]),
      },
      weights: weights.map((value) => factor * value),
    },
  });
  const started = (factor: number, wrappers: readonly (readonly [Wrapper, EngineSettings])[]) => {
    const experiment = new Experiment(float64Kernels(), begun(factor), { batchSize: 20, subPixel: "whole" });
    experiment.wrap(wrappers.map(([wrapper, stated]) => wrapper.init(experiment, completeSettings(wrapper, stated))));
    return experiment;
  };

  test("by its power", async () => {
    const [without, held] = [
      started(1, [[opr, {}]]),
      started(1, [
        [opr, {}],
        [power, { probePower: 1024 * scan.countsPerUnit }],
      ]),
    ];
    const [before, after] = [await misfitOf(without, frames), await misfitOf(held, frames)];
    expect(before.error).toBeLessThan(tolerances.engines.fixedPoint);
    expect(after.error).toBeCloseTo(before.error, 6);
  });

  test.each(["lsqml", "rpie"])("by %s, before it begins", async (name) => {
    const engine = engineNamed(name);
    const slices = name === "rpie" ? { slices: { count: 2, between: { travel: 0, wavelength: 0 } } } : {};
    const [right, weak] = [1, 0.1].map((factor) => {
      const experiment = new Experiment(
        float64Kernels(),
        { ...begun(factor), ...slices },
        { batchSize: 20, subPixel: "whole" },
      );
      const run = opr.init(experiment, completeSettings(opr));
      experiment.wrap([run]);
      return { experiment, run: engine.init(experiment, completeSettings(engine)), memory: run.memory };
    });
    for (const { run } of [right, weak])
      await run.step({ number: 0, frames, random: new Random(1), checkpoint: () => {} });
    const part = async ({ experiment, memory }: typeof right): Promise<number> => {
      const probe = await experiment.kernels.read(experiment.probe);
      const energy = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, v) => sum + v * v, 0);
      return energy(memory?.["weights"] as Float64Array) / energy(probe);
    };
    expect((await part(weak)) / (await part(right))).toBeCloseTo(1, 1);
  });
});

describe("the subspace", () => {
  const size = 2 * 30;
  const random = new Random(2);
  const wave = (): Float64Array => Float64Array.from({ length: size }, () => random.normal());
  const inner = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i], 0);

  it("turns to where frames differ most, epoch by epoch, and the mean is the probe's", () => {
    const probe = wave();
    const ways = principal([wave(), wave()]);
    const all = Array.from({ length: 40 }, () => {
      const noise = wave().map((value) => 0.01 * value);
      const [a, b] = [2 * random.normal(), random.normal()];
      const out = noise.map((value, i) => value + a * ways[0][i] + b * ways[1][i]);
      withoutPart(out, probe);
      return out;
    });
    let directions = principal([wave(), wave()]);
    const weights = new Float64Array(2 * all.length);
    const indices = all.map((_, j) => j);
    for (let epoch = 0; epoch < 12; epoch++) {
      // What frames ask for beside what their weights explain.
      const asked = all.map((light, j) =>
        light.map((v, i) => v - weights[2 * j] * directions[0][i] - weights[2 * j + 1] * directions[1][i]),
      );
      asked.forEach((rest, j) => {
        directions.forEach((direction, k) => {
          weights[2 * j + k] += 0.5 * inner(direction, rest);
        });
      });
      const weighted = directions.map((_, k) =>
        asked.reduce((sum, rest, j) => sum.map((v, i) => v + weights[2 * j + k] * rest[i]), new Float64Array(size)),
      );
      const sum = asked.reduce((total, rest) => total.map((v, i) => v + rest[i]), new Float64Array(size));
      ({ directions } = iterated(directions, weights, probe.slice(), { weighted, all: sum, frames: indices }));
    }
    for (const way of ways) {
      const own = way.slice();
      withoutPart(own, probe);
      const inside = directions.reduce((total, direction) => total + inner(direction, own) ** 2, 0) / inner(own, own);
      expect(inside).toBeGreaterThan(0.999);
    }
    expect(Math.abs(inner(directions[0], directions[1]))).toBeLessThan(1e-12);
    for (const k of [0, 1]) {
      const mean = indices.reduce((total, j) => total + weights[2 * j + k], 0) / all.length;
      expect(Math.abs(mean)).toBeLessThan(1e-12);
    }
  });
});

test("engines that keep exit waves, and those that know no optics, refuse it", () => {
  const opr = wrapperNamed("opr");
  for (const name of ["dm", "raar", "ap"])
    expect(opr.refuses?.({ engine: engineNamed(name), settings: {}, subPixel: "whole" })?.why).toMatch(
      /exit waves wander/,
    );
  const rpie = { engine: engineNamed("rpie"), settings: {} };
  expect(opr.refuses?.({ ...rpie, subPixel: "whole" })).toBeUndefined();
  expect(opr.refuses?.({ ...rpie, subPixel: "fourier" })?.fix).toMatch(/bilinear/);
  const ad = engineNamed("ad");
  expect(ad.refuses?.(opr, completeSettings(ad))).toMatch(/knows object/);
});
