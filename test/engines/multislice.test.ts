import { afterEach, describe, expect, it } from "vitest";
import { splitComplex } from "../../src/arrays.ts";
import { Experiment } from "../../src/engines/experiment.ts";
import { float64Kernels } from "../../src/engines/kernels/float64.ts";
import type { Kernels } from "../../src/engines/kernels/kernels.ts";
import { engineNamed } from "../../src/engines/registry.ts";
import type { Slices } from "../../src/engines/scan.ts";
import { completeSettings } from "../../src/engines/settings.ts";
import { Graph } from "../../src/graph/tensor.ts";
import { nodeKernels } from "../../src/node/kernels.ts";
import { multisliceExit } from "../../src/physics/multislice.ts";
import { nearField } from "../../src/physics/propagation/nearField.ts";
import { Random } from "../../src/random.ts";
import { dot, norm, normals, testRuntime } from "../evaluate.ts";
import { program64 } from "../float64.ts";
import { complexConstant } from "../physics/inputs.ts";
import { planMultislice } from "../physics/planMultislice.ts";
import { tolerances } from "../tolerances.ts";
import { homes } from "./kernels/homes.ts";
import { everyFrame, runEpochs } from "./problem.ts";
import { expectSlopesOf } from "./slopes.ts";
import { slicePhases, thickProblem } from "./thickProblem.ts";

const three: Slices = { count: 3, between: { travel: 15, wavelength: 0.05 } };
const small = { n: 16, rows: 3, step: 4 };

let kernels: Kernels;
afterEach(() => kernels.close());

describe("waves through slices", () => {
  it("graph and float64 form agree, mode by mode", async () => {
    kernels = float64Kernels();
    const [n, random] = [12, new Random(3)];
    const waves = Array.from({ length: 5 }, () => normals(random, 2 * n * n));
    const [slices, modes] = [waves.slice(0, 3), waves.slice(3)];
    const graph = new Graph();
    const between = nearField(three.between);
    const constant = (shape: readonly number[], data: Float32Array) =>
      complexConstant(graph, shape, splitComplex({ shape, data }));
    const probe = constant([2, n, n], Float32Array.from(modes.flatMap((mode) => [...mode])));
    const exits = multisliceExit(
      slices.map((slice) => constant([1, n, n], slice)),
      probe,
      between,
    );
    const program = await program64({ ...exits });
    const { re, im } = await program.run({});
    await program.dispose();
    const through = planMultislice(between.plan([n, n]));
    modes.forEach((mode, m) => {
      const expected = through(slices, mode);
      const off = expected.map((value, i) => value - (i % 2 === 0 ? re : im)[m * n * n + (i >> 1)]);
      expect(norm(off)).toBeLessThan(tolerances.float32Rounding * norm(expected));
    });
  });

  it.each(Object.entries(homes))("%s kernels expect what the true slices make", async (_, open) => {
    kernels = await open();
    const { scan, object } = thickProblem(three, small);
    const experiment = new Experiment(
      kernels,
      { ...scan, object: { values: object, origin: [0, 0] } },
      { batchSize: 9, subPixel: "whole" },
    );
    const { misfit, slices } = await experiment.change(experiment.load(everyFrame(9)), "gaussian");
    expect(slices).toHaveLength(3);
    const sums = await kernels.read(misfit);
    for (let frame = 0; frame < 9; frame++)
      expect(Math.sqrt(sums[4 * frame] / sums[4 * frame + 1])).toBeLessThan(tolerances.float32Rounding);
    experiment.release();
    expect(kernels.heldBytes).toBe(0);
  });
});

it("what slices and probe are asked for is the slope of the misfit, by differences", async () => {
  kernels = float64Kernels();
  const { scan } = thickProblem(three, small);
  const experiment = new Experiment(kernels, scan, { batchSize: 9, subPixel: "whole" });
  await expectSlopesOf(experiment, everyFrame(9));
});

/** Σ a b / √(Σ a² Σ b²) */
const correlation = (a: Float64Array, b: Float64Array): number => dot(a, b) / (norm(a) * norm(b));

describe("two slices are told apart, from nothing but a scan", () => {
  const settings: readonly [name: string, Record<string, string | number>, epochs: number][] = [
    ["rpie", { objectStep: 2 }, 15],
    ["rpie", { objectStep: 2, batchSize: 8 }, 15],
    ["lsqml", {}, 15],
    ["lsqml", { probeStart: 0 }, 20],
    ["lsqml", { noise: "poisson", batching: "compact" }, 25],
    ["ad", {}, 25],
    ["ad", { optimizer: "lbfgs", batchSize: 72 }, 35],
  ];
  it.each(settings)("%s %o", async (name, stated, epochs) => {
    const engine = engineNamed(name);
    kernels = await nodeKernels({ threads: 1 });
    const problem = thickProblem({ count: 2, between: { travel: 20, wavelength: 0 } });
    const options = { batchSize: 16, subPixel: "whole", runtime: testRuntime } as const;
    const experiment = new Experiment(kernels, problem.scan, options);
    const run = engine.init(experiment, completeSettings(engine, { probeStart: 1000, ...stated }));
    await runEpochs(run, experiment, epochs);
    const { found, truth } = await slicePhases(experiment, problem);
    for (const slice of [0, 1]) {
      // What is coarse the probe may have instead of the first slice.
      const bound = stated["probeStart"] === 0 ? 0.98 : 0.99;
      expect(correlation(found[slice], truth[slice])).toBeGreaterThan(bound);
      expect(Math.abs(correlation(found[slice], truth[1 - slice]))).toBeLessThan(0.05);
    }
    await run.release();
  });
});
