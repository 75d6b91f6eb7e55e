import type { ComplexArray } from "../../arrays.ts";
import type { Bundle } from "../../bundle/bundle.ts";
import type { ModelConfig } from "../../config/modelConfig.ts";
import type { InferencePayload } from "../../config/payload.ts";
import type { Scales } from "../../data/normalisation.ts";
import { type Assembled, createAssembler } from "../../inference/assemble.ts";
import { type AssembledHalf, assembledHalves } from "../../inference/assembledHalves.ts";
import { fitToData } from "../../inference/dataFit.ts";
import {
  explainedText,
  inferenceWarnings,
  pictureWarning,
  placementNotes,
  standsApart,
} from "../../inference/explanationWarnings.ts";
import { type PatchEvidence, patchEvidence } from "../../inference/patchEvidence.ts";
import { type PlacedPatches, patchPlacement } from "../../inference/patchPlacement.ts";
import { probeWeights, uniformWeights } from "../../inference/patchWeights.ts";
import { patternExamples } from "../../inference/patternExamples.ts";
import { tilted } from "../../inference/phaseRamp.ts";
import { type PredictionReport, positionsOf, predictPatches } from "../../inference/predictPatches.ts";
import { toReconstruction } from "../../inference/reconstruction.ts";
import { pauses } from "../../pause.ts";
import { Random } from "../../random.ts";
import { sourceLines } from "../conversionWords.ts";
import type { RunHooks, RunOutcome } from "../hooks.ts";
import type { Home } from "../machine.ts";
import { patchStatsFiles } from "../patchStatsFiles.ts";
import { baseName, joinPath } from "../paths.ts";
import { pictureFiles } from "../pictureFiles.ts";
import { refinedProbe } from "../refinedProbe.ts";
import { inRunFolder } from "../runFolder.ts";
import {
  type RunRecord,
  removeRunRecord,
  scanInput,
  withCircumstances,
  writeRunRecord,
  writeSettings,
} from "../runRecord.ts";
import { stopwatch } from "../stopwatch.ts";
import { type RefinedProbe, writeProbeArrays } from "../train/probeFiles.ts";
import { expectedErrors } from "./expectedErrors.ts";
import { type InferenceMetrics, inferenceMetrics } from "./inferenceMetrics.ts";
import { type InferenceDeps, type InferenceRun, prepareInference } from "./inferenceRun.ts";
import { type AlsoWritten, removeReconstructionFiles, writeReconstructionFiles } from "./reconstructionFiles.ts";
import { scaledByData } from "./scaledByData.ts";

/** What the progress of the network is called. */
export const PREDICTING = "reconstructing";

/**
 * A whole reconstruction with a trained network alone: reads bundle and scan, predicts every pattern's patch, stitches them, and
 * leaves in the output folder the reconstruction, its pictures, `metrics.json` and `run.json`. Interrupted, it saves what
 * was predicted so far.
 * @throws PtychonautError for wrong input, a bundle that does not fit the data, a missing device, or a full disk
 */
export function runPrediction(
  payload: InferencePayload,
  hooks: RunHooks,
  home: Home,
  deps: InferenceDeps = {},
): Promise<RunOutcome> {
  const { outputDir } = payload;
  return inRunFolder({ command: "infer", outputDir }, hooks, home, (told) => inference(payload, told, home, deps));
}

async function inference(
  payload: InferencePayload,
  hooks: RunHooks,
  home: Home,
  deps: InferenceDeps,
): Promise<RunOutcome> {
  const { ranks } = home.machine;
  const run = await prepareInference(payload, hooks, home, deps);
  try {
    await writeSettings(payload.outputDir, askedOf(run, payload), home);
    const predicted = await predict(run, payload, hooks, home);
    if (ranks.rank > 0) return { ...outcomeOf(predicted.report, run.prediction.source.groups.count), files: [] };
    return await conclude(run, predicted, payload, hooks, home);
  } finally {
    await run.close();
  }
}

interface Prediction {
  readonly report: PredictionReport;
  /** Absent when nothing could be placed. */
  readonly assembled?: Assembled;
  /** Where expected errors are asked for. */
  readonly halves?: readonly [AssembledHalf, AssembledHalf];
  readonly patches: PatchEvidence;
  readonly files: readonly string[];
}

async function predict(run: InferenceRun, payload: InferencePayload, hooks: RunHooks, home: Home): Promise<Prediction> {
  const { dataset, prediction, predictor, loader, seconds } = run;
  const { inference, execution } = payload;
  const { groups } = prediction.source;
  const { ranks } = home.machine;
  const trim = inference.middleTrim;
  const assembly = {
    canvas: run.canvas,
    trim,
    weights: inference.patchWeighting === "probe" ? probeWeights(run.probe, trim) : uniformWeights(trim),
    phaseAlignment: inference.phaseAlignment,
    patches: groups.count * groups.size,
  };
  const assembler = createAssembler(assembly);
  // Which pattern is of which half is drawn, the same way in every run.
  const halves = inference.confidence
    ? assembledHalves(assembly, dataset.positions, prediction.frames, new Random(payload.data.subsampleSeed ?? 0))
    : undefined;
  const stats = execution.logPatchStats ? patchStatsFiles("inference", execution.patchStatsLimit) : undefined;
  const evidence = patchEvidence({
    ...physicsOf(run, payload.model),
    frames: prediction.frames,
  });
  const progress = hooks.progress(PREDICTING, groups.count);
  const { signal } = hooks;
  const report = await predictPatches({
    ...{ groups, positions: dataset.positions, loader, predictor, assembler, signal, ranks },
    onBatch(patches, done, frames) {
      stats?.add(patches);
      evidence.add(patches, frames);
      halves?.add(patches, frames);
      progress.update(Math.min(groups.count, done * ranks.size));
    },
  }).finally(() => progress.finish());
  const lap = stopwatch();
  await evidence.join(ranks);
  const assembled = report.frames.length === 0 ? undefined : await assembler.finish(signal, ranks);
  const half = report.interrupted ? undefined : await halves?.finish(signal, ranks);
  if (halves !== undefined && half === undefined)
    run.warn("not all patterns were predicted, or too few for two halves, so there are no expected errors");
  for (const [stage, ms] of Object.entries(report.timings)) seconds[stage] = ms / 1000;
  seconds["assembly"] = seconds["assembly"] + lap();
  if (report.notFinite > 0) run.warn(`${report.notFinite} predicted patches are not finite and were left out`);
  warnOfAlignment(assembled, run.warn);
  // From here on the folder changes.
  const earlier = await removeRunRecord(payload.outputDir, "infer", home.store);
  const itsProbe = joinPath(payload.outputDir, refinedProbe.file);
  if (earlier.includes(itsProbe)) await home.store.remove(itsProbe);
  const pictures = pictureFiles(execution.pictureFormats, home);
  const files = (await stats?.write(payload.outputDir, home.store, pictures)) ?? [];
  return {
    ...{ report, files, patches: evidence.finish() },
    ...(assembled === undefined ? {} : { assembled }),
    ...(half === undefined ? {} : { halves: half }),
  };
}

/** The physics that predicted patterns are made with, here and in what looks at them. */
function physicsOf(
  { dataset, prediction, probe, propagator, objectScales }: InferenceRun,
  { frameIntensityTrainable }: ModelConfig,
) {
  return {
    ...{ dataset, probe, propagator, scales: prediction.scales, offset: objectScales.offset },
    frameIntensity: frameIntensityTrainable,
  };
}

const placedPatches = ({ dataset, prediction, loader, predictor, probe }: InferenceRun): PlacedPatches => ({
  positions: dataset.positions,
  groups: prediction.source.groups,
  ...{ loader, predictor, probe },
});

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
  run: InferenceRun,
  { report, assembled, halves, patches, files: before }: Prediction,
  payload: InferencePayload,
  hooks: RunHooks,
  home: Home,
): Promise<RunOutcome> {
  const { dataset, prediction, seconds } = run;
  const written = [...before];
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
    flatProbes: [run.probe],
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
    dataset.provenance.pixelRatio ?? [1, 1],
  );
  await pause();
  const examples = patternExamples(dataset.patterns.height);
  const fit = fitToData({ ...onScan, object: stitched.object, onPattern: examples.add });
  if (fit === undefined) run.warn("no pattern lies wholly on the covered area, so there is no deviance");
  const placement =
    standsApart(fit, patches) && !report.interrupted ? await patchPlacement(placedPatches(run)) : undefined;
  const doubts = inferenceWarnings(fit, patches, placement);
  for (const line of doubts) run.warn(line);
  for (const line of placementNotes(fit, patches, placement)) hooks.log(line);
  await pause();
  seconds["evaluation"] = lap();
  const whole = { ...stitched, positions: reconstruction.positions, scaled: varpro?.report ?? undefined };
  const judged = halves === undefined ? undefined : await expectedErrors(halves, whole, run, payload, hooks, home);
  if (halves !== undefined) seconds["expectedErrors"] = lap();
  const metrics = {
    ...inferenceMetrics(reconstruction, dataset, fit, run.warn),
    patches: { ...patches, ...(placement === undefined ? {} : { placement }) },
    ...(varpro === undefined ? {} : { varpro: varpro.report }),
    ...(judged === undefined ? {} : { halfData: judged.metrics }),
  };
  await pause();
  seconds["evaluation"] += lap();
  const found = { explained: fit?.explained ?? null, doubts, ...(alignment === undefined ? {} : { alignment }) };
  const refined = judged?.metrics.refined;
  const expected = refined === undefined ? {} : { halvesRefinedBy: `${refined.engine}:${refined.epochs}` };
  if (run.probeFrom === "training" || alignment?.ramp !== undefined)
    written.push(...(await writeProbeArrays(payload.outputDir, probeOf(run, onScan.probe), home.store)));
  const pictures = {
    formats: payload.execution.pictureFormats,
    probe: onScan.probe,
    patterns: fit === undefined ? [] : examples.pairs(),
    ...(dataset.mask === undefined ? {} : { mask: dataset.mask.data }),
    ...pictureWarning(doubts),
  };
  const results = {
    ...{ reconstruction, metrics, pictures },
    run: (others: readonly string[]) =>
      withCircumstances(recordOf(run, payload, { ...details, ...found, ...expected }, [...written, ...others]), home),
    ...alsoWritten(run, onScan.probe, payload),
    ...(judged === undefined ? {} : { judged }),
  };
  const files = await writeReconstructionFiles(payload.outputDir, results, home);
  hooks.log(summary(report, metrics));
  return { ...outcome, files: [...written, ...files] };
}

const probeOf = ({ dataset, prediction }: InferenceRun, trained: ComplexArray): RefinedProbe => ({
  start: dataset.probe,
  trained,
  probeScale: prediction.scales.probeScale,
});

/** The object in the format that was asked for, with the probe and what is known of the experiment. */
function alsoWritten(
  { bundleFile, dataset, warn }: InferenceRun,
  probe: ComplexArray,
  { inference: { outputFormat } }: InferencePayload,
): { readonly also?: AlsoWritten } {
  if (outputFormat === null) return {};
  const { name, geometry, provenance } = dataset;
  const beside = { name, probe, ...(geometry === undefined ? {} : { geometry }) };
  const model = `reconstructed by the model ${baseName(bundleFile.path)}, SHA-256 ${bundleFile.sha256}`;
  const history = [...sourceLines(provenance.path, provenance.sha256), model];
  return { also: { formats: outputFormat, beside, history, warn } };
}

function outcomeOf(report: PredictionReport, groups: number): Pick<RunOutcome, "status" | "advice"> {
  if (report.interrupted)
    return { status: "interrupted", advice: `saved what ${report.groups} of ${groups} predictions gave` };
  if (report.frames.length > 0) return { status: "finished" };
  return {
    status: "diverged",
    advice: "the network predicts no finite patch; train again with a smaller learning rate or gradient clipping",
  };
}

/** Settings of the run, what it found out about itself, and how it ended. */
interface InferenceRecord extends RunRecord {
  readonly probe: InferenceRun["probeFrom"];
  /** The scales of these data, which were used, and those of the training, for comparison. */
  readonly scales: { readonly used: Scales; readonly trained: Bundle["manifest"]["scales"] };
}

function recordOf(
  run: InferenceRun,
  payload: InferencePayload,
  outcome: RunRecord["outcome"],
  files: readonly string[],
): InferenceRecord {
  const { seconds, warnings } = run;
  return { ...askedOf(run, payload), seconds, warnings, outcome, files };
}

/** What a run was asked, and what it takes: known before it predicts. */
function askedOf(
  { startedAt, bundle, bundleFile, dataset, prediction, probeFrom, runtime }: InferenceRun,
  { model, data, inference, execution, overridden }: InferencePayload,
) {
  return {
    command: "infer",
    inputs: [bundleFile, scanInput(dataset)],
    settings: { model, data, inference, execution },
    overridden,
    seeds: { grouping: data.subsampleSeed },
    runtime: runtime.description,
    startedAt: startedAt.toISOString(),
    probe: probeFrom,
    scales: { used: prediction.scales, trained: bundle.manifest.scales },
  };
}

function speedOf({ groups, batches, frames, timings }: PredictionReport) {
  const seconds = (timings.batches + timings.prediction + timings.assembly) / 1000;
  return { predictions: groups, batches, patterns: frames.length, patternsPerSecond: frames.length / seconds };
}

function summary(report: PredictionReport, { deviance, dataFit }: InferenceMetrics): string {
  const { predictions, patterns: predicted, patternsPerSecond } = speedOf(report);
  const speed = `${predicted} patterns in ${predictions} predictions, ${patternsPerSecond.toPrecision(3)} patterns a second`;
  if (dataFit === null || deviance === null) return speed;
  const { rFactor, patterns } = dataFit;
  return `${speed}; ${explainedText(dataFit)}, R ${rFactor.toPrecision(3)} over ${patterns} patterns`;
}
