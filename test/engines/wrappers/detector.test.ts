import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Experiment } from "../../../src/engines/experiment.ts";
import type { Images, Kernels } from "../../../src/engines/kernels/kernels.ts";
import { misfitOf } from "../../../src/engines/misfit.ts";
import { completeSettings } from "../../../src/engines/settings.ts";
import type { Optics } from "../../../src/engines/wrapperRun.ts";
import { wrapperNamed } from "../../../src/engines/wrappers/registry.ts";
import { gaussianFilter } from "../../../src/numerics/gaussianFilter.ts";
import { periodicGaussian } from "../../../src/numerics/periodicGaussian.ts";
import { Random } from "../../../src/random.ts";
import { tolerances } from "../../tolerances.ts";
import { homes } from "../kernels/homes.ts";
import {
  complexError,
  distance,
  everyFrame,
  type Problem,
  simulatedProblem,
  spoilt,
  withTrueObject,
} from "../problem.ts";
import { reconstructed } from "./reconstructed.ts";

const SIGMA = 0.7;

/** The same scan on a detector that spreads light, computed in space, and counts photons where a dose is said. */
function blurred(problem: Problem, sigma: number, noisy = false): Problem {
  const { height, width } = problem.scan.amplitudes;
  const { countsPerUnit } = problem.scan;
  return spoilt(problem, (amplitudes, frame) => {
    const random = new Random(frame);
    const intensity = gaussianFilter(
      amplitudes.map((value) => value * value),
      [height, width],
      sigma,
    );
    const counted = noisy ? intensity.map((value) => random.poisson(value * countsPerUnit) / countsPerUnit) : intensity;
    amplitudes.set(counted.map(Math.sqrt));
  });
}

describe.each(Object.entries(homes))("blur on %s", (name, open) => {
  let kernels: Kernels;
  beforeEach(async () => {
    kernels = await open();
  });
  afterEach(() => kernels.close());

  const rounding = name === "float64" ? tolerances.engines.sameNumbers : tolerances.engines.sameSingles;
  const opticsOn = (problem: Problem, sigma: number): { optics: Optics; experiment: Experiment } => {
    const experiment = new Experiment(kernels, problem.scan, { batchSize: 5, subPixel: "whole" });
    const wrapper = wrapperNamed("blur");
    const run = wrapper.init(experiment, completeSettings(wrapper, { blurSigma: sigma }));
    experiment.wrap([run]);
    return { optics: run.optics as Optics, experiment };
  };
  const images = (
    random: Random,
    [frames, side]: readonly [number, number],
  ): { held: Images; values: Float64Array } => {
    const held = kernels.images([frames, 1, side, side]);
    const values = Float64Array.from({ length: frames * side * side }, () => random.uniform());
    kernels.write(held, values);
    return { held, values };
  };

  test("its adjoint has the same inner products, and it is a Gaussian that keeps the light", async () => {
    const { optics, experiment } = opticsOn(simulatedProblem({ patterns: 9, n: 27 }), SIGMA);
    const batch = experiment.load(everyFrame(2));
    const random = new Random(5);
    const [x, y] = [images(random, [2, 27]), images(random, [2, 27])];
    optics.detector?.(x.held, batch);
    optics.detectorAdjoint?.(y.held, batch, { explained: true, length: 1 });
    const [ofX, ofY] = [await kernels.read(x.held), await kernels.read(y.held)].map((read) => Float64Array.from(read));
    const product = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i], 0);
    expect(Math.abs(product(ofX, y.values) / product(x.values, ofY) - 1)).toBeLessThan(rounding);

    // A spot in the middle, whose tails end before the edge, blurs as in space; on the host too.
    const spot = new Float64Array(27 * 27);
    spot[13 * 27 + 13] = 1;
    kernels.write(x.held, Float64Array.from([...spot, ...spot]));
    optics.detector?.(x.held, batch);
    const inSpace = gaussianFilter(spot, [27, 27], SIGMA);
    const found = Float64Array.from(await kernels.read(x.held));
    expect(distance(found, [...inSpace, ...inSpace])).toBeLessThan(rounding);
    expect(found.every((value) => value >= 0)).toBe(true);
    periodicGaussian([27, 27], SIGMA)(spot);
    expect(distance(spot, inSpace)).toBeLessThan(tolerances.engines.sameNumbers);
  });

  test("dark pixels stay numbers", async () => {
    const { experiment } = opticsOn(simulatedProblem({ patterns: 9 }), SIGMA);
    kernels.fill(experiment.object, 0);
    const { error, deviance } = await misfitOf(experiment, everyFrame(experiment.frames));
    expect(error).toBeCloseTo(1);
    expect(Number.isFinite(deviance)).toBe(true);
  });
});

test("patterns of a detector that blurs reconstruct nearly as well as sharp ones", async () => {
  const kernels = await (homes["wasm"] ?? homes["float64"])();
  const problem = simulatedProblem();
  const soft = blurred(problem, SIGMA);
  const truth = new Experiment(kernels, withTrueObject(soft).scan, { batchSize: 16, subPixel: "whole" });
  const wrapper = wrapperNamed("blur");
  truth.wrap([wrapper.init(truth, completeSettings(wrapper, { blurSigma: SIGMA }))]);
  // In space the rim reflects, in the transform it wraps: there is hardly any light.
  expect((await misfitOf(truth, everyFrame(truth.frames))).error).toBeLessThan(2e-3);

  const error = async (of: Problem, wrappers: readonly string[]): Promise<number> => {
    const { experiment } = await reconstructed(kernels, of, { wrappers, epochs: 30, settings: { blurSigma: SIGMA } });
    return complexError(experiment, problem);
  };
  const [sharp, ignored, known] = [
    await error(blurred(problem, 0, true), []),
    await error(blurred(problem, SIGMA, true), []),
    await error(blurred(problem, SIGMA, true), ["blur"]),
  ];
  expect(known).toBeLessThan(1.1 * sharp);
  expect(known).toBeLessThan(ignored / 2);
  await kernels.close();
});
