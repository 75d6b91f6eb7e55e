import { describe, expect, it, test } from "vitest";
import { Experiment } from "../../src/engines/experiment.ts";
import { float64Kernels } from "../../src/engines/kernels/float64.ts";
import type { Waves } from "../../src/engines/kernels/kernels.ts";
import { DataTerm, type Noise } from "../../src/engines/ml/dataTerm.ts";
import { LineSearch } from "../../src/engines/ml/lineSearch.ts";
import { leastFromZero, signChanges, valueAt } from "../../src/engines/ml/polynomial.ts";
import { Smoothness } from "../../src/engines/ml/smoothness.ts";
import { ml } from "../../src/engines/ml.ts";
import { completeSettings } from "../../src/engines/settings.ts";
import { Sums } from "../../src/engines/sums.ts";
import { wrapperNamed } from "../../src/engines/wrappers/registry.ts";
import { nodeKernels } from "../../src/node/kernels.ts";
import { gaussianFilter } from "../../src/numerics/gaussianFilter.ts";
import { Random } from "../../src/random.ts";
import { tolerances } from "../tolerances.ts";
import { objectModesProblem } from "./objectModesProblem.ts";
import {
  complexError,
  everyFrame,
  modeFidelity,
  nearGeometry,
  type Problem,
  runEpochs,
  simulatedProblem,
  spoilt,
  spoiltProbe,
  withProbe,
} from "./problem.ts";
import { reconstructed as wrapped } from "./wrappers/reconstructed.ts";

const random = new Random(11);
const normal = ({ shape }: Waves): Float64Array =>
  Float64Array.from({ length: 2 * shape.reduce((a, b) => a * b) }, () => random.normal());

const inner = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
};

/** A scan in float64 whose object and probe are not the true ones, and wrappers that change how patterns are made. */
function experimentOf(problem: Problem, wrappers: readonly string[] = []): Experiment {
  const { scan } = withProbe(problem, spoiltProbe(problem.probe));
  const mask = Float32Array.from({ length: 32 * 32 }, (_, i) => (i % 37 === 3 ? 0 : 1));
  const experiment = new Experiment(float64Kernels(), { ...scan, mask }, { batchSize: 7, subPixel: "whole" });
  experiment.wrap(
    wrappers.map((name) => {
      const run = wrapperNamed(name).init(experiment, completeSettings(wrapperNamed(name)));
      // Brightnesses of their own.
      (run.memory?.["amplitudes"] as Float64Array | undefined)?.forEach((_, k, all) => {
        all[k] = 1 + 0.1 * Math.sin(k);
      });
      // What they would learn on the way is not looked at.
      return run.optics === undefined ? {} : { optics: run.optics };
    }),
  );
  return experiment;
}

/** L of all frames, from predicted intensities, by the formulas. */
async function likelihood(experiment: Experiment, noise: Noise): Promise<number> {
  const { kernels, scan, frames, dark, passage } = experiment;
  const valid = passage.toDevice(scan.mask as Float32Array);
  let sum = 0;
  for (const frame of everyFrame(frames)) {
    const batch = experiment.load(Int32Array.of(frame));
    const [expected, measured] = [experiment.predict(batch).expected, batch.measured];
    const [e, a] = [await kernels.read(expected), await kernels.read(measured)];
    for (let i = 0; i < e.length; i++) {
      const [light, counts] = [e[i], a[i] ** 2];
      if (noise === "gaussian") sum += (valid[i] * (light - counts) ** 2) / (counts + 1 / scan.countsPerUnit) / 2;
      else sum += valid[i] * (light + dark - (counts + dark) * Math.log(light + dark));
    }
  }
  return sum;
}

/** Object and probe go along a direction, from where they are. */
async function walker({ kernels, object, probe }: Experiment, by: { object: Float64Array; probe: Float64Array }) {
  const [o, p] = [await kernels.read(object), await kernels.read(probe)].map((values) => values.slice());
  return (t: number): void => {
    kernels.write(
      object,
      o.map((value, k) => value + t * by.object[k]),
    );
    kernels.write(
      probe,
      p.map((value, k) => value + t * by.probe[k]),
    );
  };
}

const two = (): Problem => simulatedProblem({ patterns: 16, modes: 2, photons: 1e4 });
const states = (): Problem => {
  const { scan, object } = objectModesProblem([0.7, 0.3], { rows: 4, modes: 2, photons: 1e4 });
  return { scan, object, probe: scan.probe };
};
const scans: readonly (readonly [string, () => Problem, readonly string[]])[] = [
  ["two modes", two, []],
  ["a near field", () => simulatedProblem({ patterns: 16, photons: 1e4, geometry: nearGeometry }), []],
  ["a detector that blurs, and a background", two, ["blur", "background"]],
  ["two states of the object under two modes", states, []],
];

describe.each(scans)("of %s", (_, make, wrappers) => {
  test.each(["gaussian", "poisson"] as const)(
    "the gradient of %s noise is that of central differences",
    async (noise) => {
      const experiment = experimentOf(make(), wrappers);
      const { kernels, object, probe, frames, batchSize } = experiment;
      const [data, sums] = [new DataTerm(experiment, noise), new Sums(experiment)];
      for (let from = 0; from < frames; from += batchSize) {
        const batch = experiment.load(everyFrame(frames).subarray(from, from + batchSize));
        sums.add(await data.change(experiment.predict(batch), kernels.numbers(batch.frames.length, 4)));
      }
      const gradient = { object: await kernels.read(sums.object), probe: await kernels.read(sums.probe) };
      for (const part of ["object", "probe"] as const) {
        const zero = {
          object: new Float64Array(gradient.object.length),
          probe: new Float64Array(gradient.probe.length),
        };
        const along = normal(part === "object" ? object : probe);
        const go = await walker(experiment, { ...zero, [part]: along });
        const at = async (t: number): Promise<number> => {
          go(t);
          return likelihood(experiment, noise);
        };
        const h = 1e-5;
        const [near, far] = [(await at(h)) - (await at(-h)), (await at(2 * h)) - (await at(-2 * h))];
        const slope = (8 * near - far) / (12 * h);
        go(0);
        const expected = -2 * inner(gradient[part], along);
        expect(Math.abs(slope - expected)).toBeLessThan(tolerances.engines.slope * Math.abs(expected));
      }
    },
  );
});

test.each([...scans, ["frames with light of their own", two, ["intensities", "blur"]] as const])(
  "the likelihood of Gaussian noise along a line is the polynomial, everywhere: %s",
  async (_, make, wrappers) => {
    const experiment = experimentOf(make(), wrappers);
    const { kernels, object, probe, frames, batchSize } = experiment;
    const by = { object: kernels.waves(object.shape), probe: kernels.waves(probe.shape) };
    const values = { object: normal(object).map((x) => 0.1 * x), probe: normal(probe).map((x) => 0.1 * x) };
    kernels.write(by.object, values.object);
    kernels.write(by.probe, values.probe);
    const polynomial = new Float64Array(9);
    const [line, data] = [new LineSearch(experiment), new DataTerm(experiment, "gaussian")];
    for (let from = 0; from < frames; from += batchSize)
      await line.add(everyFrame(frames).subarray(from, from + batchSize), data, by, polynomial);
    const go = await walker(experiment, values);
    for (const t of [0, 0.3, -1, 2.5]) {
      go(t);
      const there = await likelihood(experiment, "gaussian");
      expect(Math.abs(valueAt(polynomial, t) - there)).toBeLessThan(tolerances.engines.alongLine * there);
    }
  },
);

describe("the least of a polynomial", () => {
  it("is where it is least of all points from 0 on", () => {
    for (let trial = 0; trial < 50; trial++) {
      // The square of a polynomial of degree four, as the likelihood's is, which falls at 0.
      const root = Array.from({ length: 5 }, () => random.normal());
      root[1] = -Math.sign(root[0]) * Math.abs(root[1]);
      const square = Array.from({ length: 9 }, (_, n) =>
        root.reduce((sum, c, k) => sum + c * (root[n - k] ?? 0), n === 0 ? 1 : 0),
      );
      const found = leastFromZero(square);
      expect(found).toBeGreaterThan(0);
      let least = Number.POSITIVE_INFINITY;
      for (let t = 0; t < 50; t += 1e-3) least = Math.min(least, valueAt(square, t));
      expect(valueAt(square, found)).toBeLessThanOrEqual(least + 1e-9);
    }
  });

  it("is 0 where it rises, and the vertex of a parabola", () => {
    expect(leastFromZero([1, 0.5, 1, 0, 0, 0, 0, 0, 0])).toBe(0);
    expect(leastFromZero([1, -6, 2, 0, 0, 0, 0, 0, 0])).toBeCloseTo(1.5, 12);
  });

  it("is found where it lies many times as far away as slope and curvature say", () => {
    // (p(t)² + 1), p falling by little at first.
    const root = [
      0.6320585660741401, -0.005722457048787619, 0.5088832167340016, -0.6403587492639615, -0.295486410102121,
    ];
    const square = Array.from({ length: 9 }, (_, n) =>
      root.reduce((sum, c, k) => sum + c * (root[n - k] ?? 0), n === 0 ? 1 : 0),
    );
    const found = leastFromZero(square);
    // Beyond the top of the derivative, where p itself is 0.
    expect(found).toBeGreaterThan(1);
    expect(Math.abs(valueAt(root, found))).toBeLessThan(1e-6);
  });

  it("lies between the roots of the derivative that are known", () => {
    // (t − 1)(t − 2)(t + 3)
    const found = signChanges([6, -7, 0, 1], -10, 10);
    [-3, 1, 2].forEach((root, k) => {
      expect(found[k]).toBeCloseTo(root, 12);
    });
  });
});

test("the prior's gradient and its polynomial are those of differences, of all states", async () => {
  const kernels = float64Kernels();
  const [object, along, gradient] = [0, 1, 2].map(() => kernels.waves([1, 2, 9, 11]));
  const [o, h] = [normal(object), normal(along)];
  kernels.write(object, o);
  kernels.write(along, h);
  const prior = new Smoothness(kernels, object.shape, 0.7);
  const value = (t: number): number => {
    let sum = 0;
    for (const state of [0, 1]) {
      const at = (y: number, x: number, part: number): number => {
        const k = 2 * (11 * (9 * state + y) + x) + part;
        return o[k] + t * h[k];
      };
      for (let y = 0; y < 9; y++)
        for (let x = 0; x < 11; x++)
          for (let part = 0; part < 2; part++) {
            if (y < 8) sum += (at(y + 1, x, part) - at(y, x, part)) ** 2;
            if (x < 10) sum += (at(y, x + 1, part) - at(y, x, part)) ** 2;
          }
    }
    return 0.7 * sum;
  };
  prior.addGradient(gradient, object);
  const slope = -2 * inner(await kernels.read(gradient), h);
  expect(slope).toBeCloseTo((value(1) - value(-1)) / 2, 9);
  const polynomial = new Float64Array(9);
  await prior.add(object, along, polynomial);
  for (const t of [0.5, -2]) expect(valueAt(polynomial, t)).toBeCloseTo(value(t) - value(0), 9);
});

async function reconstructed(problem: Problem, epochs: number, stated = {}) {
  const kernels = await nodeKernels({ threads: 1 });
  const experiment = new Experiment(kernels, problem.scan, { batchSize: 16, subPixel: "whole" });
  const run = ml.init(experiment, completeSettings(ml, stated));
  const reports = await runEpochs(run, experiment, epochs);
  return { error: await complexError(experiment, problem), experiment, run, reports };
}

describe("on simulated scans", () => {
  it("Poisson's likelihood does better than Gaussian noise of intensities where photons are few", async () => {
    const noisy = simulatedProblem({ patterns: 144, step: 3, photons: 1e3 });
    const [gaussian, poisson] = [await reconstructed(noisy, 30, { noise: "gaussian" }), await reconstructed(noisy, 30)];
    expect(poisson.error).toBeLessThan(0.12);
    expect(poisson.error).toBeLessThan(0.6 * gaussian.error);
  });

  test.each(["illumination", "balance", "none"])(
    "the misfit falls with the preconditioner %s",
    async (preconditioner) => {
      const problem = simulatedProblem({ patterns: 144, step: 3 });
      const start = withProbe(problem, spoiltProbe(problem.probe));
      const { error, reports } = await reconstructed(start, 30, { preconditioner });
      expect(error).toBeLessThan(preconditioner === "illumination" ? 0.01 : 0.06);
      expect(reports[29].error).toBeLessThan(0.2 * reports[0].error);
    },
  );

  it("finds two modes", async () => {
    const two = simulatedProblem({ patterns: 144, step: 3, modes: 2 });
    const { error, experiment } = await reconstructed(withProbe(two, spoiltProbe(two.probe)), 30);
    expect(error).toBeLessThan(0.01);
    expect(await modeFidelity(experiment, two)).toBeGreaterThan(0.99);
  });

  it("threads make no difference", async () => {
    const problem = simulatedProblem({ patterns: 49, photons: 1e4 });
    const objects = await Promise.all(
      [1, 2].map(async (threads) => {
        const kernels = await nodeKernels({ threads });
        const experiment = new Experiment(kernels, problem.scan, { batchSize: 16, subPixel: "bilinear" });
        const settings = { smoothness: 0.1 };
        await runEpochs(ml.init(experiment, completeSettings(ml, settings)), experiment, 3);
        const object = Float64Array.from(await kernels.read(experiment.object));
        await kernels.close();
        return object;
      }),
    );
    expect(objects[1]).toEqual(objects[0]);
  });

  it("a probe that is to stay stays", async () => {
    const problem = simulatedProblem({ patterns: 49 });
    const { experiment } = await reconstructed(problem, 3, { probeStep: 0 });
    expect(Array.from(await experiment.kernels.read(experiment.probe))).toEqual([...problem.probe.data]);
  });

  it("finds intensities that jitter by a tenth, and the object behind them", async () => {
    const problem = simulatedProblem({ patterns: 144, step: 3 });
    const jitter = Float64Array.from({ length: 144 }, () => 1 + 0.1 * random.normal());
    const flickering = spoilt(problem, (amplitudes, frame) => {
      amplitudes.forEach((value, i) => {
        amplitudes[i] = value * Math.sqrt(jitter[frame]);
      });
    });
    const kernels = await nodeKernels({ threads: 1 });
    const fixed = await reconstructed(flickering, 50);
    const { experiment, memory } = await wrapped(kernels, flickering, {
      ...{ wrappers: ["intensities"], epochs: 50, engine: "ml" },
    });
    expect(await complexError(experiment, problem)).toBeLessThan(0.3 * fixed.error);
    const found = (memory[0]["amplitudes"] as Float64Array).map((value) => value * value);
    const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    const [ofFound, ofTrue] = [mean(found), mean(jitter)];
    const off = jitter.map((value, k) => (found[k] / ofFound - value / ofTrue) ** 2);
    expect(Math.sqrt(mean(off))).toBeLessThan(tolerances.engines.floatingIntensity);
    await kernels.close();
  });

  it("a prior of smoothness betters a smooth object in noise", async () => {
    const noisy = simulatedProblem({ patterns: 144, step: 3, photons: 300, smoothing: 3 });
    const [plain, smooth] = await Promise.all(
      [0, 3].map((smoothness) => reconstructed(noisy, 30, { smoothness, probeStep: 0 })),
    );
    expect(smooth.error).toBeLessThan(0.8 * plain.error);
  });

  it("takes frames with light of their own, a detector that blurs and a background into account", async () => {
    const problem = simulatedProblem({ patterns: 64, objectSize: [64, 64] });
    const { height, width } = problem.scan.amplitudes;
    const spoiled = spoilt(problem, (amplitudes, frame) => {
      const intensity = gaussianFilter(
        amplitudes.map((value) => (1 + 0.1 * Math.sin(5 * frame)) * value * value),
        [height, width],
        0.5,
      );
      amplitudes.set(intensity.map((value) => Math.sqrt(value + 0.02)));
    });
    const kernels = await nodeKernels({ threads: 1 });
    const error = async (wrappers: readonly string[]): Promise<number> => {
      const { experiment } = await wrapped(kernels, spoiled, { wrappers, epochs: 40, engine: "ml" });
      return complexError(experiment, problem);
    };
    const [without, known] = [await error([]), await error(["intensities", "blur", "background"])];
    expect(known).toBeLessThan(without / 2);
    await kernels.close();
  });
});
