import { afterEach, beforeEach, expect, test } from "vitest";
import { Experiment } from "../../../src/engines/experiment.ts";
import type { Images, Kernels } from "../../../src/engines/kernels/kernels.ts";
import { engineNamed, engineNames } from "../../../src/engines/registry.ts";
import { completeSettings } from "../../../src/engines/settings.ts";
import { wrapperNamed, wrapperNames } from "../../../src/engines/wrappers/registry.ts";
import { median } from "../../../src/numerics/median.ts";
import { Random } from "../../../src/random.ts";
import { homes } from "../kernels/homes.ts";
import { complexError, simulatedProblem, spoilt } from "../problem.ts";
import { reconstructed } from "./reconstructed.ts";

const open = homes["wasm"] ?? homes["float64"];
let kernels: Kernels;
beforeEach(async () => {
  kernels = await open();
});
afterEach(() => kernels.close());

test("intensities that jitter by 10 % are found, and the object is nearly as good as without jitter", async () => {
  const problem = simulatedProblem();
  const random = new Random(8);
  const factors = Float64Array.from({ length: problem.scan.amplitudes.count }, () => 1 + 0.1 * random.normal());
  const jittered = spoilt(problem, (amplitudes, frame) => {
    for (let i = 0; i < amplitudes.length; i++) amplitudes[i] *= Math.sqrt(factors[frame]);
  });
  const without = await complexError(
    (await reconstructed(kernels, jittered, { wrappers: [], epochs: 20 })).experiment,
    problem,
  );
  const { experiment, memory } = await reconstructed(kernels, jittered, { wrappers: ["intensities"], epochs: 20 });
  expect(await complexError(experiment, problem)).toBeLessThan(without / 4);
  const found = (memory[0]["amplitudes"] as Float64Array).map((s) => s * s);
  const mean = factors.reduce((sum, factor) => sum + factor, 0) / factors.length;
  const off = found.map((value, frame) => value - factors[frame] / mean);
  expect(Math.sqrt(off.reduce((sum, value) => sum + value * value, 0) / off.length)).toBeLessThan(0.02);
});

test("a background is found, and the object is much better for it", async () => {
  const problem = simulatedProblem();
  const fog = 0.02;
  const foggy = spoilt(problem, (amplitudes) => {
    for (let i = 0; i < amplitudes.length; i++) amplitudes[i] = Math.hypot(amplitudes[i], Math.sqrt(fog));
  });
  const without = await complexError(
    (await reconstructed(kernels, foggy, { wrappers: [], epochs: 20 })).experiment,
    problem,
  );
  const { experiment, memory } = await reconstructed(kernels, foggy, { wrappers: ["background"], epochs: 30 });
  const got = await complexError(experiment, problem);

  expect(got).toBeLessThan(without / 3);
  const found = median(await kernels.read(memory[0]["light"] as Images));
  expect(Math.abs(found / fog - 1)).toBeLessThan(0.1);
});

// Whether object and probe move after every frame or after all, which then explain the same light a second time.
test.each([
  ...engineNames
    .filter(
      (name) =>
        engineNamed(name).refuses?.(wrapperNamed("background"), completeSettings(engineNamed(name))) === undefined,
    )
    .map((name) => [name, {}] as const),
  ["lsqml", { noise: "poisson" }] as const,
  ["ml", { noise: "gaussian" }] as const,
])("a background and %s settle: %j", async (engine, engineSettings) => {
  const problem = simulatedProblem({ patterns: 36, objectSize: [56, 56] });
  const foggy = spoilt(problem, (amplitudes) => {
    for (let i = 0; i < amplitudes.length; i++) amplitudes[i] = Math.hypot(amplitudes[i], Math.sqrt(0.02));
  });
  const { errors } = await reconstructed(kernels, foggy, {
    wrappers: ["background"],
    epochs: 25,
    engine,
    engineSettings,
  });
  const least = Math.min(...errors);
  expect(errors[24]).toBeLessThan(1.2 * least);
  expect(errors[24]).toBeLessThan(0.03);
});

test.each(wrapperNames)("%s says whether it changes how patterns are made", (name) => {
  const { scan } = simulatedProblem({ patterns: 4 });
  const thick = { ...scan, slices: { count: 2, between: { travel: 3, wavelength: 0 } } };
  const experiment = new Experiment(kernels, thick, { batchSize: 4, subPixel: "bilinear", margin: 12 });
  const wrapper = wrapperNamed(name);
  expect(wrapper.init(experiment, completeSettings(wrapper)).optics !== undefined).toBe(wrapper.optics === true);
});
