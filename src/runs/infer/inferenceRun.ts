import { type ComplexArray, sizeOf } from "../../arrays.ts";
import type { Bundle } from "../../bundle/bundle.ts";
import { readBundle } from "../../bundle/bundle.ts";
import { dataFacts } from "../../bundle/fingerprint.ts";
import { checkBundleFitsData, probeScanFor, scalesFor } from "../../bundle/fitsData.ts";
import { inProcesses, madeByFirst } from "../../communicator.ts";
import { scanOptions, statedOptions } from "../../config/dataConfig.ts";
import type { InferencePayload } from "../../config/payload.ts";
import type { BatchLoader } from "../../data/batches.ts";
import type { Dataset } from "../../data/dataset.ts";
import { scaledProbe } from "../../data/normalisation.ts";
import { type Canvas, planCanvas } from "../../inference/canvas.ts";
import { type ObjectScales, objectScales, physicalPredictor } from "../../inference/physicalObject.ts";
import { asItPredicts, predictionGraph } from "../../inference/predictionModel.ts";
import { type PredictionSource, predictionSource } from "../../inference/predictionSource.ts";
import { loadPredictor, type Predictor } from "../../inference/predictor.ts";
import { positionsOf } from "../../inference/predictPatches.ts";
import { seesOffsets } from "../../nets/network.ts";
import type { ParameterValues } from "../../nets/parameters.ts";
import type { Propagator } from "../../physics/propagation/propagator.ts";
import { reconstructionWriterNamed } from "../../reconstructions/registry.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { maskedProbe } from "../../training/maskedProbe.ts";
import { withModeCoherence } from "../../training/modeCoherence.ts";
import { scanPropagator } from "../../training/scanPropagator.ts";
import { probesOf } from "../../training/trainableProbe.ts";
import { checkPixel } from "../conversionWords.ts";
import { checkDeterminism } from "../determinism.ts";
import { checkDisk } from "../disk.ts";
import { type RunHooks, signalSoon } from "../hooks.ts";
import { locateBundle } from "../inputs/bundleFiles.ts";
import { checkedTogether } from "../inputs/checkedTogether.ts";
import { type OpenScan, openScan } from "../inputs/scans.ts";
import { type Home, loaderOptions, runtimeFor } from "../machine.ts";
import {
  CANVAS_BYTES,
  checkMemory,
  FILE_BYTES,
  graphMemory,
  type MemoryShare,
  PREDICTION_COPIES,
  patternMemory,
  smallerInference,
  smallerResults,
} from "../memory.ts";
import { checkInferenceOverRanks } from "../overRanks.ts";
import { skippedNote } from "../skippedNote.ts";
import { stopwatch } from "../stopwatch.ts";
import { refiningMemory } from "./refiningStage.ts";

/** What a caller may replace. */
export interface InferenceDeps {
  /** Makes the network that predicts; by default the bundle's. */
  readonly loadPredictor?: typeof loadPredictor;
  /** Is told what the run is thought to hold in memory. */
  readonly onMemory?: (shares: readonly MemoryShare[]) => void;
}

/** Everything that a reconstruction works with, before it starts. */
export interface InferenceRun {
  readonly startedAt: Date;
  readonly bundle: Bundle;
  readonly bundleFile: { readonly path: string; readonly sha256: string };
  readonly dataset: Dataset;
  readonly propagator: Propagator;
  readonly prediction: PredictionSource;
  /** Of all patches that will come. */
  readonly canvas: Canvas;
  /** `[mode, N, N]` as the physics takes it. */
  readonly probe: ComplexArray;
  /** Whether the probe is the file's or, where these data are of the trained probe's own, the one that training refined. */
  readonly probeFrom: "file" | "training";
  readonly runtime: Runtime;
  readonly objectScales: ObjectScales;
  /** Of the physical object's patches. */
  readonly predictor: Predictor;
  readonly loader: BatchLoader;
  readonly warnings: string[];
  readonly warn: (line: string) => void;
  /** Seconds by stage. */
  readonly seconds: Record<string, number>;
  close(): Promise<void>;
}

/** Reads bundle and scan, and makes everything of them that predicting needs. */
export async function prepareInference(
  payload: InferencePayload,
  hooks: RunHooks,
  home: Home,
  deps: InferenceDeps,
): Promise<InferenceRun> {
  const { machine, store } = home;
  const { data, execution, outputDir } = payload;
  checkInferenceOverRanks(payload, machine.ranks.size);
  const startedAt = new Date();
  const lap = stopwatch();
  const path = await locateBundle(payload.modelPath, store);
  const bytes = await store.read(path);
  const bundle = readBundle(bytes, path);
  const readingModel = lap();
  const storage = { inMemory: execution.patternsInMemory, folder: outputDir, log: hooks.log };
  const scan = await openScan(payload.testDataFile, scanOptions(data), storage, home);
  signalSoon(hooks, scan.dataset.patterns);
  const seconds = { readingModel, readingData: lap() };
  try {
    const bundleFile = { path, sha256: await machine.sha256(bytes) };
    return await prepareOn(scan, { startedAt, bundle, bundleFile, seconds }, payload, hooks, home, deps);
  } catch (error) {
    scan.close();
    throw error;
  }
}

async function prepareOn(
  { dataset: asRead, close: closeScan }: OpenScan,
  begun: Pick<InferenceRun, "startedAt" | "bundle" | "bundleFile" | "seconds">,
  payload: InferencePayload,
  hooks: RunHooks,
  { machine, store }: Home,
  deps: InferenceDeps,
): Promise<InferenceRun> {
  const { data, inference, execution } = payload;
  const model = asItPredicts(payload.model);
  const { bundle, seconds } = begun;
  const { ranks } = machine;
  const checked = await checkedTogether(ranks, asRead, statedOptions(data, payload.overridden), data);
  const dataset = withModeCoherence(checked, model);
  const propagator = scanPropagator([dataset]);
  checkOutputFormat(payload, dataset);
  const lap = stopwatch();
  const warnings: string[] = [];
  const warn = (line: string): void => {
    warnings.push(line);
    hooks.warn(`warning: ${line}`);
  };
  for (const line of [...payload.notes, ...dataset.provenance.warnings]) warn(line);
  for (const line of skippedNote(dataset)) hooks.log(line);
  const facts = await madeByFirst(ranks, () => dataFacts(dataset, payload.model.gridsize));
  for (const line of checkBundleFitsData(bundle.manifest, facts)) warn(line);
  const known = probeScanFor(bundle.manifest, facts);
  const refined = bundle.probe && known && probesOf(bundle.probe)[known.number];
  if (refined !== undefined && known?.isOwn === true)
    hooks.log("the probe is the one that training refined from this file's");
  else if (refined !== undefined)
    warn(`the probe is the one that training refined for ${known?.name}, another scan that started from this file's`);
  const prediction = predictionSource(
    dataset,
    data,
    model.gridsize,
    inference.nPatterns,
    seesOffsets(model) ? "uncovered" : "all",
  );
  for (const line of prediction.warnings) warn(line);
  const canvas = planCanvas(positionsOf(dataset.positions, prediction.frames), inference.middleTrim, {
    ...(inference.maxCanvasPixels === null ? {} : { maxPixels: inference.maxCanvasPixels }),
    frames: prediction.frames,
  });
  seconds["grouping"] = lap();
  const runtime = await runtimeFor(execution, machine);
  hooks.log(`computing on ${runtime.description}${inProcesses(ranks)}`);
  if (machine.pictures === undefined) hooks.log("no pictures are drawn here");
  for (const line of checkDeterminism(payload, runtime)) warn(line);
  const batch = Math.min(execution.inferenceBatchSize, Math.ceil(prediction.source.groups.count / machine.ranks.size));
  const shares = [
    ...memoryShares(dataset, prediction, canvas, { ...payload, model }, runtime),
    ...(inference.confidence
      ? [refiningMemory(dataset, prediction, canvas, await store.freeBytes(payload.outputDir))]
      : []),
  ];
  deps.onMemory?.(shares);
  for (const line of checkMemory(shares, machine.memory, smallerInference)) warn(line);
  const written = { what: "the reconstruction", bytes: FILE_BYTES * canvas.height * canvas.width };
  for (const line of await checkDisk([written], payload.outputDir, store, smallerResults)) warn(line);
  const ownProbe = scaledProbe(dataset.probe, prediction.scales);
  const network = await (deps.loadPredictor ?? loadPredictor)(runtime, model, weightsOf(bundle), batch, {
    ...{ probe: ownProbe, propagator },
    ...(dataset.mask === undefined ? {} : { mask: dataset.mask }),
  });
  const scales = objectScales(model, scalesFor(bundle.manifest, facts));
  const loader = machine.batches(prediction.source, loaderOptions(execution));
  seconds["loadingNetwork"] = lap();
  return {
    ...begun,
    dataset,
    propagator,
    prediction,
    canvas,
    probe: maskedProbe(refined ?? ownProbe, model),
    probeFrom: refined === undefined ? "file" : "training",
    runtime,
    objectScales: scales,
    predictor: physicalPredictor(network, scales),
    loader,
    warnings,
    warn,
    async close() {
      await loader.close();
      await network.dispose();
      closeScan();
    },
  };
}

/** @throws PtychonautError "usage" before anything is computed, where a format is in metres and the pixel is not known */
function checkOutputFormat(
  { inference: { outputFormat }, testDataFile }: InferencePayload,
  { geometry }: Dataset,
): void {
  for (const format of outputFormat ?? [])
    checkPixel(reconstructionWriterNamed(format), geometry?.objectPixelM, testDataFile);
}

function memoryShares(
  { patterns }: Dataset,
  { source }: PredictionSource,
  canvas: Canvas,
  { model, inference, execution }: InferencePayload,
  { provider }: Runtime,
): MemoryShare[] {
  const { groups } = source;
  const { peak, specs } = predictionGraph(model, Math.min(execution.inferenceBatchSize, groups.count));
  const weights = 4 * specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const kept = inference.phaseAlignment ? 8 * groups.count * groups.size * inference.middleTrim ** 2 : 0;
  return [
    { what: "the network", bytes: provider === "cpu" ? graphMemory(peak, weights, PREDICTION_COPIES) : 0 },
    { what: "the patterns", bytes: patternMemory(patterns) },
    { what: `the object of ${canvas.height} x ${canvas.width}`, bytes: CANVAS_BYTES * canvas.height * canvas.width },
    { what: "patches whose phases are aligned", bytes: inference.confidence ? 2 * kept : kept },
    {
      what: "the halves for expected errors",
      bytes: inference.confidence ? 2 * CANVAS_BYTES * canvas.height * canvas.width : 0,
    },
  ];
}

const weightsOf = ({ weights }: Bundle): ParameterValues =>
  Object.fromEntries([...weights].map(([name, { data }]) => [name, data]));
