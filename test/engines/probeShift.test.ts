import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ComplexArray } from "../../src/arrays.ts";
import { ad } from "../../src/engines/ad.ts";
import { Experiment } from "../../src/engines/experiment.ts";
import type { Kernels } from "../../src/engines/kernels/kernels.ts";
import { engineNamed } from "../../src/engines/registry.ts";
import { completeSettings, type EngineSettings } from "../../src/engines/settings.ts";
import { planFft2 } from "../../src/numerics/fft.ts";
import { movedProbe } from "../../src/optics/movedProbe.ts";
import { Random } from "../../src/random.ts";
import { testRuntime } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";
import { amplitudesInMemory } from "./inMemory.ts";
import { homes } from "./kernels/homes.ts";
import {
  complexError,
  distance,
  nearGeometry,
  type Problem,
  runEpochs,
  simulatedProblem,
  spoiltProbe,
  withProbe,
  withTrueObject,
} from "./problem.ts";

const opened: Kernels[] = [];
const openHome = async (home: string): Promise<Kernels> => {
  const kernels = await homes[home]();
  opened.push(kernels);
  return kernels;
};
afterEach(async () => {
  for (const kernels of opened.splice(0)) await kernels.close();
});

/**
 * A scan between pixels whose patterns are those of an object that is known everywhere: its samples, and its values between
 * them by Fourier interpolation of the whole object, which is periodic and large enough that no window sees its ends.
 */
function betweenPixels({ scan, object, probe }: Problem): Problem {
  const random = new Random(7);
  const positions = scan.positions.map((value) => value + random.uniform() - 0.5);
  const [, n] = probe.shape;
  const amplitudes = new Float32Array((positions.length / 2) * n * n);
  const whole: ComplexArray = { shape: [1, ...object.shape], data: object.data };
  for (let frame = 0; frame < positions.length / 2; frame++) {
    const [y, x] = [Math.round(positions[2 * frame]), Math.round(positions[2 * frame + 1])];
    // O(r + s) is the object moved by −s.
    const moved = movedProbe(whole, [y - positions[2 * frame], x - positions[2 * frame + 1]]);
    const pattern = new Float64Array(n * n);
    for (let mode = 0; mode < probe.shape[0]; mode++) {
      const wave = new Float64Array(2 * n * n);
      for (let i = 0; i < n * n; i++) {
        const [row, column] = [y - Math.floor(n / 2) + Math.floor(i / n), x - Math.floor(n / 2) + (i % n)];
        const [o, p] = [2 * (row * object.shape[1] + column), 2 * (mode * n * n + i)];
        wave[2 * i] = moved.data[o] * probe.data[p] - moved.data[o + 1] * probe.data[p + 1];
        wave[2 * i + 1] = moved.data[o] * probe.data[p + 1] + moved.data[o + 1] * probe.data[p];
      }
      const far = planFft2([n, n]).forward(wave);
      for (let i = 0; i < n * n; i++) pattern[i] += far[2 * i] ** 2 + far[2 * i + 1] ** 2;
    }
    amplitudes.set(pattern.map(Math.sqrt), frame * n * n);
  }
  return {
    scan: {
      ...scan,
      positions,
      amplitudes: amplitudesInMemory(amplitudes, [positions.length / 2, n, n]),
    },
    object,
    probe,
  };
}

const options = { batchSize: 16, subPixel: "fourier" } as const;
const small = { patterns: 36, objectSize: [56, 56] } as const;

describe("light that is moved between pixels", () => {
  let kernels: Kernels;
  beforeEach(async () => {
    kernels = await openHome("float64");
  });

  it("moves back by its adjoint: inner products agree", async () => {
    const { scan } = betweenPixels(simulatedProblem({ ...small, modes: 2 }));
    const experiment = new Experiment(kernels, scan, options);
    const random = new Random(3);
    const filled = (shape: readonly [number, number, number, number]) => {
      const waves = kernels.waves(shape);
      kernels.write(
        waves,
        Float64Array.from({ length: 2 * shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
      );
      return waves;
    };
    const [patches, change, probe] = [filled([5, 1, 32, 32]), filled([5, 2, 32, 32]), filled([1, 2, 32, 32])];
    const placed = experiment.place(Int32Array.of(3, 7, 1, 30, 12));
    const [forward, back] = [kernels.waves([5, 2, 32, 32]), filled([1, 2, 32, 32])];
    kernels.product(forward, patches, experiment.movedLight(placed, probe));
    kernels.fill(back, 0);
    experiment.addToProbe(back, placed, patches, change);
    const sums = kernels.numbers(5, 2);
    kernels.dot(sums, forward, change);
    const there = Float64Array.from(await kernels.read(sums)).reduce(
      (sum, value, k) => sum + (k % 2 === 0 ? value : 0),
      0,
    );
    const one = kernels.numbers(1, 2);
    kernels.dot(one, probe, back);
    const here = (await kernels.read(one))[0];
    expect(Math.abs(here / there - 1)).toBeLessThan(1e-10);
  });

  it("predicts what float64 makes of a probe that is moved on the host", async () => {
    const problem = withTrueObject(betweenPixels(simulatedProblem(small)));
    const experiment = new Experiment(kernels, problem.scan, options);
    const frames = Int32Array.of(4, 20, 35);
    const { expected } = experiment.predict(experiment.load(frames));
    const found = await kernels.read(expected);
    frames.forEach((frame, k) => {
      const [y, x] = problem.scan.positions.subarray(2 * frame, 2 * frame + 2);
      const light = movedProbe(problem.probe, [y - Math.round(y), x - Math.round(x)]);
      const wave = new Float64Array(2 * 32 * 32);
      for (let i = 0; i < 32 * 32; i++) {
        const o =
          2 * ((Math.round(y) - 16 + Math.floor(i / 32)) * problem.object.shape[1] + Math.round(x) - 16 + (i % 32));
        const [re, im] = [problem.object.data[o], problem.object.data[o + 1]];
        wave[2 * i] = re * light.data[2 * i] - im * light.data[2 * i + 1];
        wave[2 * i + 1] = re * light.data[2 * i + 1] + im * light.data[2 * i];
      }
      const far = planFft2([32, 32]).forward(wave);
      const power = Float64Array.from({ length: 32 * 32 }, (_, i) => far[2 * i] ** 2 + far[2 * i + 1] ** 2);
      const centred = experiment.passage.fromDevice(Float64Array.from(found.subarray(k * 1024, (k + 1) * 1024)));
      // The host's probe is in single precision.
      expect(distance(centred, power)).toBeLessThan(tolerances.engines.singlePrecision);
    });
  });

  it("is refused where it cannot be: in a near field, and in graphs", () => {
    const near = simulatedProblem({ ...small, geometry: nearGeometry });
    expect(() => new Experiment(kernels, near.scan, options)).toThrow(/moves a near field with it.*bilinear/);
    const far = new Experiment(kernels, simulatedProblem(small).scan, { ...options, runtime: testRuntime });
    expect(() => ad.init(far, completeSettings(ad))).toThrow(/weighs four pixels.*bilinear/);
  });
});

describe.each(["rpie", "lsqml", "dm", "ml"])("%s between pixels", (name) => {
  const engine = engineNamed(name);
  const runs = async (
    home: string,
    problem: Problem,
    subPixel: "fourier" | "bilinear",
    epochs: number,
    said: EngineSettings = {},
  ) => {
    const kernels = await openHome(home);
    const experiment = new Experiment(kernels, problem.scan, { batchSize: 16, subPixel });
    await runEpochs(engine.init(experiment, completeSettings(engine, said)), experiment, epochs);
    return experiment;
  };

  it("is the same in float64 and in WebAssembly, with a probe that moves", async () => {
    const truth = betweenPixels(simulatedProblem({ patterns: 16, objectSize: [48, 48], modes: 2 }));
    const problem = withProbe(withTrueObject(truth), spoiltProbe(truth.probe));
    const [oracle, fast] = await Promise.all(
      ["float64", "wasm"].map(async (home) => {
        const { kernels, object, probe } = await runs(home, problem, "fourier", 2);
        return [...(await kernels.read(object)), ...(await kernels.read(probe))];
      }),
    );
    expect(distance(fast, oracle)).toBeLessThan(10 * tolerances.engines.singlePrecision);
  });

  it("finds the object better than with weights of four pixels", async () => {
    const problem = betweenPixels(simulatedProblem({ ...small, smoothing: 0.8 }));
    const [fourier, bilinear] = await Promise.all(
      (["fourier", "bilinear"] as const).map(async (how) =>
        complexError(await runs("wasm", problem, how, 30), problem),
      ),
    );
    expect(fourier).toBeLessThan(0.5 * bilinear);
  });
});
