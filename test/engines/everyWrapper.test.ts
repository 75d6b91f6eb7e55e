import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine, EngineRun } from "../../src/engines/engine.ts";
import { Experiment } from "../../src/engines/experiment.ts";
import { float64Kernels } from "../../src/engines/kernels/float64.ts";
import type { Kernels } from "../../src/engines/kernels/kernels.ts";
import { misfitOf } from "../../src/engines/misfit.ts";
import { engineNamed, engineNames } from "../../src/engines/registry.ts";
import { RunningStage, type Stage } from "../../src/engines/runningStage.ts";
import type { EngineScan } from "../../src/engines/scan.ts";
import { completeSettings, type EngineSettings } from "../../src/engines/settings.ts";
import type { Wrapper } from "../../src/engines/wrapper.ts";
import type { WrapperRun } from "../../src/engines/wrapperRun.ts";
import { wrapperNamed, wrapperNames } from "../../src/engines/wrappers/registry.ts";
import { PtychonautError } from "../../src/errors.ts";
import { nodeKernels } from "../../src/node/kernels.ts";
import { Random } from "../../src/random.ts";
import { testRuntime } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";
import { amplitudesInMemory } from "./inMemory.ts";
import {
  distance,
  everyFrame,
  mirrored,
  type Problem,
  resimulated,
  simulatedProblem,
  spoiltProbe,
  transposed,
  withProbe,
  withTrueObject,
} from "./problem.ts";

/** Whatever begins in a later epoch by default begins at once. */
const eager = <O extends { readonly settings: Wrapper["settings"]; readonly name: string }>(owner: O): EngineSettings =>
  completeSettings(
    owner,
    Object.fromEntries(owner.settings.flatMap(({ name }) => (name.endsWith("Start") ? [[name, 0] as const] : []))),
  );

interface Running {
  readonly experiment: Experiment;
  readonly wrapper: WrapperRun;
  readonly engine: EngineRun;
}

interface Pair {
  readonly engine: Engine;
  readonly wrapper: Wrapper;
}

function start({ engine, wrapper }: Pair, scan: EngineScan, kernels = float64Kernels(), batchSize = 16): Running {
  const margin = Math.max(RIM, wrapper.margin ?? 0);
  const experiment = new Experiment(kernels, scan, {
    ...{ batchSize, subPixel: "bilinear", margin, runtime: testRuntime },
  });
  const wrapping = wrapper.init(experiment, eager(wrapper));
  experiment.wrap([wrapping]);
  return { experiment, wrapper: wrapping, engine: engine.init(experiment, completeSettings(engine)) };
}

async function epochs({ experiment, wrapper, engine }: Running, count: number): Promise<void> {
  const random = new Random(1);
  for (let number = 0; number < count; number++) {
    await engine.step({ number, frames: everyFrame(experiment.frames), random, checkpoint: () => {} });
    await wrapper.endEpoch?.(number);
  }
}

function release({ experiment, engine }: Running): void {
  void engine.release();
  experiment.release();
}

const objectOf = async ({ experiment: { kernels, object } }: Running): Promise<Float64Array> =>
  Float64Array.from(await kernels.read(object));

/** Everything that there is. */
async function all(running: Running): Promise<Readonly<Record<string, Float64Array>>> {
  const { experiment, wrapper, engine } = running;
  const { kernels, probe, positions } = experiment;
  const memory: Record<string, Float64Array> = {};
  for (const [name, held] of Object.entries({ ...engine.memory, ...wrapper.memory }))
    memory[name] = Float64Array.from(held instanceof Float64Array ? held : await kernels.read(held));
  return {
    ...{ object: await objectOf(running), probe: Float64Array.from(await kernels.read(probe)) },
    ...{ positions: positions.slice(), ...memory },
  };
}

/** The scan whose patterns are what the wrapper, as it begins, and the truth make of them. */
async function explained(wrapper: Wrapper, problem: Problem): Promise<EngineScan> {
  const { scan } = withTrueObject(problem);
  const { experiment } = start({ wrapper, engine: engineNamed("rpie") }, scan);
  const { count, height, width } = scan.amplitudes;
  const amplitudes = new Float32Array(count * height * width);
  for (let frame = 0; frame < count; frame++) {
    const { expected } = experiment.predict(experiment.load(Int32Array.of(frame)));
    const image = Float32Array.from(await experiment.kernels.read(expected), Math.sqrt);
    amplitudes.set(experiment.passage.fromDevice(image), frame * height * width);
  }
  return { ...scan, amplitudes: amplitudesInMemory(amplitudes, [count, height, width]) };
}

const thin = simulatedProblem({ n: 24, patterns: 9, step: 3, modes: 2, objectSize: [40, 40] });
/** Odd sides, so that it can be mirrored. */
const small = resimulated(thin, { window: [11, 13] });
const thick: Problem = {
  ...small,
  scan: { ...small.scan, slices: { count: 2, between: { travel: 3, wavelength: 0 } } },
};
/** Begins with a wrong probe. */
const spoilt = (problem: Problem): Problem => {
  const probe = spoiltProbe(problem.probe);
  return { ...withProbe(problem, probe), probe };
};

/** Wrappers of several slices refuse an object of one. */
function problemFor(wrapper: Wrapper): Problem {
  try {
    wrapper.init(
      new Experiment(float64Kernels(), small.scan, {
        batchSize: 16,
        subPixel: "bilinear",
        margin: wrapper.margin ?? 0,
      }),
      eager(wrapper),
    );
    return small;
  } catch (error) {
    if (!(error instanceof PtychonautError && error.kind === "usage")) throw error;
    return thick;
  }
}

const allowed = (engine: Engine, wrapper: Wrapper, problem: Problem): boolean => {
  const settings = completeSettings(engine);
  return (
    engine.refuses?.(wrapper, settings) === undefined &&
    wrapper.refuses?.({ engine, settings, subPixel: "bilinear" }) === undefined &&
    (problem === small || engine.multislice === true)
  );
};

/** Their gradients are differences to the next pixel only: upside down, to the one before. */
const oneSided: Readonly<Record<string, number>> = { tv: 2e-3 };
/** Beyond the windows the canvas is flat, and nothing comes of it in so many epochs. */
const RIM = 3;

let kernels: readonly Kernels[];
beforeAll(async () => {
  kernels = [await nodeKernels({ threads: 1 }), await nodeKernels({ threads: 2 })];
});
afterAll(async () => {
  for (const each of kernels) await each.close();
});

describe.each(wrapperNames)("wrapper %s", (name) => {
  const wrapper = wrapperNamed(name);
  const problem = problemFor(wrapper);
  const engines = engineNames.map(engineNamed).filter((engine) => allowed(engine, wrapper, problem));

  it("is allowed by half of the engines at least", () => {
    expect(engines.length).toBeGreaterThanOrEqual(problem === small ? engineNames.length / 2 : 3);
  });

  it("stays at the truth, or as near as its weight beside the data's", async () => {
    for (const engine of engines) {
      const pair = { engine, wrapper };
      const scan = await explained(wrapper, problem);
      const alone = start(pair, scan);
      const truth = await all(alone);
      await alone.wrapper.endEpoch?.(0);
      const pulled = await all(alone);
      const pull = Math.max(...["object", "probe"].map((part) => distance(pulled[part], truth[part])));
      const running = start(pair, scan);
      await epochs(running, 3);
      const after = await all(running);
      const { error } = await misfitOf(running.experiment, everyFrame(running.experiment.frames));
      const bound = tolerances.engines.fixedPoint + 3 * pull;
      const seen = `${name} with ${engine.name}: pull ${pull}, moved ${distance(after["object"], truth["object"])}, R ${error}`;
      expect(distance(after["object"], truth["object"]), seen).toBeLessThan(bound);
      expect(distance(after["positions"], truth["positions"]), seen).toBeLessThan(bound);
      expect(error, seen).toBeLessThan(bound);
    }
  });

  it("makes finite numbers from probes that are far too strong or too weak", async () => {
    for (const engine of engines)
      for (const factor of [1e4, 1e-4]) {
        const probe = { ...problem.probe, data: problem.probe.data.map((value) => factor * value) };
        const running = start({ engine, wrapper }, { ...problem.scan, probe }, kernels[0]);
        await epochs(running, 2);
        for (const [part, values] of Object.entries(await all(running)))
          expect(values.every(Number.isFinite), `${part} with ${engine.name}, ${factor}`).toBe(true);
        release(running);
      }
  });

  it("goes on to the last bit where it was stopped", async () => {
    for (const engine of engines) {
      const stage: Stage = {
        ...{ engine, epochs: 4, subPixel: "bilinear", settings: completeSettings(engine) },
        wrappers: [{ wrapper, settings: eager(wrapper) }],
      };
      const { scan } = spoilt(problem);
      const open = () => new RunningStage({ kernels: kernels[0], runtime: testRuntime }, scan, scan, stage);
      const steps = async (running: RunningStage, numbers: readonly number[]): Promise<void> => {
        for (const number of numbers)
          await running.step({
            ...{ number, frames: everyFrame(scan.amplitudes.count), random: new Random(number), checkpoint: () => {} },
          });
      };
      const whole = open();
      await steps(whole, [0]);
      const between = structuredClone(await whole.state());
      await steps(whole, [1]);
      const resumed = open();
      resumed.restore(between);
      await steps(resumed, [1]);
      expect(await resumed.state(), engine.name).toEqual(await whole.state());
    }
  });

  it("takes a transposed, and a mirrored, scan for what it is", async () => {
    const same = tolerances.engines.sameNumbers;
    // Those in graphs are held to it without wrappers, which are the same for them.
    for (const engine of engines.filter(({ inGraphs }) => inGraphs !== true)) {
      const [first, turned, flipped] = [spoilt(problem), transposed(spoilt(problem)), mirrored(spoilt(problem))].map(
        ({ scan }) => start({ engine, wrapper }, scan),
      );
      for (const running of [first, turned, flipped]) await epochs(running, 2);
      const [, slices, height, width] = first.experiment.object.shape;
      // The canvas has a row and a column more than the windows, behind them: mirrored, it would be before them.
      const [rows, columns] = [height - 1, width - 1];
      const values = (data: Float64Array, at: (y: number, x: number) => number): Float64Array =>
        Float64Array.from({ length: 2 * slices * rows * columns }, (_, k) => {
          const pixel = (k >> 1) % (rows * columns);
          const plane = Math.floor((k >> 1) / (rows * columns)) * height * width;
          return data[2 * (plane + at(Math.floor(pixel / columns), pixel % columns)) + (k % 2)];
        });
      const expected = values(await objectOf(first), (y, x) => y * width + x);
      const ofTurned = values(await objectOf(turned), (y, x) => x * height + y);
      const ofFlipped = values(await objectOf(flipped), (y, x) => (rows - 1 - y) * width + x);
      expect(distance(ofTurned, expected), `transposed, ${engine.name}`).toBeLessThan(same);
      expect(distance(ofFlipped, expected), `mirrored, ${engine.name}`).toBeLessThan(oneSided[name] ?? same);
    }
  });

  it("knows nothing of what dead pixels of the detector say", async () => {
    for (const engine of engines) {
      const { scan } = spoilt(problem);
      const { height, width, ...amplitudes } = scan.amplitudes;
      const mask = Float32Array.from({ length: height * width }, (_, i) => (i % 7 === 3 || i < width ? 0 : 1));
      const saying = (value: number): EngineScan => ({
        ...scan,
        mask,
        amplitudes: {
          ...{ ...amplitudes, height, width },
          read(frames, out) {
            amplitudes.read(frames, out);
            for (let i = 0; i < out.length; i++) if (mask[i % mask.length] === 0) out[i] = value;
          },
        },
      });
      const [silent, loud] = [0, 30].map((value) => start({ engine, wrapper }, saying(value), kernels[0]));
      for (const running of [silent, loud]) await epochs(running, 2);
      expect(await all(loud), engine.name).toEqual(await all(silent));
      for (const running of [silent, loud]) release(running);
    }
  });

  it("does not depend on threads, nor on how many frames are on the device but for rounding", async () => {
    // What computes in graphs has them from its runtime.
    for (const engine of engines.filter(({ inGraphs }) => inGraphs !== true)) {
      const { scan } = spoilt(problem);
      const [one, two, few, many] = [
        start({ engine, wrapper }, scan, kernels[0]),
        start({ engine, wrapper }, scan, kernels[1]),
        start({ engine, wrapper }, scan, float64Kernels(), 3),
        start({ engine, wrapper }, scan),
      ];
      for (const running of [one, two, few, many]) await epochs(running, 2);
      expect(await all(two), engine.name).toEqual(await all(one));
      expect(distance(await objectOf(few), await objectOf(many)), engine.name).toBeLessThan(
        tolerances.engines.sameNumbers,
      );
      for (const running of [one, two]) release(running);
    }
  });
});
