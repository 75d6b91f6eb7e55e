import { describe, expect, it } from "vitest";
import type { ComplexArray } from "../../../src/arrays.ts";
import { drive } from "../../../src/engines/driver.ts";
import { Experiment } from "../../../src/engines/experiment.ts";
import { float64Kernels } from "../../../src/engines/kernels/float64.ts";
import { engineNamed } from "../../../src/engines/registry.ts";
import type { Stage } from "../../../src/engines/runningStage.ts";
import type { EngineScan } from "../../../src/engines/scan.ts";
import { completeSettings } from "../../../src/engines/settings.ts";
import { darkLevel } from "../../../src/engines/wrappers/darkLevel.ts";
import { wrapperNamed } from "../../../src/engines/wrappers/registry.ts";
import { nodeKernels } from "../../../src/node/kernels.ts";
import { Random } from "../../../src/random.ts";
import {
  complexError,
  distance,
  everyFrame,
  modeFidelity,
  nearGeometry,
  type Problem,
  simulatedProblem,
  spoilt,
  withProbe,
} from "../problem.ts";

/** A weak object under a beam of two modes, every pixel seen by many windows. */
const two = simulatedProblem({
  ...{ patterns: 144, step: 2, modes: 2, modePowerRatio: 0.1 },
  contrast: { amplitude: [1, 0.9], phase: [0, -0.3] },
});
/** Half as much as all other light. */
const FOG = 0.12;

const energyOf = (values: Float32Array): number => values.reduce((sum, value) => sum + value * value, 0);

const firstMode = ({ shape: [, height, width], data }: ComplexArray): ComplexArray => {
  const values = data.slice(0, 2 * height * width);
  const scale = Math.sqrt(energyOf(data as Float32Array) / energyOf(values as Float32Array));
  return { shape: [1, height, width], data: values.map((value) => scale * value) };
};

const inFog = (problem: Problem, fog: number, brightness: (frame: number) => number = () => 1): Problem =>
  spoilt(problem, (amplitudes, frame) => {
    const factor = brightness(frame);
    for (let i = 0; i < amplitudes.length; i++) amplitudes[i] = Math.sqrt(factor * amplitudes[i] ** 2 + fog);
  });

describe("a beam of two modes that flickers, and a background of half its light", () => {
  it("are told apart from the strongest mode and a flat object", async () => {
    const random = new Random(8);
    const flicker = Float64Array.from({ length: 144 }, () => Math.exp(0.03 * random.normal()));
    const { scan } = inFog(withProbe(two, firstMode(two.probe)), FOG, (frame) => flicker[frame]);
    const stage: Stage = {
      ...{ engine: engineNamed("lsqml"), settings: completeSettings(engineNamed("lsqml")) },
      ...{ epochs: 40, subPixel: "whole", modes: { count: 2, start: "hermite", power: 0.05 } },
      wrappers: ["intensities", "background", "orthogonal"].map((name) => ({
        ...{ wrapper: wrapperNamed(name), settings: completeSettings(wrapperNamed(name)) },
      })),
    };
    const { look } = await drive({
      ...{ scan, stages: [stage], frames: everyFrame(144), heldOut: new Int32Array(), random: new Random(5) },
      kernels: () => nodeKernels({ threads: 1 }),
    });
    const { object, probe, positions, background = [] } = look;
    const found = { ...scan, object, probe, positions };
    const experiment = new Experiment(float64Kernels(), found, { batchSize: 4, subPixel: "whole" });
    expect(await modeFidelity(experiment, two)).toBeGreaterThan(0.99);
    expect(await complexError(experiment, two)).toBeLessThan(0.01);
    const mean = Array.from(background).reduce((sum, value) => sum + value / background.length, 0);
    expect(Math.abs(mean / FOG - 1)).toBeLessThan(0.01);
  });
});

describe("engines that reflect waves", () => {
  // Waves that nobody predicts, the reflected ones, tell nothing of a background.
  it.each(["dm", "raar"])("%s finds a background that is not flat", async (name) => {
    const problem = simulatedProblem({ patterns: 100, step: 3, photons: 1e5 });
    const { height, width } = problem.scan.amplitudes;
    const fog = Float32Array.from({ length: height * width }, (_, i) => 0.02 * (1 + Math.sin((i % width) / 5)));
    const { scan } = spoilt(problem, (amplitudes) => {
      for (let i = 0; i < amplitudes.length; i++) amplitudes[i] = Math.sqrt(amplitudes[i] ** 2 + fog[i]);
    });
    const [engine, wrapper] = [engineNamed(name), wrapperNamed("background")];
    const stage: Stage = {
      ...{ engine, settings: completeSettings(engine), epochs: 60, subPixel: "whole" },
      wrappers: [{ wrapper, settings: completeSettings(wrapper) }],
    };
    const { look } = await drive({
      ...{ scan, stages: [stage], frames: everyFrame(100), heldOut: new Int32Array(), random: new Random(5) },
      kernels: () => nodeKernels({ threads: 1 }),
    });
    // 0.34 is seen, and above 1 where reflected waves are counted too, whose noise is not that of the patterns.
    expect(distance(look.background as Float32Array, fog)).toBeLessThan(0.5);
  });
});

describe("the level of a background that begins flat", () => {
  const frames = everyFrame(144);

  it.each([0.01, 0.05])("is about that of one that is flat: %j", (fog) => {
    const own = darkLevel(two.scan, frames) ?? 0;
    expect(darkLevel(inFog(two, fog).scan, frames) ?? 0).toBeCloseTo(fog + own, 5);
    expect(own).toBeLessThan(0.001);
  });

  it("is not told where light fills the detector, or there is none", () => {
    const near = simulatedProblem({ patterns: 16, geometry: nearGeometry, probe: "gaussian" }).scan;
    const flat = spoilt(two, (amplitudes) => amplitudes.fill(0.5)).scan;
    const dark = spoilt(two, (amplitudes) => amplitudes.fill(0)).scan;
    expect([flat, dark].map((scan) => darkLevel(scan, frames))).toEqual([undefined, undefined]);
    expect(wrapperNamed("background").first?.(flat, frames)).toEqual({});
    expect(darkLevel(near, everyFrame(16)) ?? 0).toBeLessThan(0.125);
  });

  it("looks at no other frames than it is told, and at no pixel that counts nothing", () => {
    const { height, width } = two.scan.amplitudes;
    const foggy = inFog(two, FOG);
    const others = spoilt(foggy, (amplitudes, frame) => void (frame % 2 === 1 && amplitudes.fill(9))).scan;
    const even = frames.filter((frame) => frame % 2 === 0);
    expect(darkLevel(others, even)).toBe(darkLevel(foggy.scan, even));
    const dead = (amplitudes: Float32Array) => amplitudes.fill(0, 0, (height * width) / 2);
    const mask = new Float32Array(height * width).fill(1).fill(0, 0, (height * width) / 2);
    const masked: EngineScan = { ...spoilt(foggy, dead).scan, mask };
    expect(darkLevel(masked, frames)).toBeCloseTo(darkLevel(foggy.scan, frames) ?? 0, 3);
  });

  it("is not looked for where the scan or a stage before has a background", () => {
    const background = new Float32Array(1024).fill(0.02);
    expect(wrapperNamed("background").first?.({ ...inFog(two, FOG).scan, background }, frames)).toEqual({});
  });
});
