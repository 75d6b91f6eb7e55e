import { afterAll, describe, expect, test } from "vitest";
import { Experiment } from "../../src/engines/experiment.ts";
import type { Kernels } from "../../src/engines/kernels/kernels.ts";
import { engineNamed } from "../../src/engines/registry.ts";
import { completeSettings } from "../../src/engines/settings.ts";
import { tolerances } from "../tolerances.ts";
import { homes } from "./kernels/homes.ts";
import {
  distance,
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

/** Engines whose operations are all the kernels'. */
describe.each(["epie", "rpie", "dm", "raar", "ap"])("%s", (name) => {
  async function reconstructed(home: string): Promise<number[]> {
    const kernels = await homes[home]();
    open.push(kernels);
    const experiment = new Experiment(kernels, problem.scan, { batchSize: 16, subPixel: "bilinear" });
    const engine = engineNamed(name);
    await runEpochs(engine.init(experiment, completeSettings(engine)), experiment, 3);
    return [...(await kernels.read(experiment.object)), ...(await kernels.read(experiment.probe))];
  }

  test("is the same in float64 and in WebAssembly, and to the last bit on two threads", async () => {
    const [oracle, one, two] = await Promise.all(["float64", "wasm", "wasm, 2 threads"].map(reconstructed));
    expect(distance(one, oracle)).toBeLessThan(tolerances.engines.singlePrecision);
    expect(two).toEqual(one);
  });
});
