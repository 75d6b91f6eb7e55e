import { describe, expect, it, test } from "vitest";
import type { ComplexArray } from "../../../src/arrays.ts";
import { drive } from "../../../src/engines/driver.ts";
import { Experiment } from "../../../src/engines/experiment.ts";
import { float64Kernels } from "../../../src/engines/kernels/float64.ts";
import { misfitOf } from "../../../src/engines/misfit.ts";
import { engineNamed } from "../../../src/engines/registry.ts";
import type { Look } from "../../../src/engines/runningStage.ts";
import type { EngineScan } from "../../../src/engines/scan.ts";
import { completeSettings, type EngineSettings } from "../../../src/engines/settings.ts";
import type { Wrapper } from "../../../src/engines/wrapper.ts";
import { throughAperture } from "../../../src/engines/wrappers/aperture.ts";
import { wrapperNamed } from "../../../src/engines/wrappers/registry.ts";
import { nodeKernels } from "../../../src/node/kernels.ts";
import { planFft2 } from "../../../src/numerics/fft.ts";
import { Random } from "../../../src/random.ts";
import { physicalEstimate } from "../../../src/runs/reconstruct/physicalEstimate.ts";
import { tolerances } from "../../tolerances.ts";
import {
  complexError,
  distance,
  everyFrame,
  modeFidelity,
  nearGeometry,
  type Problem,
  simulatedProblem,
  withProbe,
  withTrueObject,
} from "../problem.ts";

const SIDES = [15, 12] as const;
const PIXELS = SIDES[0] * SIDES[1];
const MODES = 2;
/** Light of the simulated probe ends at a quarter of the side: no pixel beyond has any. */
const PUPIL = 8.5;

const randomWaves = (random: Random): Float64Array =>
  Float64Array.from({ length: 2 * MODES * PIXELS }, () => random.normal());
const inner = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i], 0);
const apart = (a: Float64Array, b: Float64Array): number => Math.hypot(...a.map((value, i) => value - b[i]));

describe("the constraint to an aperture", () => {
  const fft = planFft2(SIDES);
  const random = new Random(4);
  const open = Uint8Array.from({ length: PIXELS }, () => (random.uniform() < 0.4 ? 1 : 0));
  const amplitude = Float64Array.from(open, (value) => value * (0.5 + random.uniform()));
  const projected = (values: Float64Array, held?: Float64Array): Float64Array => {
    const out = values.slice();
    throughAperture(out, fft, open, held);
    return out;
  };

  test.each([undefined, amplitude])("does nothing the second time", (held) => {
    const once = projected(randomWaves(random), held);
    expect(apart(projected(once, held), once)).toBeLessThan(1e-12 * Math.sqrt(inner(once, once)));
  });

  it("is the orthogonal projection: what it takes away is orthogonal to all that fits, and it is its own adjoint", () => {
    const [x, y] = [randomWaves(random), randomWaves(random)];
    const [px, py] = [projected(x), projected(y)];
    const gone = x.map((value, i) => value - px[i]);
    expect(Math.abs(inner(gone, py))).toBeLessThan(1e-12 * inner(x, x));
    expect(Math.abs(inner(px, y) - inner(x, py))).toBeLessThan(1e-12 * inner(x, x));
  });

  it("of an amplitude comes to the nearest waves that have it", () => {
    const x = randomWaves(random);
    const way = apart(x, projected(x, amplitude));
    for (let k = 0; k < 20; k++) {
      // Some that fit are near: a little noise on x, projected.
      const noise = randomWaves(random);
      const other = projected(
        x.map((value, i) => value + 0.1 * k * noise[i]),
        amplitude,
      );
      expect(apart(x, other)).toBeGreaterThan(way - 1e-12);
    }
  });
});

interface Asked {
  readonly engine?: string;
  readonly epochs: number;
  readonly wrapper?: string | readonly string[];
  readonly settings?: EngineSettings;
}

const ofOwner = (owner: Wrapper, settings: EngineSettings): EngineSettings =>
  Object.fromEntries(Object.entries(settings).filter(([name]) => owner.settings.some((own) => own.name === name)));

/** R of all frames. */
async function misfitAt(scan: EngineScan, { object, probe, positions }: Look): Promise<number> {
  const found = { ...scan, object, probe, positions };
  const experiment = new Experiment(float64Kernels(), found, { batchSize: 4, subPixel: "whole" });
  return (await misfitOf(experiment, everyFrame(experiment.frames))).error;
}

async function driven(scan: EngineScan, { engine: name = "lsqml", epochs, wrapper: added, settings = {} }: Asked) {
  const engine = engineNamed(name);
  const wrappers = [added ?? []].flat().map(wrapperNamed);
  const { look } = await drive({
    stages: [
      {
        ...{ engine, epochs, subPixel: "whole", settings: completeSettings(engine) },
        wrappers: wrappers.map((wrapper) => ({
          wrapper,
          settings: completeSettings(wrapper, ofOwner(wrapper, settings)),
        })),
      },
    ],
    ...{ scan, frames: everyFrame(scan.amplitudes.count), heldOut: new Int32Array() },
    ...{ random: new Random(5), kernels: () => nodeKernels({ threads: 1 }) },
  });
  return look;
}

async function measured(problem: Problem, asked: Asked): Promise<{ readonly error: number; readonly lost: number }> {
  const { object, probe, positions } = await driven(problem.scan, asked);
  const scan = { ...problem.scan, object, probe, positions };
  const experiment = new Experiment(float64Kernels(), scan, { batchSize: 4, subPixel: "whole" });
  return {
    error: await complexError(experiment, problem, { register: true }),
    lost: 1 - (await modeFidelity(experiment, problem)),
  };
}

/** The same probe with something done to its far field. */
function withFarField(
  { shape, data }: ComplexArray,
  change: (wave: Float64Array, y: number, x: number, i: number) => void,
): ComplexArray {
  const [, height, width] = shape;
  const fft = planFft2([height, width]);
  const wave = fft.forward(Float64Array.from(data));
  for (let i = 0; i < height * width; i++)
    change(wave, Math.floor(i / width) - Math.floor(height / 2), (i % width) - Math.floor(width / 2), i);
  return { shape, data: Float32Array.from(fft.inverse(wave)) };
}

describe("aperture", () => {
  test.each([
    { apertureRadius: PUPIL },
    { apertureFrom: "guess" },
    { apertureFrom: "pattern" },
    { apertureRadius: PUPIL, apertureAmplitude: "guess" },
  ])("leaves the true probe alone: %j", async (settings) => {
    const problem = withTrueObject(simulatedProblem());
    const { probe } = await driven(problem.scan, { epochs: 1, wrapper: "aperture", settings });
    // The pupil of the simulation has a smooth rim, of which the disk cuts nothing, and rounding.
    expect(distance(probe.data, problem.probe.data)).toBeLessThan(tolerances.engines.fixedPoint);
  });

  it("finds a better object and probe where the guess has noise outside, and patterns are few", async () => {
    const problem = simulatedProblem({ patterns: 36, step: 6 });
    const random = new Random(9);
    const guess = withFarField(problem.probe, (wave, _y, _x, i) => {
      wave[2 * i] += 0.5 * random.normal();
      wave[2 * i + 1] += 0.5 * random.normal();
    });
    const begun = withProbe(problem, guess);
    const [without, held] = [
      await measured(begun, { epochs: 30 }),
      await measured(begun, { epochs: 30, wrapper: "aperture", settings: { apertureRadius: PUPIL } }),
    ];
    expect(held.error).toBeLessThan(0.8 * without.error);
    expect(held.lost).toBeLessThan(0.9 * without.lost);
  });

  it("finds the probe of a guess with another defocus by its amplitude in the aperture", async () => {
    const problem = simulatedProblem({ photons: 1e4, noise: true });
    const guess = withFarField(problem.probe, (wave, y, x, i) => {
      const [c, s] = [Math.cos(0.04 * (y * y + x * x)), Math.sin(0.04 * (y * y + x * x))];
      const [re, im] = [wave[2 * i], wave[2 * i + 1]];
      wave[2 * i] = re * c - im * s;
      wave[2 * i + 1] = re * s + im * c;
    });
    const begun = withProbe(problem, guess);
    const settings = { apertureRadius: PUPIL, apertureAmplitude: "guess" };
    const [without, held] = [
      await measured(begun, { epochs: 30 }),
      await measured(begun, { epochs: 30, wrapper: "aperture", settings }),
    ];
    expect(held.lost).toBeLessThan(without.lost / 3);
    expect(held.error).toBeLessThan(without.error);
  });

  it("of an amplitude that is held leaves the energy to the wrapper that holds it", async () => {
    const problem = withTrueObject(simulatedProblem());
    const both = await driven(problem.scan, {
      ...{ epochs: 4, wrapper: ["aperture", "power"] },
      settings: { apertureRadius: PUPIL, apertureAmplitude: "guess", probePower: 1024 * problem.scan.countsPerUnit },
    });
    // Four times the power of the one normalisation: twice the amplitude, and half of it in the object.
    const twice = problem.probe.data.map((value) => 2 * value);
    expect(distance(both.probe.data, twice)).toBeLessThan(2 * tolerances.engines.fixedPoint);
    expect(both.object.values.data.every((value) => Math.abs(value) < 1)).toBe(true);
    expect(await misfitAt(problem.scan, both)).toBeLessThan(2 * tolerances.engines.fixedPoint);
  });

  it("is not read from the patterns of a near field, nor said twice", () => {
    const wrapper = wrapperNamed("aperture");
    const settings = completeSettings(wrapper, { apertureFrom: "pattern" });
    const refusal = wrapper.nearField?.(settings);
    expect([refusal?.why, refusal?.fix].join()).toMatch(/near field show no aperture.*aperture_radius/s);
    const amplitude = completeSettings(wrapper, { apertureRadius: 4, apertureAmplitude: "pattern" });
    expect(wrapper.nearField?.(amplitude)?.fix).toMatch(/aperture_amplitude/);
    expect(wrapper.nearField?.({ ...settings, apertureRadius: 4, apertureFrom: "guess" })).toBeUndefined();
    expect(wrapper.contradiction?.({ ...settings, apertureRadius: 4 })?.why).toMatch(/both say the aperture/);
  });
});

describe("power", () => {
  const photons = 1e5;
  const problem = simulatedProblem({ photons });
  const energy = (values: ArrayLike<number>): number =>
    Array.from(values).reduce((sum, value) => sum + value * value, 0);
  const size = problem.probe.shape[1] * problem.probe.shape[2];
  /** What the object lets through was taken out of the patterns' scale: the beam is as much brighter. */
  const transmission = (): number => {
    // Of the object as it was simulated: of amplitude 1 where there is nothing.
    const amplitudes = Array.from({ length: problem.object.data.length / 2 }, (_, i) =>
      Math.hypot(problem.object.data[2 * i], problem.object.data[2 * i + 1]),
    );
    return Math.max(...amplitudes) ** 2;
  };

  test.each(["epie", "rpie", "lsqml", "raar", "ml"])(
    "%s leaves the beam that was said, and transmissions",
    async (engine) => {
      const beam = (size / 4) * transmission() * problem.scan.countsPerUnit;
      const asked = { engine, epochs: 20, wrapper: "power", settings: { probePower: beam } };
      const look = await driven(problem.scan, asked);
      expect(energy(look.probe.data) * problem.scan.countsPerUnit).toBeCloseTo(beam, -Math.log10(beam * 1e-5));
      const { object, probe } = physicalEstimate(look);
      expect(energy(probe.data) / energy(look.probe.data)).toBeCloseTo(1, 5);
      // The scan's middle, where there is light: the object of amplitude 1 and less has amplitudes of the truth.
      const [height, width] = object.shape;
      const [found, truth] = [object, problem.object].map(({ shape, data }, k) => {
        const [y, x] =
          k === 0 ? [height / 2, width / 2] : [look.object.origin[0] + height / 2, look.object.origin[1] + width / 2];
        let sum = 0;
        for (let row = -8; row < 8; row++)
          for (let column = -8; column < 8; column++) {
            const i = 2 * ((Math.floor(y) + row) * shape[1] + Math.floor(x) + column);
            sum += data[i] ** 2 + data[i + 1] ** 2;
          }
        return sum;
      });
      expect(Math.abs(found / (truth / transmission()) - 1)).toBeLessThan(0.02);
    },
  );

  it("is that of the brightest patterns where nobody says it, also behind a mask", () => {
    const { scan } = problem;
    const stop = { ...scan, mask: Float32Array.from({ length: size }, (_, i) => (i === size / 2 + 16 ? 0 : 1)) };
    const images = new Float32Array(scan.amplitudes.count * size);
    scan.amplitudes.read(everyFrame(scan.amplitudes.count), images);
    const all = everyFrame(scan.amplitudes.count).map((k) => energy(images.subarray(k * size, (k + 1) * size)));
    const brightest = Math.max(...all);
    for (const each of [scan, stop]) {
      const experiment = new Experiment(float64Kernels(), each, { batchSize: 4, subPixel: "whole" });
      const wrapper = wrapperNamed("power");
      wrapper.init(experiment, completeSettings(wrapper));
      expect(experiment.probeEnergy / brightest).toBeGreaterThan(0.9);
      expect(experiment.probeEnergy / brightest).toBeLessThan(1.02);
    }
  });

  it("in a near field asks the near field what a mask hides", async () => {
    const { scan } = simulatedProblem({ patterns: 4, geometry: nearGeometry });
    const [{ height, width }, wrapper] = [scan.amplitudes, wrapperNamed("power")];
    const side = (i: number): number => Math.hypot(Math.floor(i / width) - height / 2, (i % width) - width / 2);
    const mask = Float32Array.from({ length: height * width }, (_, i) => (side(i) < 7 ? 0 : 1));
    // Through nothing: the object is flat, and each pattern has all of the probe's light.
    const through = new Experiment(float64Kernels(), scan, { batchSize: 4, subPixel: "whole" });
    const { expected } = through.predict(through.load(Int32Array.of(0)));
    const pattern = through.passage.fromDevice(Float32Array.from(await through.kernels.read(expected), Math.sqrt));
    const amplitudes = {
      ...scan.amplitudes,
      read: (_: ArrayLike<number>, out: Float32Array) => out.set(pattern.map((value, i) => value * mask[i])),
    };
    const masked = { ...scan, amplitudes, mask };
    const experiment = new Experiment(float64Kernels(), masked, { batchSize: 4, subPixel: "whole" });
    wrapper.init(experiment, completeSettings(wrapper));
    expect(energy(pattern.filter((_, i) => mask[i] > 0)) / energy(pattern)).toBeLessThan(0.9);
    expect(experiment.probeEnergy / energy(pattern)).toBeCloseTo(1, 5);
  });

  it("changes no pattern", async () => {
    const { scan } = withTrueObject(problem);
    const experiment = new Experiment(float64Kernels(), scan, { batchSize: 4, subPixel: "whole" });
    const frames = everyFrame(experiment.frames);
    const before = await misfitOf(experiment, frames);
    const wrapper = wrapperNamed("power");
    const run = wrapper.init(experiment, completeSettings(wrapper, { probePower: 7e5 }));
    experiment.wrap([run]);
    await run.endEpoch?.(0);
    const [length] = [energy(await experiment.kernels.read(experiment.probe))];
    expect(length * scan.countsPerUnit).toBeCloseTo(7e5, 3);
    const after = await misfitOf(experiment, frames);
    expect(Math.abs(after.error - before.error)).toBeLessThan(1e-9);
  });
});
