import { describe, expect, it, test } from "vitest";
import type { ComplexArray } from "../../../src/arrays.ts";
import { drive } from "../../../src/engines/driver.ts";
import { Experiment } from "../../../src/engines/experiment.ts";
import { float64Kernels } from "../../../src/engines/kernels/float64.ts";
import { engineNamed } from "../../../src/engines/registry.ts";
import { completeSettings, type EngineSettings } from "../../../src/engines/settings.ts";
import { cutOf } from "../../../src/engines/wrappers/cut.ts";
import { wrapperNamed, wrapperNames } from "../../../src/engines/wrappers/registry.ts";
import { nodeKernels } from "../../../src/node/kernels.ts";
import { planFft2 } from "../../../src/numerics/fft.ts";
import { Random } from "../../../src/random.ts";
import { everyFrame, type Problem, simulatedProblem, withProbe } from "../problem.ts";

const problem = simulatedProblem({ patterns: 36, modes: 2 });
const coherent = simulatedProblem();

interface Told {
  readonly notes: readonly string[];
  readonly doubts: readonly string[];
}

/** What a run tells of one wrapper. */
async function told(name: string, stated: EngineSettings, epochs = 3, { scan }: Problem = coherent): Promise<Told> {
  const [engine, wrapper] = [engineNamed("rpie"), wrapperNamed(name)];
  const [notes, doubts]: [string[], string[]] = [[], []];
  await drive({
    stages: [
      {
        ...{ engine, epochs, subPixel: "whole", settings: completeSettings(engine) },
        wrappers: [{ wrapper, settings: completeSettings(wrapper, stated) }],
      },
    ],
    ...{ scan, frames: everyFrame(scan.amplitudes.count), heldOut: new Int32Array() },
    ...{ random: new Random(5), kernels: () => nodeKernels({ threads: 1 }) },
    listener: {
      doubt: (line) => doubts.push(line),
      epoch: (_, __, lines) => void notes.push(...lines),
    },
  });
  return { notes, doubts };
}

describe("a constraint that takes what the engine gives back", () => {
  test.each([
    ["aperture", { apertureRadius: 3 }, /^the aperture takes \d+ % of the probe's light .*`aperture_radius` than 3/],
    ["aperture", { apertureRadius: 3, apertureAmplitude: "guess" }, /its amplitude change .*`aperture_amplitude=free`/],
    [
      "support",
      { supportDiameter: 0.1 },
      /^the support takes \d+ % of the probe's light .*`support_diameter` above 0.1/,
    ],
    ["limits", { amplitudeMax: 0.2 }, /^the limits change .* % of the object's squares .*`phase_max`/],
  ] as const)("is doubted once, with its number and its flag: %s %j", async (name, settings, words) => {
    const { doubts } = await told(name, settings, 4);
    expect(doubts).toEqual([expect.stringMatching(words)]);
  });

  test.each([
    ["aperture", {}],
    ["aperture", { apertureRadius: 8.5 }],
    ["support", {}],
    ["limits", {}],
  ] as const)("is not where it fits: %s %j", async (name, settings) => {
    expect((await told(name, settings)).doubts).toEqual([]);
  });

  it("tells of the first epoch, in which a guess may rightly lose much, and doubts later ones", () => {
    const cut = cutOf({ takes: "it takes", of: "of it", fix: "less" });
    const [before, after] = [Float64Array.of(3, 1, 4, 0), Float64Array.of(3, 1, 0, 0)];
    // 16 of 26.
    expect(cut.measure(0, before, after)).toEqual(["it takes 62 % of it after the first epoch"]);
    expect(cut.doubt()).toBeUndefined();
    expect(cut.measure(1, before, after)).toEqual([]);
    expect(cut.doubt()).toMatch(/^it takes 62 % of it .*: less$/);
    cut.measure(2, before, before);
    expect(cut.doubt()).toBeUndefined();
  });
});

describe("a beam's power", () => {
  const bright = simulatedProblem({ patterns: 36, photons: 1e5 });
  test.each([
    [
      1e-3,
      /`probe_power=0.001` the object has amplitudes of about 10000, and matter lets 1 through at most.*brightest have 1\d0000\)/,
    ],
    [1e4, /`probe_power=10000` the object has amplitudes of about 3\.\d/],
    [1e9, /amplitudes of about 0\.01, and matter lets more through/],
  ])("that makes impossible objects is doubted: %d counts", async (probePower, words) => {
    expect((await told("power", { probePower }, 2, bright)).doubts).toEqual([expect.stringMatching(words)]);
  });

  test.each([0, 1e5, 5e5, 1e7])("that is possible is not: %d counts", async (probePower) => {
    expect((await told("power", { probePower }, 2, bright)).doubts).toEqual([]);
  });
});

describe("the aperture of a guess", () => {
  const side = 64;
  const energy = (values: ArrayLike<number>): number =>
    Array.from(values).reduce((sum, value) => sum + value * value, 0);

  /** A lens of hard rim, whose focus the window cuts, so that its far field rings. */
  function airy(pupil: number): ComplexArray {
    const large = 4 * side;
    const wave = new Float64Array(2 * large * large);
    for (let y = 0; y < large; y++)
      for (let x = 0; x < large; x++) {
        const square = (y - large / 2) ** 2 + (x - large / 2) ** 2;
        if (square > (4 * pupil) ** 2) continue;
        wave[2 * (y * large + x)] = Math.cos(0.004 * square);
        wave[2 * (y * large + x) + 1] = Math.sin(0.004 * square);
      }
    const focus = planFft2([large, large]).inverse(wave);
    const data = new Float32Array(2 * side * side);
    const corner = (large - side) / 2;
    for (let y = 0; y < side; y++)
      data.set(
        focus.subarray(2 * ((y + corner) * large + corner), 2 * ((y + corner) * large + corner + side)),
        2 * y * side,
      );
    const scale = Math.sqrt((side * side) / 4 / energy(data));
    return { shape: [1, side, side], data: data.map((value) => scale * value) };
  }

  test.each([4, 8, 16])(
    "takes less than a thousandth of the light of an Airy probe, %d pixels of pupil",
    async (pupil) => {
      const { scan } = withProbe(simulatedProblem({ n: side, patterns: 4 }), airy(pupil));
      const kernels = float64Kernels();
      const experiment = new Experiment(kernels, scan, { batchSize: 4, subPixel: "whole" });
      const wrapper = wrapperNamed("aperture");
      await wrapper.init(experiment, completeSettings(wrapper)).endEpoch?.(0);
      const left = energy(await kernels.read(experiment.probe)) / energy(scan.probe.data);
      expect(1 - left).toBeLessThan(1e-3);
      // And it is an aperture: less than half of the detector is open.
      const wave = planFft2([side, side]).forward(Float64Array.from(await kernels.read(experiment.probe)));
      expect(wave.filter((value) => Math.abs(value) > 1e-6).length).toBeLessThan(wave.length / 2);
    },
  );

  it("is a pixel at least, where it is said", () => {
    const wrapper = wrapperNamed("aperture");
    const contradiction = (apertureRadius: number) =>
      wrapper.contradiction?.(completeSettings(wrapper, { apertureRadius }));
    expect(contradiction(0.1)?.why).toMatch(/aperture_radius 0.1 is less than a pixel/);
    expect(contradiction(1)).toBeUndefined();
  });
});

test.each(wrapperNames)("%s leaves a probe alone that is to be kept, or is refused", async (name) => {
  const wrapper = wrapperNamed(name);
  const engine = engineNamed("rpie");
  const settings = completeSettings(engine, { probeStep: 0 });
  if (wrapper.refuses?.({ engine, settings, subPixel: "bilinear" }) !== undefined) return;
  const { scan } = problem;
  const thick = { ...scan, slices: { count: 2, between: { travel: 3, wavelength: 0 } } };
  const kernels = float64Kernels();
  const experiment = new Experiment(kernels, name === "smooth_slices" ? thick : scan, {
    ...{ batchSize: 16, subPixel: "bilinear", margin: wrapper.margin ?? 0 },
  });
  const shape = Float64Array.from(await kernels.read(experiment.probe));
  const eager = wrapper.settings.flatMap(({ name: own }) => (own.endsWith("Start") ? [[own, 0] as const] : []));
  const run = wrapper.init(experiment, completeSettings(wrapper, Object.fromEntries(eager)));
  experiment.wrap([run]);
  const step = { frames: everyFrame(experiment.frames), random: new Random(1), checkpoint: () => {} };
  const running = engine.init(experiment, settings);
  for (let number = 0; number < 2; number++) {
    await running.step({ number, ...step });
    await run.endEpoch?.(number);
  }
  const after = Float64Array.from(await kernels.read(experiment.probe));
  // A factor, which the object takes back, changes no pattern.
  const factor = Math.sqrt(energyOf(after) / energyOf(shape));
  expect(Math.max(...after.map((value, i) => Math.abs(value - factor * shape[i])))).toBeLessThan(1e-9);
  expect(run.beside).toBeUndefined();
});

const energyOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value * value, 0);
