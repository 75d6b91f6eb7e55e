import { describe, expect, it } from "vitest";
import { ad } from "../../src/engines/ad.ts";
import { Experiment } from "../../src/engines/experiment.ts";
import { float64Kernels } from "../../src/engines/kernels/float64.ts";
import { completeSettings } from "../../src/engines/settings.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { norm, testRuntime } from "../evaluate.ts";
import { softwareGpu } from "../runtime/softwareGpu.ts";
import { tolerances } from "../tolerances.ts";
import { runEpochs, simulatedProblem } from "./problem.ts";

const gpu = await softwareGpu();

describe.skipIf(typeof gpu === "string")(`engine ad on WebGPU${typeof gpu === "string" ? `: ${gpu}` : ""}`, () => {
  const problem = simulatedProblem({ patterns: 16, objectSize: [36, 36], n: 16, modes: 2 });
  const reconstructed = async (runtime: Runtime, optimizer: string): Promise<Float64Array> => {
    const options = { batchSize: 16, subPixel: "bilinear", runtime } as const;
    const experiment = new Experiment(float64Kernels(), problem.scan, options);
    const run = ad.init(experiment, completeSettings(ad, { optimizer, batchSize: 8 }));
    await runEpochs(run, experiment, 2);
    await run.release();
    return Float64Array.from(await experiment.kernels.read(experiment.object));
  };

  it.each(["adam", "lbfgs"])("%s moves the object as on the processor", async (optimizer) => {
    const expected = await reconstructed(testRuntime, optimizer);
    const found = await reconstructed(gpu as Runtime, optimizer);
    const off = found.map((value, i) => value - expected[i]);
    expect(norm(off)).toBeLessThan(tolerances.gpuTrainingSteps * norm(expected));
    expect(norm(expected.map((value, i) => value - (i % 2 === 0 ? 1 : 0)))).toBeGreaterThan(1);
  });
});
