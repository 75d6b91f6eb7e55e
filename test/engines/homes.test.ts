import { afterAll, describe, expect, test } from "vitest";
import { Experiment } from "../../src/engines/experiment.ts";
import { float64Kernels } from "../../src/engines/kernels/float64.ts";
import type { Kernels } from "../../src/engines/kernels/kernels.ts";
import { engineNamed, engineNames } from "../../src/engines/registry.ts";
import { completeSettings } from "../../src/engines/settings.ts";
import { tolerances } from "../tolerances.ts";
import { homes, openWebgpu, webgpuMissing } from "./kernels/homes.ts";
import {
  distance,
  type Problem,
  resimulated,
  runEpochs,
  simulatedProblem,
  spoiltProbe,
  withProbe,
  withTrueObject,
} from "./problem.ts";

/** From the true object and a wrong probe: where hardly any light is expected, as behind a flat object, phases are rounding. */
const truth = resimulated(simulatedProblem({ patterns: 36, objectSize: [56, 56], modes: 2 }), { between: true });
const problem = withProbe(withTrueObject(truth), spoiltProbe(truth.probe));
const open: Kernels[] = [];
afterAll(() => Promise.all(open.map((kernels) => kernels.close())));

async function reconstructed(name: string, { scan }: Problem, kernels: Kernels, epochs: number): Promise<number[]> {
  open.push(kernels);
  const experiment = new Experiment(kernels, scan, { batchSize: 16, subPixel: "bilinear" });
  const engine = engineNamed(name);
  await runEpochs(engine.init(experiment, completeSettings(engine)), experiment, epochs);
  return [...(await kernels.read(experiment.object)), ...(await kernels.read(experiment.probe))];
}

/** Engines whose operations are all the kernels'. */
describe.each(["epie", "rpie", "dm", "raar", "ap"])("%s", (name) => {
  test("is the same in float64 and in WebAssembly, and to the last bit on two threads", async () => {
    const [oracle, one, two] = await Promise.all(
      ["float64", "wasm", "wasm, 2 threads"].map(async (home) => reconstructed(name, problem, await homes[home](), 3)),
    );
    expect(distance(one, oracle)).toBeLessThan(tolerances.engines.singlePrecision);
    expect(two).toEqual(one);
  });
});

const onKernels = engineNames.filter((name) => engineNamed(name).inGraphs !== true);
const missing = webgpuMissing === undefined ? "" : `: ${webgpuMissing}`;

describe.skipIf(webgpuMissing !== undefined)(`on WebGPU${missing}`, () => {
  const original = resimulated(simulatedProblem({ patterns: 16, objectSize: [40, 40], n: 16, modes: 2 }), {
    between: true,
  });
  const small = withProbe(withTrueObject(original), spoiltProbe(original.probe));
  const start = [...small.scan.probe.data];

  test.each(onKernels)("%s, unchanged, is the same as in float64, and to the last bit each time", async (name) => {
    const oracle = await reconstructed(name, small, float64Kernels(), 2);
    const found = await reconstructed(name, small, await openWebgpu(), 2);
    expect(distance(found, oracle)).toBeLessThan(tolerances.engines.singlePrecision);
    const probe = oracle.slice(-start.length);
    expect(distance(start, probe)).toBeGreaterThan(100 * tolerances.engines.singlePrecision);
    expect(await reconstructed(name, small, await openWebgpu(), 2)).toEqual(found);
  });
});
