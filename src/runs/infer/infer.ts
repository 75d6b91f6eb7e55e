import { type ComplexArray, sizeOf } from "../../arrays.ts";
import type { Bundle } from "../../bundle/bundle.ts";
import { readBundle } from "../../bundle/bundle.ts";
import { dataFacts } from "../../bundle/fingerprint.ts";
import { checkBundleFitsData, probeScanFor, scalesFor } from "../../bundle/fitsData.ts";
import { scanOptions, statedOptions } from "../../config/dataConfig.ts";
import type { ModelConfig } from "../../config/modelConfig.ts";
import type { InferencePayload } from "../../config/payload.ts";
import type { BatchLoader } from "../../data/batches.ts";
import type { Dataset } from "../../data/dataset.ts";
import { type Scales, scaledProbe } from "../../data/normalisation.ts";
import { type Assembled, createAssembler } from "../../inference/assemble.ts";
import { type Canvas, planCanvas } from "../../inference/canvas.ts";
import { fitToData } from "../../inference/dataFit.ts";
import { explainedText, inferenceWarnings, pictureWarning } from "../../inference/explanationWarnings.ts";
import { type PatchEvidence, patchEvidence } from "../../inference/patchEvidence.ts";
import { probeWeights, uniformWeights } from "../../inference/patchWeights.ts";
import { patternExamples } from "../../inference/patternExamples.ts";
import { tilted } from "../../inference/phaseRamp.ts";
import { type ObjectScales, objectScales, physicalPredictor } from "../../inference/physicalObject.ts";
import { predictionGraph } from "../../inference/predictionModel.ts";
import { type PredictionSource, predictionSource } from "../../inference/predictionSource.ts";
import { loadPredictor, type Predictor } from "../../inference/predictor.ts";
import { type PredictionReport, positionsOf, predictPatches } from "../../inference/predictPatches.ts";
import { toReconstruction } from "../../inference/reconstruction.ts";
import type { ParameterValues } from "../../nets/parameters.ts";
import { pauses } from "../../pause.ts";
import type { Propagator } from "../../physics/propagation/propagator.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { checkedScan } from "../../scans/checks/checkedScan.ts";
import { maskedProbe } from "../../training/maskedProbe.ts";
import { withModeCoherence } from "../../training/modeCoherence.ts";
import { scanPropagator } from "../../training/scanPropagator.ts";
import { probesOf } from "../../training/trainableProbe.ts";
import { inLockedFolder } from "../claimFolder.ts";
import { checkDeterminism } from "../determinism.ts";
import type { RunHooks, RunOutcome } from "../hooks.ts";
import { locateBundle } from "../inputs/bundleFiles.ts";
import { type OpenScan, openScan } from "../inputs/scans.ts";
import { type Home, loaderOptions, type Machine } from "../machine.ts";
import {
  CANVAS_BYTES,
  checkMemory,
  graphMemory,
  PREDICTION_COPIES,
  patternMemory,
  smallerInference,
} from "../memory.ts";
import { patchStatsFiles } from "../patchStatsFiles.ts";
import { pictureFiles } from "../pictureFiles.ts";
import { type RunRecord, removeRunRecord, scanInput, withCircumstances, writeRunRecord } from "../runRecord.ts";
import { skippedNote } from "../skippedNote.ts";
import { type InferenceMetrics, inferenceMetrics } from "./inferenceMetrics.ts";
import { removeReconstructionFiles, writeReconstructionFiles } from "./reconstructionFiles.ts";
import { scaledByData } from "./scaledByData.ts";

/** What a caller may replace. */
export interface InferenceDeps {
  /** Makes the network that predicts; by default the bundle's. */
  readonly loadPredictor?: typeof loadPredictor;
}

/**
 * A whole reconstruction with a trained network: reads bundle and scan, predicts every pattern's patch, stitches them, and
 * leaves in the output folder the reconstruction, its pictures, `metrics.json` and `run.json`. Interrupted, it saves what
 * was predicted so far.
 * @throws PtychonautError for wrong input, a bundle that does not fit the data, a missing device, or a full disk
 */
export function runInference(
  payload: InferencePayload,
  hooks: RunHooks,
  home: Home,
  deps: InferenceDeps = {},
): Promise<RunOutcome> {
  return inLockedFolder(payload.outputDir, home.store, hooks.log, () => inference(payload, hooks, home, deps));
}

async function inference(
  payload: InferencePayload,
  hooks: RunHooks,
  home: Home,
  deps: InferenceDeps,
): Promise<RunOutcome> {
  const run = await prepare(payload, hooks, home, deps);
  try {
    return await conclude(run, await predict(run, payload, hooks, home), payload, hooks, home);
  } finally {
    await run.close();
  }
}

/** Everything that a reconstruction works with, before it starts. */
interface Run {
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

async function prepare(payload: InferencePayload, hooks: RunHooks, home: Home, deps: InferenceDeps): Promise<Run> {
  const { machine, store } = home;
  const { data, execution, outputDir } = payload;
  const startedAt = new Date();
  const lap = stopwatch();
  const path = await locateBundle(payload.modelPath, store);
  const bytes = await store.read(path);
  const bundle = readBundle(bytes, path);
  const readingModel = lap();
  const storage = { inMemory: execution.patternsInMemory, folder: outputDir, log: hooks.log };
  const scan = await openScan(payload.testDataFile, scanOptions(data), storage, home);
  const seconds = { readingModel, readingData: lap() };
  try {
    const bundleFile = { path, sha256: await machine.sha256(bytes) };
    return await prepareOn(scan, { startedAt, bundle, bundleFile, seconds }, payload, hooks, machine, deps);
  } catch (error) {
    scan.close();
    throw error;
  }
}

async function prepareOn(
  { dataset: asRead, close: closeScan }: OpenScan,
  begun: Pick<Run, "startedAt" | "bundle" | "bundleFile" | "seconds">,
  payload: InferencePayload,
  hooks: RunHooks,
  machine: Machine,
  deps: InferenceDeps,
): Promise<Run> {
  const { model, data, inference, execution } = payload;
  const { bundle, seconds } = begun;
  const checked = checkedScan(asRead, statedOptions(data, payload.overridden), data);
  const dataset = withModeCoherence(checked, model);
  const propagator = scanPropagator([dataset]);
  const lap = stopwatch();
  const warnings: string[] = [];
  const warn = (line: string): void => {
    warnings.push(line);
    hooks.warn(`warning: ${line}`);
  };
  for (const line of [...payload.notes, ...dataset.provenance.warnings]) warn(line);
  for (const line of skippedNote(dataset)) hooks.log(line);
  const facts = dataFacts(dataset, model.gridsize);
  for (const line of checkBundleFitsData(bundle.manifest, facts)) warn(line);
  const known = probeScanFor(bundle.manifest, facts);
  const refined = bundle.probe && known && probesOf(bundle.probe)[known.number];
  if (refined !== undefined && known?.isOwn === true)
    hooks.log("the probe is the one that training refined from this file's");
  else if (refined !== undefined)
    warn(`the probe is the one that training refined for ${known?.name}, another scan that started from this file's`);
  const prediction = predictionSource(dataset, data, model.gridsize, inference.nPatterns);
  for (const line of prediction.warnings) warn(line);
  const canvas = planCanvas(positionsOf(dataset.positions, prediction.frames), inference.middleTrim, {
    maxPixels: inference.maxCanvasPixels,
    frames: prediction.frames,
  });
  seconds["grouping"] = lap();
  const runtime = await machine.runtime(execution.accelerator);
  hooks.log(`computing on ${runtime.description}`);
  if (machine.pictures === undefined) hooks.log("no pictures are drawn here");
  for (const line of checkDeterminism(payload, runtime)) warn(line);
  const batch = Math.min(execution.inferenceBatchSize, prediction.source.groups.count);
  for (const line of memoryWarnings(dataset, prediction, canvas, payload, runtime, machine)) warn(line);
  const ownProbe = scaledProbe(dataset.probe, prediction.scales);
  const network = await (deps.loadPredictor ?? loadPredictor)(runtime, model, weightsOf(bundle), batch, ownProbe);
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

function memoryWarnings(
  { patterns }: Dataset,
  { source }: PredictionSource,
  canvas: Canvas,
  { model, inference, execution }: InferencePayload,
  { provider }: Runtime,
  { memory }: Machine,
): string[] {
  const { groups } = source;
  const { peak, specs } = predictionGraph(model, Math.min(execution.inferenceBatchSize, groups.count));
  const weights = 4 * specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const kept = inference.phaseAlignment ? 8 * groups.count * groups.size * inference.middleTrim ** 2 : 0;
  return checkMemory(
    [
      { what: "the network", bytes: provider === "cpu" ? graphMemory(peak, weights, PREDICTION_COPIES) : 0 },
      { what: "the patterns", bytes: patternMemory(patterns) },
      { what: `the object of ${canvas.height} x ${canvas.width}`, bytes: CANVAS_BYTES * canvas.height * canvas.width },
      { what: "patches whose phases are aligned", bytes: kept },
    ],
    memory,
    smallerInference,
  );
}

interface Prediction {
  readonly report: PredictionReport;
  /** Absent when nothing could be placed. */
  readonly assembled?: Assembled;
  readonly patches: PatchEvidence;
  readonly files: readonly string[];
}

async function predict(run: Run, payload: InferencePayload, hooks: RunHooks, home: Home): Promise<Prediction> {
  const { dataset, prediction, predictor, loader, seconds } = run;
  const { inference, execution } = payload;
  const { groups } = prediction.source;
  const trim = inference.middleTrim;
  const assembler = createAssembler({
    canvas: run.canvas,
    trim,
    weights: inference.patchWeighting === "probe" ? probeWeights(run.probe, trim) : uniformWeights(trim),
    phaseAlignment: inference.phaseAlignment,
    patches: groups.count * groups.size,
  });
  const stats = execution.logPatchStats ? patchStatsFiles("inference", execution.patchStatsLimit) : undefined;
  const evidence = patchEvidence({
    ...physicsOf(run, payload.model),
    frames: prediction.frames,
  });
  const progress = hooks.progress("reconstructing", groups.count);
  const { signal } = hooks;
  const report = await predictPatches({
    ...{ groups, positions: dataset.positions, loader, predictor, assembler, signal },
    onBatch(patches, done, frames) {
      stats?.add(patches);
      evidence.add(patches, frames);
      progress.update(done);
    },
  }).finally(() => progress.finish());
  const lap = stopwatch();
  const assembled = report.frames.length === 0 ? undefined : await assembler.finish(signal);
  for (const [stage, ms] of Object.entries(report.timings)) seconds[stage] = ms / 1000;
  seconds["assembly"] = seconds["assembly"] + lap();
  if (report.notFinite > 0) run.warn(`${report.notFinite} predicted patches are not finite and were left out`);
  warnOfAlignment(assembled, run.warn);
  // From here on the folder changes.
  await removeRunRecord(payload.outputDir, home.store);
  const pictures = pictureFiles(execution.pictureFormats, home);
  const files = (await stats?.write(payload.outputDir, home.store, pictures)) ?? [];
  return { report, files, patches: evidence.finish(), ...(assembled === undefined ? {} : { assembled }) };
}

/** The physics that predicted patterns are made with, here and in what looks at them. */
function physicsOf(
  { dataset, prediction, probe, propagator, objectScales }: Run,
  { frameIntensityTrainable }: ModelConfig,
) {
  return {
    ...{ dataset, probe, propagator, scales: prediction.scales, offset: objectScales.offset },
    frameIntensity: frameIntensityTrainable,
  };
}

function warnOfAlignment(assembled: Assembled | undefined, warn: (line: string) => void): void {
  const alignment = assembled?.alignment;
  if (alignment === undefined) return;
  const { components, converged, sweeps } = alignment;
  if (components > 1)
    warn(`the scan falls into ${components} parts that share no overlap: their phases are not aligned`);
  if (!converged) warn(`the phases of the patches still moved after ${sweeps} passes of alignment`);
}

/** Measures, writes everything and says how it went. */
async function conclude(
  run: Run,
  { report, assembled, patches, files: written }: Prediction,
  payload: InferencePayload,
  hooks: RunHooks,
  home: Home,
): Promise<RunOutcome> {
  const { dataset, prediction, seconds } = run;
  const outcome = outcomeOf(report, prediction.source.groups.count);
  const details = { ...outcome, ...speedOf(report), notFinite: report.notFinite };
  if (assembled === undefined) {
    await removeReconstructionFiles(payload.outputDir, home.store);
    const record = await writeRunRecord(payload.outputDir, recordOf(run, payload, details, written), home);
    return { ...outcome, files: [...written, record] };
  }
  const { alignment } = assembled;
  const lap = stopwatch();
  const pause = pauses();
  const onScan = {
    ...physicsOf(run, payload.model),
    frames: report.frames,
    // The ramp that aligning phases took out of the object is the probe's.
    probe: tilted(run.probe, alignment?.ramp),
    flatProbe: run.probe,
    coverage: assembled.stitched.weight,
    canvas: assembled.stitched.canvas,
  };
  const varpro = payload.inference.varproScaling
    ? scaledByData(onScan, assembled.stitched.object, run.objectScales, run.warn)
    : undefined;
  const stitched = { ...assembled.stitched, object: varpro?.object ?? assembled.stitched.object };
  const reconstruction = toReconstruction(
    stitched,
    positionsOf(dataset.positions, report.frames),
    dataset.geometry?.objectPixelM,
  );
  await pause();
  const examples = patternExamples(dataset.patterns.height);
  const fit = fitToData({ ...onScan, object: stitched.object, onPattern: examples.add });
  if (fit === undefined) run.warn("no pattern lies wholly on the covered area, so there is no deviance");
  const doubts = inferenceWarnings(fit, patches);
  for (const line of doubts) run.warn(line);
  await pause();
  const metrics = {
    ...inferenceMetrics(reconstruction, dataset, fit, run.warn),
    patches,
    ...(varpro === undefined ? {} : { varpro: varpro.report }),
  };
  await pause();
  seconds["evaluation"] = lap();
  const found = { explained: fit?.explained ?? null, ...(alignment === undefined ? {} : { alignment }) };
  const record = recordOf(run, payload, { ...details, ...found }, written);
  const pictures = {
    formats: payload.execution.pictureFormats,
    probe: run.probe,
    patterns: fit === undefined ? [] : examples.pairs(),
    ...(dataset.mask === undefined ? {} : { mask: dataset.mask.data }),
    ...pictureWarning(doubts),
  };
  const results = { reconstruction, metrics, pictures, run: withCircumstances(record, home) };
  const files = await writeReconstructionFiles(payload.outputDir, results, home);
  hooks.log(summary(report, metrics));
  return { ...outcome, files: [...written, ...files] };
}

function outcomeOf(report: PredictionReport, groups: number): Pick<RunOutcome, "status" | "advice"> {
  if (report.frames.length === 0)
    return {
      status: "diverged",
      advice: "the network predicts no finite patch; train again with a smaller learning rate or gradient clipping",
    };
  if (!report.interrupted) return { status: "finished" };
  return { status: "interrupted", advice: `saved what ${report.groups} of ${groups} predictions gave` };
}

/** Settings of the run, what it found out about itself, and how it ended. */
interface InferenceRecord extends RunRecord {
  readonly probe: Run["probeFrom"];
  /** The scales of these data, which were used, and those of the training, for comparison. */
  readonly scales: { readonly used: Scales; readonly trained: Bundle["manifest"]["scales"] };
}

function recordOf(
  { startedAt, bundle, bundleFile, dataset, prediction, probeFrom, runtime, seconds, warnings }: Run,
  { model, data, inference, execution, overridden }: InferencePayload,
  outcome: RunRecord["outcome"],
  files: readonly string[],
): InferenceRecord {
  return {
    command: "infer",
    inputs: [bundleFile, scanInput(dataset)],
    settings: { model, data, inference, execution },
    overridden,
    seeds: { grouping: data.subsampleSeed },
    runtime: runtime.description,
    startedAt: startedAt.toISOString(),
    seconds,
    probe: probeFrom,
    scales: { used: prediction.scales, trained: bundle.manifest.scales },
    warnings,
    outcome,
    files,
  };
}

function speedOf({ groups, batches, frames, timings }: PredictionReport) {
  const seconds = (timings.batches + timings.prediction + timings.assembly) / 1000;
  return { predictions: groups, batches, patterns: frames.length, patternsPerSecond: groups / seconds };
}

function summary(report: PredictionReport, { deviance, dataFit }: InferenceMetrics): string {
  const { predictions, patternsPerSecond } = speedOf(report);
  const speed = `${predictions} predictions, ${patternsPerSecond.toPrecision(3)} a second`;
  if (dataFit === null || deviance === null) return speed;
  const { rFactor, patterns } = dataFit;
  return `${speed}; ${explainedText(dataFit)}, R ${rFactor.toPrecision(3)} over ${patterns} patterns`;
}

const weightsOf = ({ weights }: Bundle): ParameterValues =>
  Object.fromEntries([...weights].map(([name, { data }]) => [name, data]));

/** Each call gives the seconds since the one before. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const seconds = (now - last) / 1000;
    last = now;
    return seconds;
  };
}
