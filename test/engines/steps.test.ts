import { describe, expect, it } from "vitest";
import { type Driven, type DriverOptions, drive } from "../../src/engines/driver.ts";
import type { DriverState } from "../../src/engines/driverState.ts";
import { engineNamed } from "../../src/engines/registry.ts";
import type { Stage } from "../../src/engines/runningStage.ts";
import { completeSettings, type EngineSettings } from "../../src/engines/settings.ts";
import { changedSteps, stepsOf } from "../../src/engines/steps.ts";
import { Random } from "../../src/random.ts";
import { testRuntime } from "../evaluate.ts";
import { homes } from "./kernels/homes.ts";
import { simulatedProblem } from "./problem.ts";

const { scan } = simulatedProblem({ patterns: 25, n: 16, step: 3 });
const all = Int32Array.from({ length: scan.amplitudes.count }, (_, i) => i);

function stage(name: string, epochs: number, said: EngineSettings = {}): Stage {
  const engine = engineNamed(name);
  const settings = completeSettings(engine, said);
  return { engine, epochs, subPixel: "bilinear", settings, wrappers: [] };
}

const options = (stages: readonly Stage[], changes: Partial<DriverOptions> = {}): DriverOptions => ({
  ...{ scan, stages, frames: all, heldOut: new Int32Array(), random: new Random(5), kernels: homes["wasm"] },
  ...(stages.some(({ engine }) => engine.inGraphs === true) ? { runtime: testRuntime } : {}),
  ...changes,
});

const bits = ({ state, look }: Driven) => ({
  history: state.history.map(({ seconds: _, ...record }) => record),
  ...{ object: look.object.values.data, probe: look.probe.data },
});

/** Wishes by the epochs that they are for; each is said once. */
const wishes = (byEpoch: Readonly<Record<number, Record<string, number>>>): NonNullable<DriverOptions["changes"]> => {
  const open = new Map(Object.entries(byEpoch));
  return async ({ epoch }, settings) => {
    const wanted = open.get(String(epoch)) ?? {};
    open.delete(String(epoch));
    const pairs = Object.entries(wanted).map(([name, to]) => [name, { from: settings[name] as number, to }]);
    return Object.fromEntries(pairs);
  };
};

describe("steps that become others in flight", () => {
  it.each([
    ["rpie", { objectStep: 0.2, probeStep: 0.1 }],
    ["lsqml", { objectStep: 0.6 }],
    ["ml", { probeStep: 0.3 }],
    ["ad", { learningRate: 0.01 }],
  ] as const)("are those of %s that was stopped there and begun anew with them", async (name, wanted) => {
    // With an engine that has as many epochs as it is to have, the last of them with other steps.
    const begun = stage(name, 4);
    let stopped: DriverState | undefined;
    const listener = {
      epoch: async ({ epoch }: { readonly epoch: number }, moment: { state(): Promise<DriverState> }) => {
        if (epoch === 2) stopped = structuredClone(await moment.state());
      },
    };
    const plain = await drive(options([begun], { listener }));
    if (stopped === undefined) throw new Error("no second epoch");
    const other = { ...begun, settings: { ...begun.settings, ...wanted } };
    const expected = await drive(options([other], { from: stopped }));
    const found = await drive(options([begun], { changes: wishes({ 3: wanted }) }));
    expect(bits(found)).toEqual(bits(expected));
    expect(bits(found).object).not.toEqual(bits(plain).object);
    const [change] = found.state.changes ?? [];
    expect(change).toMatchObject({ epoch: 3, stage: 1 });
    expect(Object.keys(change.settings)).toEqual(Object.keys(wanted));
  });

  it("hold for their stage, also where it is gone on with, and not for the next", async () => {
    const stages = [stage("rpie", 3), stage("epie", 2)];
    const states: DriverState[] = [];
    const listener = {
      epoch: async (_: unknown, moment: { state(): Promise<DriverState> }) => {
        states.push(structuredClone(await moment.state()));
      },
    };
    const changes = wishes({ 2: { objectStep: 0.1 } });
    const whole = await drive(options(stages, { changes, listener }));
    for (const from of states.slice(1)) expect(bits(await drive(options(stages, { from })))).toEqual(bits(whole));
    const after = (settings: EngineSettings): Promise<Driven> =>
      drive(options([stages[0], { ...stages[1], settings }], { from: states[2] }));
    expect(bits(await after({ ...stages[1].settings, objectStep: 0.1 })).object).not.toEqual(bits(whole).object);
  });
});

describe("what is no step", () => {
  const rpie = engineNamed("rpie");
  const settings = completeSettings(rpie);
  it.each([
    [{ objectStep: -1 }, /objectStep of rpie cannot be -1.*above 0/],
    [{ objectStep: 3 }, /objectStep of rpie cannot be 3.*at most 2/],
    [{ objectStep: Number.NaN }, /objectStep of rpie cannot be NaN/],
    [{ alpha: 0.5 }, /alpha of rpie cannot be changed while it runs.*objectStep, probeStep/],
    [{ probeStep: 0 }, /probeStep of rpie cannot become 0 while it runs.*above 0, as it began/],
  ])("is refused: %o", (wanted, words) => {
    expect(() => changedSteps(rpie, settings, wanted as Record<string, number>)).toThrow(words);
  });
  it("is left out where it is as it was", () => {
    const { objectStep } = stepsOf(rpie, settings);
    expect(changedSteps(rpie, settings, { objectStep, probeStep: 0.11 })).toEqual({
      probeStep: { from: settings["probeStep"], to: 0.11 },
    });
  });
});
