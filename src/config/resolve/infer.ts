import { onlyScan } from "../../data/scanNumbers.ts";
import { PtychonautError } from "../../errors.ts";
import type { DataConfig } from "../dataConfig.ts";
import type { BundleHeader, FileProbe } from "../fileProbe.ts";
import { type Layer, type Merged, mergeLayers, sameValue, settingsOf } from "../merge.ts";
import type { ModelConfig } from "../modelConfig.ts";
import { snakeCase } from "../names.ts";
import { deepFreeze } from "../parse.ts";
import type { InferencePayload, InferenceRequest } from "../payload.ts";
import { parseRefinement } from "../refinement.ts";
import { checkData, checkExecution, checkInference } from "../rules.ts";
import { groupOf, parseSettings } from "../schema.ts";
import { workOf } from "../stages.ts";
import { completeData, completeExecution, completeInference } from "./complete.ts";
import { checkCount, patternSide, skippedOfSeveral } from "./scanFit.ts";
import { layersOf, originsOf } from "./sources.ts";
import { readAsTrained } from "./trainedReading.ts";

/** How groups are made, which inference takes over from the training that made the bundle, unless it is said otherwise. */
const grouping: readonly (keyof DataConfig)[] = [
  "neighborFunction",
  "neighborCount",
  "quadrantNeighborCount",
  "minNeighborDistance",
  "maxNeighborDistance",
  "gridStep",
];

/**
 * Resolves and checks everything that a reconstruction depends on, before anything runs. The network is the bundle's:
 * a model setting may be repeated but not changed. How the training's scan was read is taken only
 * for a file that cannot be read otherwise, and said (`readAsTrained`).
 * @throws PtychonautError naming the setting, what was expected and what was found; "bundle" if it does not fit the data.
 */
export async function resolveInferencePayload(request: InferenceRequest, files: FileProbe): Promise<InferencePayload> {
  return resolveOn(request, files, (scans) => onlyScan(scans, request.testDataFile));
}

/**
 * As `resolveInferencePayload`, one for each scan that the file holds: of several each has a folder of its own,
 * `scan_` and its number, in the output folder.
 */
export async function resolveInferencePayloads(
  request: InferenceRequest,
  files: FileProbe,
): Promise<readonly InferencePayload[]> {
  let found: readonly number[] = [];
  const whole = await resolveOn(request, files, (scans) => {
    found = scans;
  });
  if (found.length < 2) return [whole];
  if (whole.data.skipFrames !== null) throw skippedOfSeveral(whole.data.skipFrames);
  const payloads: InferencePayload[] = [];
  for (const scanIndex of found) {
    const outputDir = `${request.outputDir}/scan_${scanIndex}`;
    payloads.push(
      await resolveInferencePayload({ ...request, outputDir, overrides: { ...request.overrides, scanIndex } }, files),
    );
  }
  return payloads;
}

async function resolveOn(
  request: InferenceRequest,
  files: FileProbe,
  onScans: (scans: readonly number[]) => void,
): Promise<InferencePayload> {
  const given = layersOf(request, "inference");
  const bundle = await files.bundleHeader(request.modelPath);
  const said = mergeLayers(given);
  const trained = bundleLayer(bundle, said);
  const before = mergeLayers([...given, trained]);
  const execution = parseSettings("execution", settingsOf(before, "execution"));
  const reading = parseSettings("data", settingsOf(before, "data"));
  const inferenceSettings = parseSettings("inference", settingsOf(before, "inference"));
  checkExecution(execution);
  await files.checkAccelerator(execution.accelerator);
  if (inferenceSettings.refine !== null)
    await files.checkAccelerator(execution.accelerator, workOf(parseRefinement(inferenceSettings.refine).engine));
  const { model } = bundle;
  checkAgainstBundle(said, model);
  const { header, taken, notes } = await readAsTrained(request.testDataFile, reading, said, bundle, files);
  const merged = mergeLayers([...given, { source: "bundle", settings: taken }, trained]);
  const dataSettings = parseSettings("data", settingsOf(merged, "data"));
  patternSide(header, model.N, request.testDataFile, "bundle");
  const { scans = [] } = header;
  onScans(scans);
  const { seed } = parseSettings("training");
  const data = completeData(dataSettings, model.gridsize, seed, header.photonsPerPattern);
  const inference = completeInference(inferenceSettings, model.N);
  checkData(data, model.gridsize);
  checkInference(inference, model);
  checkCount("nPatterns", inference.nPatterns, header);
  // Of several scans each has a folder of its own.
  if (scans.length < 2)
    await files.prepareFolder(request.outputDir, {
      command: "infer",
      inputs: [request.modelPath, request.testDataFile, ...(request.alsoRead ?? [])],
      overwrite: request.overwrite,
    });
  return deepFreeze({
    kind: "inference",
    modelPath: request.modelPath,
    testDataFile: request.testDataFile,
    outputDir: request.outputDir,
    model,
    data,
    inference,
    execution: completeExecution(execution, bundle.batchSize),
    overridden: originsOf(merged, "inference", { nphotons: [data.nphotons, "metadata"] }),
    notes,
  });
}

/** Of neighbours found in another way, the training's numbers say nothing. */
function bundleLayer({ data }: BundleHeader, said: Merged): Layer {
  const rule = said.get("neighborFunction")?.value ?? data.neighborFunction;
  const names: (keyof DataConfig)[] = [...(rule === data.neighborFunction ? grouping : []), "subsampleSeed"];
  const settings = Object.fromEntries(names.filter((name) => data[name] !== undefined).map((n) => [n, data[n]]));
  return { source: "bundle", settings };
}

function checkAgainstBundle(given: Merged, model: ModelConfig): void {
  const trained = new Map<string, unknown>(Object.entries(model));
  for (const [name, { value, source }] of given) {
    if (source !== "override" || groupOf(name) !== "model") continue;
    if (value === null || sameValue(value, trained.get(name))) continue;
    throw new PtychonautError("bundle", `${snakeCase(name)} differs from what the model was trained with`, {
      expected: JSON.stringify(trained.get(name)),
      got: JSON.stringify(value),
    });
  }
}
