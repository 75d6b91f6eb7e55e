import { type RealArray, sizeOf, splitComplex } from "../arrays.ts";
import { dataFacts } from "../bundle/fingerprint.ts";
import { scanOptions } from "../config/dataConfig.ts";
import type { Settings } from "../config/group.ts";
import type { TrainingPayload } from "../config/payload.ts";
import { statedDose } from "../config/scanUse.ts";
import { computeScales } from "../data/normalisation.ts";
import { onlyScan, scanNumbers } from "../data/scanNumbers.ts";
import { PtychonautError, setting } from "../errors.ts";
import type { ArrayFile } from "../formats/arrayFile.ts";
import { openNpz } from "../formats/npz.ts";
import { predictionGraph } from "../inference/predictionModel.ts";
import { impliedSettings } from "../reference/referenceArchitecture.ts";
import { impliedSpectralSettings } from "../reference/referenceSpectral.ts";
import { valuesFromReference } from "../reference/referenceWeights.ts";
import { withModeCoherence } from "../training/modeCoherence.ts";
import { bundleBytes, numbersOf } from "./bundleBytes.ts";
import { inLockedFolder } from "./claimFolder.ts";
import { readScan } from "./inputs/scans.ts";
import type { Home } from "./machine.ts";
import { outputs } from "./outputs.ts";
import { baseName, joinPath } from "./paths.ts";

/**
 * Turns weights of the reference system's network, an npz under its own names, into a bundle in the payload's output
 * folder. The scan gives the normalisation, which the weights do not carry.
 * @param settle makes the payload, given the settings that the weights tell
 * @returns path of the bundle
 * @throws PtychonautError "usage" for settings of training alone, "data" when the weights do not fit the network that the settings describe
 */
export async function runImportWeights(
  path: string,
  settle: (implied: Settings) => Promise<TrainingPayload>,
  home: Home,
): Promise<string> {
  const { machine, store } = home;
  const bytes = await store.read(path);
  const npz = openNpz(bytes, path);
  const arrays = weightArrays(npz);
  const payload = await settle({ ...(impliedSpectralSettings(arrays) ?? impliedSettings(arrays)) });
  if (payload.moreDataFiles.length > 0)
    throw new PtychonautError("usage", "weights are imported for one scan", {
      got: `${1 + payload.moreDataFiles.length} scans`,
      fix: `name a single file: ${setting("train_data_file")}`,
    });
  if (payload.model.probeTrainable || payload.model.frameIntensityTrainable)
    throw new PtychonautError("usage", "probe and intensities are refined in training; imported weights come without", {
      fix: "leave out probe_trainable and frame_intensity_trainable",
    });
  const graph = predictionGraph(payload.model, 1);
  const values = valuesFromReference(arrays, graph.specs, path);
  const scan = await readScan(payload.trainDataFile, scanOptions(payload.data), home);
  const dataset = withModeCoherence(scan, payload.model);
  onlyScan(scanNumbers(dataset.scanIndex), payload.trainDataFile);
  const frames = Array.from({ length: dataset.patterns.count }, (_, frame) => frame);
  const scales = computeScales(dataset, frames, statedDose(payload.data));
  const file = joinPath(payload.outputDir, outputs.model);
  const bundle = bundleBytes(payload, graph, values, {
    scales: numbersOf(scales),
    trainedOn: dataFacts(dataset, payload.model.gridsize),
    training: {
      importedFrom: { name: baseName(path), sha256: await machine.sha256(bytes) },
      weights: graph.specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    },
  });
  await inLockedFolder(
    payload.outputDir,
    store,
    () => {},
    () => store.write(file, bundle),
  );
  return file;
}

/** The file's floating-point arrays; a complex one as two, `NAME_re` and `NAME_im`. */
function weightArrays(npz: ArrayFile): ReadonlyMap<string, RealArray> {
  const arrays = new Map<string, RealArray>();
  for (const key of npz.keys.filter((name) => /^(float|complex)/.test(npz.header(name).dtype))) {
    const { dtype, shape, data } = npz.readNumbers(key);
    const values = Float32Array.from(data);
    if (dtype.startsWith("float")) {
      arrays.set(key, { shape, data: values });
      continue;
    }
    const { re, im } = splitComplex({ shape, data: values });
    arrays.set(`${key}_re`, { shape, data: re });
    arrays.set(`${key}_im`, { shape, data: im });
  }
  return arrays;
}
