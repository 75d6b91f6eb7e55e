import { parseSettings } from "../src/config/schema.ts";
import type { Dataset } from "../src/data/dataset.ts";
import { createAssembler } from "../src/inference/assemble.ts";
import { planCanvas } from "../src/inference/canvas.ts";
import { probeWeights } from "../src/inference/patchWeights.ts";
import { predictionSource } from "../src/inference/predictionSource.ts";
import { loadPredictor } from "../src/inference/predictor.ts";
import { predictPatches } from "../src/inference/predictPatches.ts";
import { toReconstruction } from "../src/inference/reconstruction.ts";
import type { Metrics } from "../src/metrics/evaluate.ts";
import type { ParameterValues } from "../src/nets/parameters.ts";
import { batchWorkers } from "../src/node/workers/batchWorkers.ts";
import { compareWithReference, type Reference } from "../src/runs/evaluate.ts";
import { chooseRuntime } from "../src/runtime/node/accelerator.ts";
import type { Problem } from "./problem.ts";

/**
 * How good weights are, whoever trained them: the scan is reconstructed as `ptychonaut infer --phase_alignment
 * --middle_trim 3N/4` does it, and compared with the reference as `ptychonaut evaluate` does.
 * @param reference the true object, or the best that there is
 */
export async function judge(
  weights: ParameterValues,
  { model, batch }: Pick<Problem, "model" | "batch">,
  dataset: Dataset,
  reference: Reference,
): Promise<Metrics> {
  const data = { ...parseSettings("data"), subsampleSeed: 0, neighborCount: 4 };
  const { source } = predictionSource(dataset, data, model.gridsize, null);
  const { groups } = source;
  const { positions } = dataset;
  const trim = (3 * model.N) / 4;
  const assembler = createAssembler({
    canvas: planCanvas(positions, trim),
    trim,
    weights: probeWeights(dataset.probe, trim),
    phaseAlignment: true,
    patches: groups.count * groups.size,
  });
  const predictor = await loadPredictor(await chooseRuntime("cpu"), model, weights, batch);
  const loader = batchWorkers(source);
  try {
    await predictPatches({ groups, positions, loader, predictor, assembler });
  } finally {
    await loader.close();
    await predictor.dispose();
  }
  const reconstruction = toReconstruction((await assembler.finish()).stitched, positions);
  return compareWithReference(reconstruction, reference);
}
