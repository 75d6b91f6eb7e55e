import { describe, expect, it, test } from "vitest";
import { type DriverOptions, drive } from "../../src/engines/driver.ts";
import type { DriverState } from "../../src/engines/driverState.ts";
import { Experiment } from "../../src/engines/experiment.ts";
import type { Kernels } from "../../src/engines/kernels/kernels.ts";
import { engineNamed, engineNames } from "../../src/engines/registry.ts";
import { completeSettings, type EngineSettings } from "../../src/engines/settings.ts";
import { dependsOnEnd, type ScheduleSettings, scheduleSettings, stepFactor } from "../../src/engines/stepSchedule.ts";
import { nodeKernels } from "../../src/node/kernels.ts";
import { Random } from "../../src/random.ts";
import { createSchedule, type ScheduleName } from "../../src/training/schedules.ts";
import { testRuntime } from "../evaluate.ts";
import { homes } from "./kernels/homes.ts";
import { complexError, everyFrame, simulatedProblem } from "./problem.ts";

const EPOCHS = 20;
const settingsOf = (stated: EngineSettings): ScheduleSettings =>
  completeSettings({ name: "schedule", settings: scheduleSettings }, stated);
const factors = (stated: EngineSettings): number[] =>
  Array.from({ length: EPOCHS }, (_, number) => stepFactor(settingsOf(stated), { number, epochs: EPOCHS }));

test("steps go as the words say", () => {
  expect(factors({})).toEqual(new Array(EPOCHS).fill(1));
  factors({ scheduler: "Exponential", exponentialGamma: 0.5 }).forEach((factor, k) => {
    expect(factor).toBeCloseTo(1 / 2 ** k, 12);
  });
  const drops = factors({ scheduler: "MultiStage", multistageFactor: 0.2 });
  expect([drops[9], drops[10], drops[14], drops[15], drops[19]].map((x) => Number(x.toPrecision(6)))).toEqual([
    ...[1, 0.2, 0.2, 0.04, 0.04],
  ]);
  const cosine = factors({ scheduler: "WarmupCosine", lrWarmupEpochs: 4, lrMinRatio: 0.2 });
  expect(cosine[0]).toBeCloseTo(0.1, 12);
  expect(cosine[2]).toBeCloseTo(0.55, 12);
  expect(cosine[4]).toBeCloseTo(1, 12);
  expect(cosine[12]).toBeCloseTo(0.6, 12);
  for (let k = 5; k < EPOCHS; k++) expect(cosine[k]).toBeLessThan(cosine[k - 1]);
  expect(cosine[19]).toBeGreaterThan(0.2);
});

test.each([
  ["Default", {}],
  ["Exponential", { exponentialGamma: 0.9 }],
  ["MultiStage", { multistageFactor: 0.3 }],
  ["WarmupCosine", { lrWarmupEpochs: 3, lrMinRatio: 0.05 }],
] as const)("%s means in engines what it means in training", (scheduler, said) => {
  const rates = createSchedule(scheduler as ScheduleName, {
    ...{ learningRate: 1, maxEpochs: EPOCHS, multistageMilestones: [10, 15], plateauFactor: 0.5, plateauPatience: 1 },
    ...{ plateauMinLr: 0, plateauThreshold: 0, ...settingsOf({ scheduler, ...said }) },
  });
  let state = rates.init();
  for (const factor of factors({ scheduler, ...said })) {
    expect(factor).toBeCloseTo(rates.rate(state), 12);
    state = rates.next(state, 1);
  }
});

const scheduled = engineNames.filter((name) => engineNamed(name).settings.some((each) => each.name === "scheduler"));

describe.each(scheduled)("%s", (name) => {
  const engine = engineNamed(name);

  it("goes on to the last bit in the middle of a schedule", async () => {
    const { scan } = simulatedProblem({ patterns: 16, n: 16, step: 3 });
    const settings = completeSettings(engine, { scheduler: "WarmupCosine", lrWarmupEpochs: 1 });
    const states: DriverState[] = [];
    const options = (changes: Partial<DriverOptions> = {}): DriverOptions => ({
      ...{ scan, frames: everyFrame(scan.amplitudes.count), heldOut: new Int32Array(), random: new Random(5) },
      ...{ stages: [{ engine, epochs: 4, settings, subPixel: "whole", wrappers: [] }], kernels: homes["wasm"] },
      ...{ runtime: testRuntime, ...changes },
    });
    const listener = {
      epoch: async (_: unknown, moment: { state(): Promise<DriverState> }) => {
        states.push(structuredClone(await moment.state()));
      },
    };
    const whole = await drive(options({ listener }));
    const resumed = await drive(options({ from: states[1] }));
    expect(resumed.look.object.values.data).toEqual(whole.look.object.values.data);
    const plain = { ...options().stages[0], settings: completeSettings(engine) };
    const constant = await drive(options({ stages: [plain] }));
    expect(constant.look.object.values.data).not.toEqual(whole.look.object.values.data);
  });

  it("refuses what would be ignored, and a warm-up without an end", () => {
    const said = (stated: EngineSettings) => engine.contradiction?.(completeSettings(engine, stated), 5)?.why;
    expect(said({})).toBeUndefined();
    expect(said({ exponentialGamma: 0.5 })).toMatch(/exponential_gamma.* only when .*scheduler.* is Exponential/);
    expect(said({ scheduler: "Exponential", exponentialGamma: 0.5 })).toBeUndefined();
    expect(said({ scheduler: "WarmupCosine", lrWarmupEpochs: 5 })).toMatch(/none for the cosine/);
    expect(dependsOnEnd(settingsOf({ scheduler: "WarmupCosine" }))).toBe(true);
    expect(dependsOnEnd(settingsOf({ scheduler: "Exponential" }))).toBe(false);
  });
});

it("steps that become shorter leave less of the noise", async () => {
  const noisy = simulatedProblem({ photons: 1e4 });
  const error = async (stated: EngineSettings): Promise<number> => {
    const kernels: Kernels = await nodeKernels({ threads: 1 });
    const experiment = new Experiment(kernels, noisy.scan, { batchSize: 16, subPixel: "whole" });
    const engine = engineNamed("rpie");
    const run = engine.init(experiment, completeSettings(engine, stated));
    const random = new Random(1);
    for (let number = 0; number < EPOCHS; number++)
      await run.step({ number, epochs: EPOCHS, frames: everyFrame(experiment.frames), random, checkpoint: () => {} });
    const found = await complexError(experiment, noisy);
    await kernels.close();
    return found;
  };
  const full = { objectStep: 1, probeStep: 1 };
  const constant = await error(full);
  for (const said of [
    { scheduler: "Exponential", exponentialGamma: 0.93 },
    { scheduler: "MultiStage" },
    { scheduler: "WarmupCosine" },
  ])
    expect(await error({ ...full, ...said }), said.scheduler).toBeLessThan(0.8 * constant);
});
