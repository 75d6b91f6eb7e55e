import { describe, expect, it, test, vi } from "vitest";
import { Experiment } from "../../src/engines/experiment.ts";
import { float64Kernels } from "../../src/engines/kernels/float64.ts";
import { engineNamed } from "../../src/engines/registry.ts";
import { completeSettings, type EngineSettings } from "../../src/engines/settings.ts";
import { nodeKernels } from "../../src/node/kernels.ts";
import { Random } from "../../src/random.ts";
import { tolerances } from "../tolerances.ts";
import { pie } from "./plain/pie.ts";
import {
  complexError,
  distance,
  everyFrame,
  modeFidelity,
  type Problem,
  resimulated,
  runEpochs,
  simulatedProblem,
  spoiltProbe,
  withProbe,
} from "./problem.ts";

const few = simulatedProblem({ patterns: 36, objectSize: [56, 56], modes: 2 });
/** Eight windows on each pixel and more: where steps that do not know of each other add up. */
const crowded = simulatedProblem({ patterns: 100, step: 1, objectSize: [44, 44] });

/** Runs of more epochs are in single precision, which is much faster; formulas are compared in float64. */
const LONG = 6;

async function reconstructed(
  { scan }: Problem,
  stated: EngineSettings,
  { engine = "rpie", epochs = 2, room = 16, plain = true } = {},
): Promise<{ experiment: Experiment; values: number[]; errors: number[] }> {
  const kernels = epochs > LONG ? await nodeKernels({ threads: 1 }) : float64Kernels();
  const experiment = new Experiment(kernels, scan, { batchSize: room, subPixel: "bilinear" });
  if (!plain) experiment.wrap([{ changed: () => {} }]);
  const { init, ...known } = engineNamed(engine);
  const run = init(experiment, completeSettings(known, stated));
  const reports = await runEpochs(run, experiment, epochs);
  const { object, probe } = experiment;
  return {
    experiment,
    values: [...(await kernels.read(object)), ...(await kernels.read(probe))],
    errors: reports.map(({ error }) => error),
  };
}

describe("PIE", () => {
  test.each([
    ["epie", { objectStep: 0.7, probeStep: 0.4 }, 1],
    ["rpie", { objectStep: 0.6, probeStep: 0.5, alpha: 0.3 }, 0.3],
  ] as const)("%s is what plain loops make of the formulas", async (engine, stated, regularisation) => {
    const { scan } = few;
    const { experiment } = await reconstructed(few, stated, { engine, epochs: 2 });
    const { count, height, width } = scan.amplitudes;
    const amplitudes = new Float32Array(count * height * width);
    scan.amplitudes.read(everyFrame(count), amplitudes);
    const plain = pie.init({ amplitudes, positions: scan.positions, probe: scan.probe }, { ...stated, regularisation });
    const random = new Random(1);
    for (let epoch = 0; epoch < 2; epoch++) plain.step([...everyFrame(count)], random);
    const { kernels, object, probe, canvas } = experiment;
    // The oracle's canvas has no row and column for positions between pixels.
    const rows = await kernels.read(object);
    const found = Float64Array.from({ length: plain.state.object.length }, (_, k) => {
      const [line, at] = [Math.floor(k / (2 * plain.state.grid.width)), k % (2 * plain.state.grid.width)];
      return rows[2 * line * canvas.width + at];
    });
    expect(distance(found, plain.state.object)).toBeLessThan(tolerances.engines.sameScan);
    expect(distance(await kernels.read(probe), plain.state.probe)).toBeLessThan(tolerances.engines.sameScan);
  });
});

describe("PIE in batches", () => {
  test.each([
    ["on whole pixels", few],
    ["between pixels", resimulated(few, { window: [30, 27], between: true })],
  ])("one frame at a time, the fused step is the sum of the operations: %s", async (_, problem) => {
    const [fused, apart] = await Promise.all(
      [true, false].map((plain) => reconstructed(problem, { batchSize: 1 }, { plain })),
    );
    expect(distance(apart.values, fused.values)).toBeLessThan(tolerances.engines.sameNumbers);
    expect(apart.errors[1]).toBeCloseTo(fused.errors[1], 9);
  });

  test.each([1, 8, 32])(
    "batches of %d do not depend on how many frames are on the device at once",
    async (batchSize) => {
      const [narrow, wide] = await Promise.all([5, 36].map((room) => reconstructed(few, { batchSize }, { room })));
      expect(distance(narrow.values, wide.values)).toBeLessThan(tolerances.engines.sameNumbers);
    },
  );

  describe.each(["epie", "rpie"])("%s", (engine) => {
    test.each([1, 8, 32, 100])("with full steps and batches of %d finds a crowded scan's object", async (batchSize) => {
      const stated = { batchSize, objectStep: 1, probeStep: 1 };
      const { experiment, errors } = await reconstructed(crowded, stated, { engine, epochs: 12 });
      for (const [k, error] of errors.slice(1).entries()) expect(error).toBeLessThan(1.05 * errors[k]);
      expect(errors[11]).toBeLessThan(0.4 * errors[0]);
      expect(await complexError(experiment, crowded)).toBeLessThan(0.2);
    });
  });

  it("of all frames, steps in the object alone never raise the error", async () => {
    const stated = { batchSize: 100, objectStep: 2, probeStep: 0 };
    for (const engine of ["epie", "rpie"]) {
      const { errors } = await reconstructed(withProbe(crowded, spoiltProbe(crowded.probe)), stated, {
        engine,
        epochs: 6,
      });
      for (const [k, error] of errors.slice(1).entries()) expect(error).toBeLessThanOrEqual(errors[k]);
    }
  });
});

describe("momentum", () => {
  it("moves object and probe by what they have moved, and remembers it", async () => {
    const stated = { momentum: 0.8, momentumEvery: 36 };
    const { scan } = few;
    const experiment = new Experiment(float64Kernels(), scan, { batchSize: 36, subPixel: "whole" });
    const { init, ...known } = engineNamed("rpie");
    const run = init(experiment, completeSettings(known, stated));
    const { kernels, object } = experiment;
    const first = await kernels.read(object);
    const [plain] = [(await reconstructed(few, {}, { epochs: 1, room: 36 })).values];
    await runEpochs(run, experiment, 1);
    const [after, velocity] = [await kernels.read(object), await kernels.read(run.memory.objectVelocity)];
    // v = X − X′, then X + η v, where X is what an epoch without momentum leads to.
    for (const i of [700, 1001, 1500]) {
      expect(velocity[i]).toBeCloseTo(plain[i] - first[i], 12);
      expect(after[i]).toBeCloseTo(plain[i] + 0.8 * (plain[i] - first[i]), 12);
    }
  });

  it.each([
    ["fused", true],
    ["one by one", false],
  ])("pushes as often as is asked for, in an epoch that is no multiple of it: %s", async (_, plain) => {
    const { scan } = simulatedProblem({ patterns: 29, n: 16, objectSize: [40, 40] });
    const kernels = float64Kernels();
    const experiment = new Experiment(kernels, scan, { batchSize: 16, subPixel: "whole" });
    if (!plain) experiment.wrap([{ changed: () => {} }]);
    const { init, ...known } = engineNamed("rpie");
    const run = init(experiment, completeSettings(known, { momentum: 0.5, momentumEvery: 4 }));
    const combine = vi.spyOn(kernels, "combine");
    await runEpochs(run, experiment, 1);
    // X ← X + η v of the object.
    const pushes = combine.mock.calls.filter(([out, , , factor]) => out === experiment.object && factor === 0.5);
    expect(pushes.length).toBe(7);
  });

  it("refuses to say how often it pushes where there is none", () => {
    for (const name of ["epie", "rpie"]) {
      const engine = engineNamed(name);
      const refusal = (stated: EngineSettings) => engine.contradiction?.(completeSettings(engine, stated), 10);
      expect(refusal({ momentumEvery: 50 })?.why).toMatch(/momentum_every 50 says how often/);
      expect(refusal({ momentumEvery: 50, momentum: 0.5 })).toBeUndefined();
      expect(refusal({ exponentialGamma: 0.9 })?.why).toMatch(/only when `scheduler`/);
    }
  });

  it("needs fewer epochs", async () => {
    const problem = simulatedProblem();
    const [without, with_] = await Promise.all(
      [0, 0.7].map((momentum) => reconstructed(problem, { momentum }, { epochs: 10 })),
    );
    expect(with_.errors[9]).toBeLessThan(0.7 * without.errors[9]);
  });
});

describe("incoherent modes", () => {
  it.each(["epie", "rpie"])("%s finds two from wrong ones", async (engine) => {
    const problem = simulatedProblem({ modes: 2, modePowerRatio: 0.3 });
    const wrong = spoiltProbe(problem.probe);
    const { experiment } = await reconstructed(withProbe(problem, wrong), {}, { engine, epochs: 20 });
    const before = await modeFidelity(
      new Experiment(float64Kernels(), { ...problem.scan, probe: wrong }, { batchSize: 1, subPixel: "whole" }),
      problem,
    );
    expect(before).toBeLessThan(0.97);
    expect(await modeFidelity(experiment, problem)).toBeGreaterThan(0.99);
  });
});
