import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { drive } from "../../../src/engines/driver.ts";
import type { DriverState } from "../../../src/engines/driverState.ts";
import type { Kernels } from "../../../src/engines/kernels/kernels.ts";
import { engineNamed } from "../../../src/engines/registry.ts";
import { completeSettings, type EngineSettings } from "../../../src/engines/settings.ts";
import { positions as wrapper } from "../../../src/engines/wrappers/positions/positions.ts";
import { Random } from "../../../src/random.ts";
import { homes } from "../kernels/homes.ts";
import { corrected, displaced, rmsApart } from "../positionErrors.ts";
import { everyFrame, simulatedProblem, withTrueObject } from "../problem.ts";

const open = homes["wasm"] ?? homes["float64"];
let kernels: Kernels;
beforeEach(async () => {
  kernels = await open();
});
afterEach(() => kernels.close());

const exact = simulatedProblem();
const fine = simulatedProblem({ photons: 1e5, step: 3 });

describe("annealing", () => {
  test.each([
    ["rpie", exact, {}, 60],
    ["lsqml", exact, {}, 50],
    ["dm", exact, {}, 80],
    ["lsqml", fine, { noise: "poisson" }, 60],
  ])("with %s brings errors of one pixel to a tenth", async (engine, problem, said, epochs) => {
    const begun = displaced(problem, 1);
    const found = await corrected(kernels, problem, begun, {
      engine,
      said,
      epochs,
      settings: { positionMethod: "annealing" },
    });
    expect(rmsApart(begun, problem.scan.positions)).toBeGreaterThan(0.9);
    expect(rmsApart(found, problem.scan.positions)).toBeLessThan(0.1);
  });

  test("finds frames that are several pixels off, where the gradient settles elsewhere", async () => {
    const begun = displaced(exact, 0.2);
    const random = new Random(4);
    for (let frame = 5; frame < 100; frame += 10) {
      const [far, angle] = [3 + 3 * random.uniform(), 2 * Math.PI * random.uniform()];
      begun[2 * frame] += far * Math.sin(angle);
      begun[2 * frame + 1] += far * Math.cos(angle);
    }
    const settings = { positionMethod: "annealing", positionRadius: 7 };
    const found = await corrected(kernels, exact, begun, { epochs: 60, settings });
    expect(rmsApart(found, exact.scan.positions)).toBeLessThan(0.1);
    const byGradient = await corrected(kernels, exact, begun, { epochs: 60 });
    expect(rmsApart(byGradient, exact.scan.positions)).toBeGreaterThan(0.3);
  });
});

test("the gradient brings errors of half a pixel to a tenth of one, from noise too", async () => {
  for (const [problem, said] of [
    [exact, {}],
    [fine, { noise: "poisson" }],
  ] as const) {
    const found = await corrected(kernels, problem, displaced(problem, 0.5), { epochs: 40, said });
    expect(rmsApart(found, problem.scan.positions)).toBeLessThan(0.1);
  }
});

test("correlation brings errors to a third", async () => {
  const settings = { positionMethod: "correlation" };
  const begun = displaced(exact, 0.5);
  const found = await corrected(kernels, exact, begun, { epochs: 25, settings });
  expect(rmsApart(found, exact.scan.positions)).toBeLessThan(rmsApart(begun, exact.scan.positions) / 3);
});

test("from noise correlation is as good as the gradient: from the truth, and from errors of a pixel", async () => {
  const coarse = { photons: 1e5, object: "lines", smoothing: 0, jitter: 0 } as const;
  for (const [problem, sigma, epochs] of [
    [simulatedProblem({ ...coarse, seed: 11 }), 0, 20],
    [simulatedProblem({ photons: 1e5 }), 0.95, 25],
  ] as const) {
    const apart = async (positionMethod: string): Promise<number> =>
      rmsApart(
        await corrected(kernels, problem, displaced(problem, sigma), { epochs, settings: { positionMethod } }),
        problem.scan.positions,
      );
    expect(await apart("correlation")).toBeLessThan(1.3 * (await apart("gradient")));
  }
});

test.each(["gradient", "correlation", "annealing"])("by %s the truth stays", async (positionMethod) => {
  const problem = withTrueObject(simulatedProblem({ patterns: 36, objectSize: [56, 56] }));
  const truth = problem.scan.positions;
  const found = await corrected(kernels, problem, truth.slice(), {
    ...{ engine: "rpie", epochs: 3, settings: { positionMethod, positionStart: 0 } },
  });
  expect(Math.max(...found.map((value, k) => Math.abs(value - truth[k])))).toBeLessThan(2e-3);
});

const settingsOfAll: readonly EngineSettings[] = [
  { positionMethod: "gradient" },
  { positionMethod: "gradient", positionModel: "affine", freeScale: true },
  { positionMethod: "correlation" },
  { positionMethod: "annealing" },
];

it.each(settingsOfAll)("goes on to the last bit where it was stopped: %j", async (settings) => {
  const { scan } = simulatedProblem({ patterns: 36, n: 16, step: 3 });
  const [held, frames] = [everyFrame(36).filter((k) => k % 9 === 4), everyFrame(36).filter((k) => k % 9 !== 4)];
  const engine = engineNamed("rpie");
  const stage = {
    ...{ engine, epochs: 5, subPixel: "bilinear" as const, settings: completeSettings(engine) },
    wrappers: [{ wrapper, settings: completeSettings(wrapper, { positionStart: 1, ...settings }) }],
  };
  const options = { scan, stages: [stage], frames, heldOut: held, random: new Random(3), kernels: open };
  const states: DriverState[] = [];
  const whole = await drive({
    ...options,
    listener: { epoch: async (_, moment) => void states.push(structuredClone(await moment.state())) },
  });
  expect(whole.look.positions).not.toEqual(scan.positions);
  for (const from of [states[0], states[2]]) {
    const resumed = await drive({ ...options, from });
    expect(resumed.look.positions).toEqual(whole.look.positions);
    expect(resumed.look.object.values.data).toEqual(whole.look.object.values.data);
  }
});
