import { Experiment } from "../../../src/engines/experiment.ts";
import { describeKernels } from "../../../src/engines/kernels/describe.ts";
import type { Kernels } from "../../../src/engines/kernels/kernels.ts";
import { engineNamed } from "../../../src/engines/registry.ts";
import { completeSettings } from "../../../src/engines/settings.ts";
import {
  resimulated,
  runEpochs,
  simulatedProblem,
  spoiltProbe,
  withProbe,
  withTrueObject,
} from "../../engines/problem.ts";

/** What an engine makes of the same small scan on any kernels. */
export interface EngineFindings {
  readonly where: string;
  readonly object: readonly number[];
  readonly probe: readonly number[];
  readonly misfits: readonly number[];
}

/** Two epochs of LSQML from the true object and a wrong probe. */
export async function reconstructWith(kernels: Kernels): Promise<EngineFindings> {
  const truth = resimulated(simulatedProblem({ patterns: 16, objectSize: [40, 40], n: 16, modes: 2 }), {
    between: true,
  });
  const { scan } = withProbe(withTrueObject(truth), spoiltProbe(truth.probe));
  const experiment = new Experiment(kernels, scan, { batchSize: 16, subPixel: "bilinear" });
  const engine = engineNamed("lsqml");
  const reports = await runEpochs(engine.init(experiment, completeSettings(engine)), experiment, 2);
  const findings = {
    where: describeKernels(kernels),
    object: Array.from(await kernels.read(experiment.object)),
    probe: Array.from(await kernels.read(experiment.probe)),
    misfits: reports.map(({ error }) => error),
  };
  await kernels.close();
  return findings;
}
