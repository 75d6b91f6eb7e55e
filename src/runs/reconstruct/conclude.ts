import type { ReconstructionPayload } from "../../config/payload.ts";
import type { StageConfig } from "../../config/stages.ts";
import type { Dataset } from "../../data/dataset.ts";
import { energyOf } from "../../data/normalisation.ts";
import type { Driven, DriverEnd } from "../../engines/driver.ts";
import type { Look } from "../../engines/runningStage.ts";
import { setting } from "../../errors.ts";
import { type DataFit, fitToData } from "../../inference/dataFit.ts";
import { engineWarnings, explainedText, pictureWarning } from "../../inference/explanationWarnings.ts";
import { patternExamples } from "../../inference/patternExamples.ts";
import { toReconstruction } from "../../inference/reconstruction.ts";
import { pauses } from "../../pause.ts";
import { errorFigure } from "../../pictures/errorFigure.ts";
import { counted } from "../../printable.ts";
import { type Judged, judge } from "../confidence.ts";
import { sourceLines } from "../conversionWords.ts";
import type { RunHooks, RunOutcome } from "../hooks.ts";
import { inferenceMetrics } from "../infer/inferenceMetrics.ts";
import { type AlsoWritten, removeReconstructionFiles, writeReconstructionFiles } from "../infer/reconstructionFiles.ts";
import type { Home } from "../machine.ts";
import { outputs } from "../outputs.ts";
import { joinPath } from "../paths.ts";
import { pictureFiles } from "../pictureFiles.ts";
import { type RunRecord, removeRunRecord, scanInput, withCircumstances, writeRunRecord } from "../runRecord.ts";
import { stopwatch } from "../stopwatch.ts";
import { writeJson } from "../store.ts";
import { writeProbeFiles } from "../train/probeFiles.ts";
import type { HalfLook } from "./halfReconstructions.ts";
import { physicalEstimate } from "./physicalEstimate.ts";
import type { Followed } from "./reconstructionLoop.ts";
import type { ReconstructionRun } from "./reconstructionRun.ts";

/** Measures, writes everything and says how it went. */
export async function concludeReconstruction(
  run: ReconstructionRun,
  { driven, files: written, halves }: Followed & { readonly halves?: readonly [HalfLook, HalfLook] | undefined },
  payload: ReconstructionPayload,
  hooks: RunHooks,
  home: Home,
): Promise<RunOutcome> {
  const { outputDir } = payload;
  const lap = stopwatch();
  run.seconds["reconstruction"] = (Date.now() - run.startedAt.getTime()) / 1000 - run.seconds["preparation"];
  // From here on the folder changes.
  await removeRunRecord(outputDir, home.store);
  const outcome = outcomeOf(driven, payload);
  const { history } = driven.state;
  if (driven.kind === "diverged" || history.length === 0) {
    await removeReconstructionFiles(outputDir, home.store);
    const files = [...written, ...(await writeCourse(run, driven, payload, [], home))];
    const record = await writeRunRecord(outputDir, recordOf(run, driven, payload, {}, files), home);
    return { ...outcome, files: [...files, record] };
  }
  const physical = physicalEstimate(driven.look);
  const { probe, slices } = physical;
  const { reconstruction, onScan } = placed(run, driven.look, physical);
  const pause = pauses();
  const examples = patternExamples(run.dataset.patterns.height);
  await pause();
  // What several slices make of the light is not what their product makes of it: then the last epoch tells.
  const fit = slices === undefined ? fitToData({ ...onScan, onPattern: examples.add }) : undefined;
  if (fit === undefined && slices === undefined)
    run.warn("no pattern lies wholly on the covered area, so there is no deviance");
  const doubts = engineWarnings(fit);
  for (const line of doubts) run.warn(line);
  await pause();
  const { heldOut, error, deviance } = history[history.length - 1];
  const judged = halves === undefined ? undefined : judgedBy(halves, run, driven.look, physical);
  await pause();
  const metrics = {
    ...inferenceMetrics(reconstruction, run.dataset, fit, run.warn),
    ...(fit === undefined ? { deviance } : {}),
    lastEpoch: { rFactor: error, deviance },
    heldOut: heldOut && { rFactor: heldOut.error, deviance: heldOut.deviance, patterns: run.heldOut.length },
    ...(judged === undefined ? {} : { halfData: judged.metrics }),
  };
  await pause();
  const files = [...written, ...(await writeCourse(run, driven, payload, doubts, home))];
  files.push(...(await writeProbe(run, probe, payload, home)), await writePositions(run, driven.look, payload, home));
  run.seconds["evaluation"] = lap();
  const pictures = {
    formats: payload.execution.pictureFormats,
    probe,
    patterns: fit === undefined ? [] : examples.pairs(),
    ...(run.dataset.mask === undefined ? {} : { mask: run.dataset.mask.data }),
    ...pictureWarning(doubts),
  };
  const record = recordOf(run, driven, payload, { explained: fit?.explained ?? null, doubts }, files);
  const results = {
    ...{ reconstruction, metrics, pictures, run: withCircumstances(record, home) },
    ...alsoWritten(run, probe, payload),
    ...(judged === undefined ? {} : { judged }),
  };
  const left = await writeReconstructionFiles(outputDir, results, home);
  hooks.log(summary(driven, fit));
  return { ...outcome, files: [...files, ...left] };
}

/** The result as files have it, and beside the patterns that it is to explain. */
function placed(
  { dataset, used, frames, scan, scales, propagator, stages }: ReconstructionRun,
  look: Look,
  physical: ReturnType<typeof physicalEstimate>,
) {
  const { object, probe } = physical;
  const [y, x] = look.object.origin;
  const [height, width] = object.shape as [number, number];
  const canvas = { height, width, origin: { y, x } };
  const explained = Array.from(frames);
  const positions = Float64Array.from(explained.flatMap((i) => [look.positions[2 * i], look.positions[2 * i + 1]]));
  const { slices } = physical;
  const reconstruction = {
    ...toReconstruction(
      { object, weight: look.light, canvas },
      positions,
      dataset.geometry?.objectPixelM,
      dataset.provenance.pixelRatio ?? [1, 1],
    ),
    ...(slices === undefined ? {} : { slices }),
  };
  const last = stages[stages.length - 1];
  const whole = last.subPixel === "whole";
  const positionsMet = positionsOf(dataset, used, look);
  const met: Dataset = { ...dataset, positions: whole ? positionsMet.map(Math.round) : positionsMet };
  const onScan = {
    ...{ dataset: met, scales, propagator, probe, flatProbe: scan.probe, object, canvas },
    ...{ frames: explained.map((i) => used[i]), coverage: look.light },
    ...(look.background === undefined ? {} : { background: look.background }),
    frameIntensity: last.wrappers.some(({ wrapper }) => wrapper.name === "intensities"),
  };
  return { reconstruction, onScan };
}

/** Expected errors. The light is that of the physical probe, which belongs to the physical object. */
function judgedBy(
  halves: readonly [HalfLook, HalfLook],
  { scales, warn }: ReconstructionRun,
  look: Look,
  { object, probe }: ReturnType<typeof physicalEstimate>,
): Judged | undefined {
  const dimmer = energyOf(probe) / energyOf(look.probe);
  const [first, second] = halves.map((half) => ({
    ...{ object: physicalEstimate(half.look).object, coverage: half.look.light, patterns: half.patterns },
  }));
  const light = look.light.map((value) => dimmer * value);
  return judge({ object, coverage: look.light, halves: [first, second], light, scales }, warn);
}

/** With what the data decided. */
const stagesAsRun = (run: ReconstructionRun, stages: readonly StageConfig[]): readonly StageConfig[] =>
  stages.map((stage, i) => ({ ...stage, subPixel: run.stages[i].subPixel }));

/** `reconstruction.json` and the picture of its curves. */
async function writeCourse(
  run: ReconstructionRun,
  { kind, state }: Driven,
  { outputDir, execution, ...payload }: ReconstructionPayload,
  doubts: readonly string[],
  home: Home,
): Promise<string[]> {
  const { history, best } = state;
  const path = joinPath(outputDir, outputs.course);
  const kept = kind === "early-stopped" ? (best?.epoch ?? null) : null;
  const stages = stagesAsRun(run, payload.stages);
  await writeJson(path, { outcome: kind, seed: run.seed, stages, epochs: history.length, kept, history }, home.store);
  if (history.length === 0) return [path];
  const curves = () => errorFigure(history, pictureWarning(doubts).warning);
  const pictures = pictureFiles(execution.pictureFormats, home);
  return [path, ...(await pictures.write(joinPath(outputDir, outputs.pictures.error), curves))];
}

/** `probe.npz`, on the scale of the file's probe as after a training. Its picture is among the reconstruction's. */
function writeProbe(
  { dataset, scales }: ReconstructionRun,
  probe: ReturnType<typeof physicalEstimate>["probe"],
  { outputDir }: ReconstructionPayload,
  { store }: Home,
): Promise<string[]> {
  const refined = { start: dataset.probe, trained: probe, probeScale: scales.probeScale };
  return writeProbeFiles(outputDir, outputs.probe(0, 1), refined, store, { write: async () => [] });
}

/** `[frame, 2]` of all frames of the scan's file: those that were left out are where it has them. */
function positionsOf({ positions }: Dataset, used: readonly number[], look: Look): Float64Array {
  const all = positions.slice();
  for (const [i, frame] of used.entries()) all.set(look.positions.subarray(2 * i, 2 * i + 2), 2 * frame);
  return all;
}

/** `positions.csv`: where the frames of the scan's file lie, in its order; those that were left out where the file has them. */
async function writePositions(
  { dataset, used }: ReconstructionRun,
  look: Look,
  { outputDir }: ReconstructionPayload,
  { store }: Home,
): Promise<string> {
  const all = positionsOf(dataset, used, look);
  const rows = Array.from({ length: all.length / 2 }, (_, k) => `${all[2 * k + 1]},${all[2 * k]}`);
  const path = joinPath(outputDir, outputs.positions);
  await store.write(path, new TextEncoder().encode(["x [px],y [px]", ...rows, ""].join("\n")));
  return path;
}

function alsoWritten(
  { dataset, stages, warn }: ReconstructionRun,
  probe: ReturnType<typeof physicalEstimate>["probe"],
  { reconstruction: { outputFormat } }: ReconstructionPayload,
): { readonly also?: AlsoWritten } {
  if (outputFormat === null) return {};
  const { name, geometry, provenance } = dataset;
  const beside = { name, probe, ...(geometry === undefined ? {} : { geometry }) };
  const by = `reconstructed by ${stages.map(({ engine, epochs }) => `${engine.name}, ${counted(epochs, "epoch")}`).join("; ")}`;
  const history = [...sourceLines(provenance.path, provenance.sha256), by];
  return { also: { formats: outputFormat, beside, history, warn } };
}

function recordOf(
  run: ReconstructionRun,
  { kind, state }: Driven,
  { data, reconstruction, execution, stages, overridden }: ReconstructionPayload,
  found: RunRecord["outcome"],
  files: readonly string[],
): RunRecord & Readonly<Record<string, unknown>> {
  const { dataset, seed, runtime, startedAt, seconds, warnings, scales, heldOut, used } = run;
  const last = state.history.at(-1);
  return {
    command: "reconstruct",
    inputs: [scanInput(dataset)],
    settings: { data, reconstruction, execution },
    overridden,
    seeds: { run: seed, grouping: seed },
    runtime,
    startedAt: startedAt.toISOString(),
    seconds,
    stages: stagesAsRun(run, stages),
    ...(run.why.length === 0 ? {} : { chosenBecause: run.why }),
    scales: { used: scales },
    patterns: { reconstructed: used.length - heldOut.length, heldOut: heldOut.length },
    warnings,
    outcome: {
      kind,
      epochs: state.history.length,
      rFactor: last?.error ?? null,
      heldOut: last?.heldOut ?? null,
      ...found,
    },
    files,
  };
}

function outcomeOf({ kind, state }: Driven, payload: ReconstructionPayload): Pick<RunOutcome, "status" | "advice"> {
  const done = state.history.length;
  const statuses: Readonly<Record<DriverEnd, () => Pick<RunOutcome, "status" | "advice">>> = {
    completed: () => ({ status: "finished" }),
    "early-stopped": () => ({
      status: "finished",
      advice: `stopped after epoch ${done}: ${counted(payload.reconstruction.patience ?? 0, "epoch")} without a better prediction of the held-out patterns; epoch ${state.best?.epoch ?? done} is kept`,
    }),
    "at-noise": () => ({
      status: "finished",
      advice: `stopped after epoch ${done}: the patterns are explained as well as their noise allows`,
    }),
    interrupted: () => ({
      status: "interrupted",
      advice: payload.execution.enableCheckpointing
        ? `stopped after epoch ${done}; the same run with ${setting("resume", "last")} goes on from here`
        : `stopped after epoch ${done}; nothing was saved to go on from, since checkpoints are off`,
    }),
    diverged: () => ({
      status: "diverged",
      advice: `the error grew without bound after epoch ${done}: try another ${setting("engine")}, or smaller steps (${setting("object_step")}, ${setting("probe_step")})`,
    }),
  };
  return statuses[kind]();
}

function summary({ state: { history } }: Driven, fit: DataFit | undefined): string {
  const seconds = history.reduce((sum, record) => sum + record.seconds, 0);
  const speed = `${counted(history.length, "epoch")}, ${(seconds / history.length).toPrecision(3)} s each`;
  if (fit === undefined) return speed;
  return `${speed}; ${explainedText(fit)}, R ${fit.rFactor.toPrecision(3)} over ${fit.patterns} patterns`;
}
