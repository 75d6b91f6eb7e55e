import { onlyScan } from "../../data/scanNumbers.ts";
import { PtychonautError } from "../../errors.ts";
import type { FileProbe } from "../fileProbe.ts";
import { type Layer, mergeLayers, sameValue, settingsOf, withProfile } from "../merge.ts";
import type { ModelConfig } from "../modelConfig.ts";
import { snakeCase } from "../names.ts";
import { deepFreeze } from "../parse.ts";
import type { TrainingPayload, TrainingRequest } from "../payload.ts";
import { checkData, checkExecution, checkHoldingBack, checkModel, checkTraining, networkSettings } from "../rules.ts";
import { parseSettings } from "../schema.ts";
import { completeData, completeModel, completeTraining } from "./complete.ts";
import { checkCount, patternSide, skippedOfSeveral } from "./scanFit.ts";
import { layersOf, originsOf } from "./sources.ts";

/**
 * Resolves and checks everything that a training run depends on, before anything runs: N comes from the data, the dose
 * from its metadata, and the output directory exists and is writable afterwards.
 * @throws PtychonautError naming the setting, what was expected and what was found.
 */
export async function resolveTrainingPayload(request: TrainingRequest, files: FileProbe): Promise<TrainingPayload> {
  const given = withProfile(layersOf(request, "training"));
  const initFrom = mergeLayers(given).get("initFrom")?.value;
  const start = typeof initFrom === "string" ? (await files.bundleHeader(initFrom)).model : undefined;
  const merged = mergeLayers(start === undefined ? given : [...given, networkLayer(start)]);
  const settings = parseSettings("training", settingsOf(merged, "training"));
  const dataSettings = parseSettings("data", settingsOf(merged, "data"));
  const execution = parseSettings("execution", settingsOf(merged, "execution"));
  const modelSettings = parseSettings("model", settingsOf(merged, "model"));
  checkExecution(execution);
  await files.checkAccelerator(execution.accelerator);
  const [trainDataFile, ...moreDataFiles] = await scansOf(request.trainDataFile, files);
  const header = await files.scanHeader(trainDataFile, dataSettings);
  const model = completeModel(modelSettings, patternSide(header, modelSettings.N, trainDataFile));
  // N from the data has to satisfy what the schema asks of N.
  parseSettings("model", { ...model });
  const resolved = completeData(dataSettings, model.gridsize, settings.seed, header.photonsPerPattern);
  // Among several scans each has the dose that its own file states.
  const alone = moreDataFiles.length === 0 && settings.testDataFile === null;
  const data = alone ? resolved : { ...resolved, nphotons: dataSettings.nphotons };
  // Labels are compared by absolute error, the diffraction by its likelihood, unless said otherwise.
  const byLabels = model.modelType === "supervised" && !merged.has("lossFunction");
  const training = completeTraining(byLabels ? { ...settings, lossFunction: "mae" } : settings);
  if (start !== undefined) checkAgainstStart(model, start);
  checkModel(model);
  checkData(resolved, model.gridsize);
  checkHoldingBack(data, training);
  checkTraining(training, execution, model);
  checkCount("nSubsample", data.nSubsample, header);
  for (const file of moreDataFiles) {
    const other = await files.scanHeader(file, data);
    patternSide(other, model.N, file);
    checkCount("nSubsample", data.nSubsample, other);
  }
  if (moreDataFiles.length > 0 && training.testDataFile !== null) {
    throw new PtychonautError("usage", "test_data_file goes with a single scan to train on", {
      fix: "leave it out: of several scans each holds patterns back (validation_fraction)",
    });
  }
  const several = moreDataFiles.length > 0 || training.testDataFile !== null || (header.scans ?? []).length > 1;
  if (data.skipFrames !== null && several) throw skippedOfSeveral(data.skipFrames);
  if (training.testDataFile !== null) {
    const test = await files.scanHeader(training.testDataFile, data);
    patternSide(test, model.N, training.testDataFile);
    onlyScan(test.scans ?? [], training.testDataFile);
    onlyScan(header.scans ?? [], trainDataFile);
  }
  const read = [trainDataFile, ...moreDataFiles, training.testDataFile, training.initFrom];
  await files.prepareFolder(request.outputDir, {
    command: request.command ?? "train",
    inputs: [...read.filter((path) => path !== null), ...(request.alsoRead ?? [])],
    overwrite: request.overwrite,
    continues: training.resume === "last",
  });
  return deepFreeze({
    kind: "training",
    trainDataFile,
    moreDataFiles,
    outputDir: request.outputDir,
    model,
    data,
    training,
    execution,
    ...(request.changes === undefined ? {} : { changes: request.changes }),
    overridden: originsOf(merged, "training", { N: [model.N, "data"], nphotons: [data.nphotons, "metadata"] }),
  });
}

/** The scans by file, the first of them first. */
async function scansOf(named: string | readonly string[], files: FileProbe): Promise<[string, ...string[]]> {
  const paths = (await Promise.all([named].flat().map((path) => files.scanFiles(path)))).flat();
  const twice = paths.find((path, i) => paths.indexOf(path) < i);
  if (paths[0] !== undefined && twice === undefined) return paths as [string, ...string[]];
  throw new PtychonautError("usage", twice === undefined ? "no scan to train on" : "a scan is named twice", {
    ...(twice === undefined ? {} : { got: twice }),
  });
}

/** The network that a training starts from says what was left open. */
function networkLayer(start: ModelConfig): Layer {
  const settings = Object.fromEntries(networkSettings(start.architecture).map((name) => [name, start[name]]));
  return { source: "bundle", settings };
}

function checkAgainstStart(model: ModelConfig, start: ModelConfig): void {
  const differing = networkSettings(start.architecture).find((name) => !sameValue(model[name], start[name]));
  if (differing === undefined) return;
  throw new PtychonautError("bundle", `${snakeCase(differing)} differs from the network in init_from`, {
    expected: JSON.stringify(start[differing]),
    got: JSON.stringify(model[differing]),
    fix: "leave the settings of the network open: they are those of the model",
  });
}
