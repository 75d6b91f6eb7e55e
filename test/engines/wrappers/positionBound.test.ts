import { expect, it } from "vitest";
import { computeScales } from "../../../src/data/normalisation.ts";
import { drive } from "../../../src/engines/driver.ts";
import { engineNamed } from "../../../src/engines/registry.ts";
import { completeSettings, type EngineSettings } from "../../../src/engines/settings.ts";
import { positions as wrapper } from "../../../src/engines/wrappers/positions/positions.ts";
import { positionLimit } from "../../../src/inference/positionLimit.ts";
import { farField } from "../../../src/physics/propagation/farField.ts";
import { Random } from "../../../src/random.ts";
import { simulate } from "../../../src/simulation/simulate.ts";
import { homes } from "../kernels/homes.ts";
import { commonBound, positionBound } from "../positionBound.ts";
import { displaced, meanOf, rmsApart } from "../positionErrors.ts";
import { everyFrame, problemOfDataset, simulatedProblem } from "../problem.ts";

const stage = (name: string, epochs: number, settings: EngineSettings) => ({
  ...{ engine: engineNamed(name), epochs, subPixel: "bilinear" as const },
  settings: completeSettings(engineNamed(name)),
  wrappers: [{ wrapper, settings: completeSettings(wrapper, settings) }],
});

it("errors of a pixel come near what photons allow, and to a tenth where they allow that", async () => {
  // The bound goes with the root of the dose: one object and one probe have the same for all.
  const bright = positionBound(
    simulatedProblem({ photons: 1e5 }),
    { object: true, probe: true },
    { signs: 1, steps: 40 },
  );
  expect(bright).toBeLessThan(0.07);
  for (const photons of [1e5, 1e4]) {
    const problem = simulatedProblem({ photons });
    const { look } = await drive({
      scan: { ...problem.scan, positions: displaced(problem, 1) },
      stages: [stage("lsqml", 60, { positionMethod: "annealing" }), stage("ml", 30, { positionStart: 0 })],
      ...{ frames: everyFrame(100), heldOut: new Int32Array(), random: new Random(3) },
      kernels: homes["wasm"] ?? homes["float64"],
    });
    const bound = bright * Math.sqrt(1e5 / photons);
    const apart = rmsApart(look.positions, problem.scan.positions);
    expect(apart).toBeGreaterThan(0.8 * bound);
    expect(apart).toBeLessThan(1.4 * bound);
    if (photons === 1e5) expect(apart).toBeLessThan(0.1);
    else expect(bound).toBeGreaterThan(0.1);
  }
});

it("a probe that is free hides a scale, a stretch and a shear from photons by half as much again, and no rotation", () => {
  const problem = simulatedProblem({ photons: 1e5, patterns: 49 });
  const { positions } = problem.scan;
  const means = [meanOf(positions, 0), meanOf(positions, 1)];
  const from = (k: number): number => positions[k] - means[k % 2];
  const worse = (direction: (k: number) => number): number => {
    const along = positions.map((_, k) => direction(k));
    const [known, free] = [false, true].map((probe) => commonBound(problem, along, { object: true, probe }, 40));
    return free / known;
  };
  for (const direction of [from, (k: number) => (k % 2 ? -1 : 1) * from(k), (k: number) => from(k ^ 1)]) {
    const factor = worse(direction);
    expect(factor).toBeGreaterThan(1.15);
    expect(factor).toBeLessThan(2);
  }
  expect(worse((k) => (k % 2 ? 1 : -1) * from(k ^ 1))).toBeLessThan(1.1);
});

it("the error that a report expects of photons is the bound for an object and a probe that are known", () => {
  const dataset = simulate({
    ...{ n: 32, patterns: 36, step: 4, seed: 3, object: "deadLeaves", scan: "raster", jitter: 0, smoothing: 1 },
    photons: 1e4,
  });
  const problem = problemOfDataset(dataset);
  const scales = computeScales(dataset, everyFrame(36));
  const [height, width] = problem.object.shape;
  const expected = positionBound(problem, { object: false, probe: false }, { signs: 8, steps: 20 });
  const options = {
    ...{ dataset, scales, probe: problem.probe, propagator: farField, object: problem.object },
    ...{ frames: Array.from(everyFrame(36)), coverage: new Float32Array(height * width).fill(1) },
    canvas: { height, width, origin: { y: 0, x: 0 } },
  };
  expect(positionLimit(options)).toBeGreaterThan(0.95 * expected);
  expect(positionLimit(options)).toBeLessThan(1.05 * expected);
  const unknown = { ...options, scales: { ...scales, photonsFrom: "amplitude" as const } };
  expect(positionLimit(unknown)).toBeUndefined();
});
