import { beforeAll, describe, expect, it } from "vitest";
import { type Driven, type DriverOptions, drive } from "../../src/engines/driver.ts";
import { float64Kernels } from "../../src/engines/kernels/float64.ts";
import { engineNamed, engineNames } from "../../src/engines/registry.ts";
import type { Stage } from "../../src/engines/runningStage.ts";
import type { EngineScan } from "../../src/engines/scan.ts";
import { completeSettings, type EngineSettings } from "../../src/engines/settings.ts";
import { wrapperNamed, wrapperNames } from "../../src/engines/wrappers/registry.ts";
import { Random } from "../../src/random.ts";
import { inOneProcess } from "../communicators.ts";
import { maxDeviation, testRuntime } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";
import { simulatedProblem } from "./problem.ts";

/** 22 frames are explained and 3 held out: shares of two and three processes differ in size. */
const { scan } = simulatedProblem({ patterns: 25, n: 16, step: 3, photons: 1e4 });
const all = Int32Array.from({ length: scan.amplitudes.count }, (_, i) => i);
const heldOut = all.filter((frame) => frame % 9 === 4);
const frames = all.filter((frame) => !heldOut.includes(frame));

type Wrapped = Readonly<Record<string, EngineSettings>>;

function stage(name: string, epochs: number, said: EngineSettings, wrappers: Wrapped = {}): Stage {
  const engine = engineNamed(name);
  return {
    ...{ engine, epochs, subPixel: "bilinear", settings: completeSettings(engine, said) },
    wrappers: wrapperNames.flatMap((each) => {
      const wrapper = wrapperNamed(each);
      return each in wrappers ? [{ wrapper, settings: completeSettings(wrapper, wrappers[each]) }] : [];
    }),
  };
}

/** A run, and which frames' patterns it read. */
async function run(stages: readonly Stage[], { scan: given = scan, ...more }: Partial<DriverOptions> = {}) {
  const read = new Set<number>();
  const { amplitudes } = given;
  const watched = {
    ...given,
    amplitudes: {
      ...amplitudes,
      read(wanted: ArrayLike<number>, out: Float32Array) {
        for (const frame of Array.from(wanted)) read.add(frame);
        amplitudes.read(wanted, out);
      },
    },
  };
  const driven = await drive({
    ...{
      scan: watched,
      stages,
      frames,
      heldOut,
      random: new Random(5),
      kernels: async () => float64Kernels(),
      runtime: testRuntime,
    },
    ...more,
  });
  return { driven, read };
}

/**
 * Equal to rounding: in float64, but that estimates leave as float32, an object of order 1, a probe of order N = 16. Graphs
 * compute in float32.
 */
function expectSame({ look, state }: Driven, expected: Driven, digits = 8): void {
  const { object, probe } = expected.look;
  expect(maxDeviation(look.object.values.data, object.values.data)).toBeLessThan(tolerances.ranksObject);
  expect(maxDeviation(look.probe.data, probe.data)).toBeLessThan(tolerances.ranksObject * 16);
  for (const [i, { error, deviance, heldOut: held }] of state.history.entries()) {
    expect(error / expected.state.history[i].error).toBeCloseTo(1, digits);
    expect(deviance / expected.state.history[i].deviance).toBeCloseTo(1, digits);
    expect(held!.deviance / expected.state.history[i].heldOut!.deviance).toBeCloseTo(1, digits);
  }
}

/** What each engine is told: whatever takes another way over processes. */
const SETTINGS: Readonly<Record<string, readonly EngineSettings[]>> = {
  epie: [{ batchSize: 5, momentum: 0.5 }],
  rpie: [{ batchSize: 5 }, { batchSize: 2 }],
  lsqml: [{ batchSize: 16 }, { batching: "compact", noise: "poisson", probeStart: 1 }],
  dm: [{}],
  raar: [{ powerBound: 0.25 }],
  ap: [{}],
  ml: [{ smoothness: 0.1 }, { noise: "gaussian", preconditioner: "balance" }],
  ad: [{ batchSize: 5, probeStart: 1 }, { optimizer: "lbfgs" }],
};

const EPOCHS = 3;

describe.each(engineNames.flatMap((name) => SETTINGS[name].map((said) => [name, said] as const)))(
  "%s %j over processes",
  (name, said) => {
    const digits = engineNamed(name).inGraphs === true ? 5 : 8;
    const stages = [stage(name, EPOCHS, said)];
    let single: Driven;
    beforeAll(async () => {
      single = (await run(stages)).driven;
    });

    it.each([2, 3])("%i find what one does, each of its own patterns, and the same bits", async (size) => {
      const several = await Promise.all(inOneProcess(size).map((ranks) => run(stages, { ranks })));
      for (const { driven, read } of several) {
        expectSame(driven, single, digits);
        expect(driven.look.object.values.data).toEqual(several[0].driven.look.object.values.data);
        expect(read.size).toBeLessThanOrEqual(Math.ceil(frames.length / size) + Math.ceil(heldOut.length / size));
      }
      const again = await Promise.all(inOneProcess(size).map((ranks) => run(stages, { ranks })));
      expect(again[0].driven.look.object.values.data).toEqual(several[0].driven.look.object.values.data);
    });

    it("two go on where three stopped, and one where they did", async () => {
      const three = await Promise.all(inOneProcess(3).map((ranks) => run([stage(name, 1, said)], { ranks })));
      const from = three[0].driven.state;
      const two = await Promise.all(inOneProcess(2).map((ranks) => run([stage(name, 2, said)], { ranks, from })));
      const { driven } = await run(stages, { from: two[0].driven.state });
      expectSame(driven, single, digits);
    });
  },
);

/** Planes of the object have sums of their own. */
const PLANES: Readonly<Record<string, Partial<EngineScan>>> = {
  "two slices": { slices: { count: 2, between: { travel: 3, wavelength: 0.02 } } },
  "two states": { objectModes: { count: 2, power: 0.2, seed: 1 } },
};

describe.each(Object.entries(PLANES))("an object of %s", (_, planes) => {
  it.each([
    ["lsqml", {}],
    ["rpie", { batchSize: 5 }],
  ] as const)("is with %s over three processes what it is in one", async (name, said) => {
    const thick = { ...scan, ...planes };
    const stages = [stage(name, EPOCHS, said)];
    const { driven: single } = await run(stages, { scan: thick });
    const several = await Promise.all(inOneProcess(3).map((ranks) => run(stages, { scan: thick, ranks })));
    for (const { driven } of several) expectSame(driven, single);
  });
});

it("all end after the epoch in which one is asked to, and what they leave is resumed", async () => {
  const stages = [stage("lsqml", EPOCHS, {})];
  const { driven: single } = await run(stages);
  const stopped = await Promise.all(
    inOneProcess(2).map((ranks) => {
      const asked = new AbortController();
      const listener = { batch: (epoch: number) => (epoch === 2 && ranks.rank === 1 ? asked.abort() : undefined) };
      return run(stages, { ranks, signal: asked.signal, listener });
    }),
  );
  for (const { driven } of stopped) {
    expect(driven.kind).toBe("interrupted");
    expect(driven.state.history).toHaveLength(2);
  }
  const { driven } = await run(stages, { from: stopped[0].driven.state });
  expectSame(driven, single);
});

/** Whatever looks at frames, with engines that move after batches, keep exit waves, or compute in graphs. */
const WRAPPED: readonly (readonly [engine: string, said: EngineSettings, wrappers: Wrapped])[] = [
  ["lsqml", { batchSize: 8 }, { positions: { positionStart: 0 }, intensities: {}, background: {}, orthogonal: {} }],
  ["lsqml", { batchSize: 8 }, { positions: { positionStart: 0, positionMethod: "annealing" } }],
  ["rpie", { batchSize: 5 }, { positions: { positionStart: 0, positionMethod: "correlation" }, opr: { oprStart: 0 } }],
  ["dm", {}, { positions: { positionStart: 0 }, background: {}, limits: {} }],
  ["ad", { batchSize: 5 }, { positions: { positionStart: 0, positionModel: "affine" } }],
];

describe.each(WRAPPED)("%s %j with %j over processes", (name, said, wrappers) => {
  const digits = engineNamed(name).inGraphs === true ? 5 : 8;
  const stages = [stage(name, EPOCHS, said, wrappers)];

  it("three find what one does, go on as two, and all know all frames", async () => {
    const { driven: single } = await run(stages);
    const first = [stage(name, 1, said, wrappers)];
    const three = await Promise.all(inOneProcess(3).map((ranks) => run(first, { ranks })));
    const from = three[0].driven.state;
    const two = await Promise.all(inOneProcess(2).map((ranks) => run(stages, { ranks, from })));
    for (const { driven, read } of two) {
      expectSame(driven, single, digits);
      const { look } = driven;
      const of = <T>(take: (estimate: typeof look) => T | undefined): [T, T][] => {
        const [own, expected] = [take(look), take(single.look)];
        return own === undefined || expected === undefined ? [] : [[own, expected]];
      };
      const numbers = [
        ...of(({ positions }) => positions),
        ...of(({ intensities }) => intensities),
        ...of(({ background }) => background),
        ...of(({ variations }) => variations?.weights),
      ];
      expect(numbers).toHaveLength(1 + ["intensities", "background", "opr"].filter((each) => each in wrappers).length);
      for (const [own, expected] of numbers) expect(maxDeviation(own, expected)).toBeLessThan(tolerances.ranksObject);
      expect(read.size).toBeLessThanOrEqual(Math.ceil(frames.length / 2) + Math.ceil(heldOut.length / 2));
    }
    expect(two[1].driven.look).toEqual(two[0].driven.look);
    // Positions did move.
    expect(maxDeviation(single.look.positions, scan.positions)).toBeGreaterThan(1e-3);
  });
});
