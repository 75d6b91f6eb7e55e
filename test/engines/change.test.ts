import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Experiment } from "../../src/engines/experiment.ts";
import { float64Kernels } from "../../src/engines/kernels/float64.ts";
import { type LikelihoodKind, POISSON_DARK, type Waves } from "../../src/engines/kernels/kernels.ts";
import { Sums } from "../../src/engines/sums.ts";
import { everyFrame, resimulated, simulatedProblem, spoiltProbe, withProbe } from "./problem.ts";

const whole = simulatedProblem({ patterns: 9, objectSize: [44, 44], n: 24, modes: 2 });
const between = resimulated(whole, {
  window: [20, 23],
  between: true,
  mask: Float32Array.from({ length: 20 * 23 }, (_, i) => (i % 7 === 2 ? 0 : 1)),
});

/**
 * The number that χ is downhill of, by its place in the misfits; half its gradient over Σ P* χ; and how exactly: the deviance has
 * ε beside the expected light in its numerator too, which is up to √ε / 2 = 5e-4 of a frame.
 */
const objectives: readonly (readonly [LikelihoodKind, misfit: 0 | 2, factor: number, off: number])[] = [
  ["gaussian", 0, -1, 1e-6],
  ["poisson", 2, -2, 9 * 5e-4],
];

describe.each([
  ["whole pixels, two modes", whole],
  ["between pixels, in oblong windows with a mask", between],
])("χ and its adjoints: %s", (_, problem) => {
  let experiment: Experiment;
  let sums: Sums;
  beforeEach(() => {
    const wrong = withProbe(problem, spoiltProbe(problem.probe));
    const options = {
      batchSize: 9,
      subPixel: "bilinear",
      readOutCounts: POISSON_DARK * problem.scan.countsPerUnit,
    } as const;
    experiment = new Experiment(float64Kernels(), wrong.scan, options);
    sums = new Sums(experiment);
  });
  afterEach(() => experiment.kernels.close());

  const misfit = async (likelihood: LikelihoodKind, which: 0 | 2): Promise<number> => {
    const { kernels } = experiment;
    const change = await experiment.change(experiment.load(everyFrame(9)), likelihood);
    const misfits = await kernels.read(change.misfit);
    return Array.from(misfits).reduce((sum, value, k) => sum + (k % 4 === which ? value : 0), 0);
  };

  describe.each(objectives)("%s", (likelihood, which, factor, off) => {
    test.each(["object", "probe"] as const)("are the slope of the misfit in the %s", async (name) => {
      const { kernels } = experiment;
      const wave: Waves = experiment[name];
      sums.clear();
      sums.add(await experiment.change(experiment.load(everyFrame(9)), likelihood));
      const downhill = await kernels.read(sums[name]);
      const values = Float64Array.from(await kernels.read(wave));
      // Where there is light: elsewhere every slope is rounding.
      const middle = 2 * (Math.floor(wave.shape[2] / 2) * wave.shape[3] + Math.floor(wave.shape[3] / 2));
      for (const at of [middle, middle + 1, middle - 2, middle + 7]) {
        const step = 1e-5;
        const moved = (by: number): Promise<number> => {
          kernels.write(wave, values.with(at, values[at] + by));
          return misfit(likelihood, which);
        };
        const [up, down] = [await moved(step), await moved(-step)];
        kernels.write(wave, values);
        const numeric = (up - down) / (2 * step);
        expect(Math.abs(numeric)).toBeGreaterThan(1e-3);
        expect(Math.abs(numeric - 2 * factor * downhill[at])).toBeLessThan(off * (1 + Math.abs(numeric)));
      }
    });
  });
});
