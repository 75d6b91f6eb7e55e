import { describe, expect, it, test } from "vitest";
import type { ComplexArray } from "../../src/arrays.ts";
import type { Engine, EngineRun } from "../../src/engines/engine.ts";
import { Experiment } from "../../src/engines/experiment.ts";
import { float64Kernels } from "../../src/engines/kernels/float64.ts";
import { engineNamed, engineNames } from "../../src/engines/registry.ts";
import { completeSettings, type EngineSettings } from "../../src/engines/settings.ts";
import { nodeKernels } from "../../src/node/kernels.ts";
import { Random } from "../../src/random.ts";
import { testRuntime } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";
import {
  complexError,
  distance,
  mirrored,
  nearGeometry,
  type Problem,
  resimulated,
  runEpochs,
  simulatedProblem,
  spoiltProbe,
  transposed,
  withProbe,
  withTrueObject,
} from "./problem.ts";

interface Run {
  readonly experiment: Experiment;
  readonly run: EngineRun;
}

function start(engine: Engine, { scan }: Problem, stated: EngineSettings = {}, kernels = float64Kernels()): Run {
  const experiment = new Experiment(kernels, scan, {
    ...{ batchSize: 16, subPixel: "bilinear" as const, runtime: testRuntime },
  });
  return { experiment, run: engine.init(experiment, completeSettings(engine, stated)) };
}

const both = async ({ experiment: { kernels, object, probe } }: Run): Promise<[Float64Array, Float64Array]> => [
  Float64Array.from(await kernels.read(object)),
  Float64Array.from(await kernels.read(probe)),
];

/** A detector of which a corner and a stripe are dead. */
const deadParts = ([height, width]: readonly [number, number]): Float32Array =>
  Float32Array.from({ length: height * width }, (_, i) =>
    i % width === 3 || (i < 4 * width && i % width < 4) ? 0 : 1,
  );

const few = simulatedProblem({ patterns: 36, objectSize: [56, 56] });
const problems: Readonly<Record<string, () => Problem>> = {
  "whole pixels": () => few,
  "between pixels, in oblong windows with a mask": () =>
    resimulated(few, { window: [28, 31], between: true, mask: deadParts([28, 31]) }),
  "a near field": () => simulatedProblem({ patterns: 36, objectSize: [56, 56], geometry: nearGeometry }),
  "two modes": () => simulatedProblem({ patterns: 36, objectSize: [56, 56], modes: 2 }),
};

describe.each(engineNames)("engine %s", (name) => {
  const engine = engineNamed(name);

  test.each(Object.entries(problems))("stays at the truth: %s", async (_, make) => {
    const problem = withTrueObject(make());
    const started = start(engine, problem);
    const [object, probe] = await both(started);
    await runEpochs(started.run, started.experiment, 3);
    const [objectAfter, probeAfter] = await both(started);
    expect(distance(objectAfter, object)).toBeLessThan(tolerances.engines.fixedPoint);
    expect(distance(probeAfter, probe)).toBeLessThan(tolerances.engines.fixedPoint);
  });

  test.each([1e4, 1e-4])("makes finite numbers from a probe that is %d times too strong", async (factor) => {
    const probe: ComplexArray = { ...few.probe, data: few.probe.data.map((value) => factor * value) };
    const started = start(engine, withProbe(few, probe));
    const reports = await runEpochs(started.run, started.experiment, 4);
    for (const part of await both(started)) expect(part.every(Number.isFinite)).toBe(true);
    for (const { error, deviance } of reports) expect(Number.isFinite(error) && Number.isFinite(deviance)).toBe(true);
  });

  it("makes numbers of order one where hardly a photon falls", async () => {
    const starved = simulatedProblem({ photons: 30, noise: true });
    // In the precision, and at the speed, of what people use.
    const kernels = await nodeKernels({ threads: 1 });
    const started = start(engine, withProbe(starved, spoiltProbe(starved.probe)), {}, kernels);
    await runEpochs(started.run, started.experiment, 20);
    for (const part of await both(started)) {
      const squares = part.reduce((sum, value) => sum + value * value, 0);
      expect(Math.sqrt((2 * squares) / part.length)).toBeLessThan(100);
    }
    await kernels.close();
  });

  it("makes finite numbers where frames are dark, and of a dark scan", async () => {
    for (const dark of [(frame: number): boolean => frame % 7 === 3, (): boolean => true]) {
      const { amplitudes } = few.scan;
      const pixels = amplitudes.height * amplitudes.width;
      const read = (frames: ArrayLike<number>, out: Float32Array): void => {
        amplitudes.read(frames, out);
        Array.from(frames).forEach((frame, k) => {
          if (dark(frame)) out.fill(0, k * pixels, (k + 1) * pixels);
        });
      };
      const started = start(engine, { ...few, scan: { ...few.scan, amplitudes: { ...amplitudes, read } } });
      await runEpochs(started.run, started.experiment, 4);
      for (const part of await both(started)) expect(part.every(Number.isFinite)).toBe(true);
    }
  });

  const pushed = engine.settings.some((setting) => setting.name === "momentum") ? [{ momentum: 0.7 }] : [];
  test.each([{}, ...pushed])("goes on to the last bit where it was stopped: %j", async (stated: EngineSettings) => {
    const whole = start(engine, few, stated);
    const random = new Random(3);
    await runEpochs(whole.run, whole.experiment, 2, { random });
    const [object, probe] = await both(whole);
    const memory = await Promise.all(
      Object.entries(whole.run.memory).map(
        async ([key, held]) => [key, Float64Array.from(await whole.experiment.kernels.read(held))] as const,
      ),
    );
    const saved = random.save();
    await runEpochs(whole.run, whole.experiment, 2, { first: 2, random });

    const resumed = start(engine, few, stated);
    const { kernels } = resumed.experiment;
    kernels.write(resumed.experiment.object, object);
    kernels.write(resumed.experiment.probe, probe);
    for (const [key, values] of memory) kernels.write(resumed.run.memory[key], values);
    await runEpochs(resumed.run, resumed.experiment, 2, { first: 2, random: Random.restore(saved) });
    expect(await both(resumed)).toEqual(await both(whole));
  });

  it("takes a transposed, and a mirrored, scan for what it is", async () => {
    const upright = resimulated(few, { window: [27, 31] });
    const [first, turned, flipped] = [upright, transposed(upright), mirrored(upright)].map((problem) =>
      start(engine, problem),
    );
    for (const { run, experiment } of [first, turned, flipped]) await runEpochs(run, experiment, 3);
    const { height, width } = first.experiment.canvas;
    const [object, ofTurned, ofFlipped] = await Promise.all(
      [first, turned, flipped].map(async (started) => (await both(started))[0]),
    );
    // The canvas has a row and a column more than the windows, behind them: mirrored, it would be before them.
    const [rows, columns] = [height - 1, width - 1];
    const values = (data: Float64Array, at: (y: number, x: number) => number): number[] =>
      Array.from({ length: 2 * rows * columns }, (_, k) => {
        const [y, x] = [Math.floor(k / 2 / columns), (k >> 1) % columns];
        return data[2 * at(y, x) + (k % 2)];
      });
    const expected = values(object, (y, x) => y * width + x);
    const same = engine.inGraphs === true ? tolerances.engines.sameSingles : tolerances.engines.sameNumbers;
    expect(
      distance(
        values(ofTurned, (y, x) => x * height + y),
        expected,
      ),
    ).toBeLessThan(same);
    expect(
      distance(
        values(ofFlipped, (y, x) => (rows - 1 - y) * width + x),
        expected,
      ),
    ).toBeLessThan(same);
  });

  it("gives back all memory that it took", () => {
    const { experiment, run } = start(engine, few);
    run.release();
    experiment.release();
    expect(experiment.kernels.heldBytes).toBe(0);
  });

  it("refuses what it is not told by its settings", () => {
    expect(() => completeSettings(engine, { colour: 3 })).toThrow("colour");
    for (const setting of engine.settings) {
      const wrong = setting.kind === "toggle" ? "perhaps" : setting.kind === "choice" ? "none of them" : Number.NaN;
      expect(() => completeSettings(engine, { [setting.name]: wrong })).toThrow(setting.name);
    }
  });
});

/** Complex errors after so many epochs from a constant object: about 1.5 times what is seen. */
const REACHED: Readonly<Record<string, readonly [epochs: number, error: number]>> = {
  epie: [30, 0.025],
  rpie: [30, 0.01],
  dm: [30, 0.015],
  raar: [30, 0.02],
  ap: [30, 0.07],
  lsqml: [30, 0.01],
  ml: [40, 0.01],
  ad: [30, 0.01],
};

describe.each(Object.entries(REACHED))("%s on simulated scans", (name, [epochs, bound]) => {
  it("finds the object, and the misfit falls", async () => {
    const problem = simulatedProblem();
    const kernels = await nodeKernels({ threads: 1 });
    const { experiment, run } = start(engineNamed(name), problem, {}, kernels);
    const reports = await runEpochs(run, experiment, epochs);
    expect(await complexError(experiment, problem)).toBeLessThan(bound);
    const errors = reports.map(({ error }) => error);
    for (const [k, error] of errors.slice(5).entries()) expect(error).toBeLessThan(1.1 * errors[k + 4]);
    expect(errors[epochs - 1]).toBeLessThan(0.2 * errors[0]);
    await kernels.close();
  });
});
