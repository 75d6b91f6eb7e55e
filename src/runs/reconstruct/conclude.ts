import type { ComplexArray } from "../../arrays.ts";
import type { ReconstructionPayload } from "../../config/payload.ts";
import type { StageConfig } from "../../config/stages.ts";
import type { Dataset } from "../../data/dataset.ts";
import { energyOf, scaledProbe } from "../../data/normalisation.ts";
import type { Driven, DriverEnd } from "../../engines/driver.ts";
import { modePowers } from "../../engines/modes/startModes.ts";
import type { Look } from "../../engines/runningStage.ts";
import type { Variations } from "../../engines/scan.ts";
import type { BlurSettings } from "../../engines/wrappers/detectorBlur.ts";
import { setting } from "../../errors.ts";
import { type DataFit, fitToData } from "../../inference/dataFit.ts";
import { engineWarnings, explainedText, pictureWarning } from "../../inference/explanationWarnings.ts";
import { patternExamples } from "../../inference/patternExamples.ts";
import { positionLimit } from "../../inference/positionLimit.ts";
import { toReconstruction } from "../../inference/reconstruction.ts";
import { movedProbe } from "../../optics/movedProbe.ts";
import { pauses } from "../../pause.ts";
import { nearField } from "../../physics/propagation/nearField.ts";
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
import {
  type AskedRecord,
  type RunRecord,
  removeRunRecord,
  scanInput,
  withCircumstances,
  writeRunRecord,
} from "../runRecord.ts";
import { stopwatch } from "../stopwatch.ts";
import { writeJson } from "../store.ts";
import { writeProbeArrays } from "../train/probeFiles.ts";
import type { HalfLook } from "./halfReconstructions.ts";
import { physicalEstimate } from "./physicalEstimate.ts";
import { positionFindings } from "./positionReport.ts";
import type { Followed } from "./reconstructionLoop.ts";
import type { ReconstructionRun } from "./reconstructionRun.ts";
import { lightsOf, variationBytes, variationPowers } from "./variationFiles.ts";

/** Measures, writes everything and says how it went. */
export async function concludeReconstruction(
  run: ReconstructionRun,
  {
    driven,
    files: written,
    doubts: doubted,
    halves,
  }: Followed & { readonly halves?: readonly [HalfLook, HalfLook] | undefined },
  payload: ReconstructionPayload,
  hooks: RunHooks,
  home: Home,
): Promise<RunOutcome> {
  const { outputDir } = payload;
  const lap = stopwatch();
  run.seconds["reconstruction"] = (Date.now() - run.startedAt.getTime()) / 1000 - run.seconds["preparation"];
  // From here on the folder changes.
  await removeRunRecord(outputDir, "reconstruct", home.store);
  const outcome = outcomeOf(driven, payload, doubted);
  const { history } = driven.state;
  if ((driven.kind === "diverged" && driven.kept === undefined) || history.length === 0) {
    await removeReconstructionFiles(outputDir, home.store);
    const files = [...written, ...(await writeCourse(run, driven, payload, [], home))];
    const record = await writeRunRecord(outputDir, recordOf(run, driven, payload, {}, files), home);
    return { ...outcome, files: [...files, record] };
  }
  const physical = physicalEstimate(driven.look);
  const { probe, variations } = physical;
  const { reconstruction, onScan } = placed(run, driven.look, physical);
  const pause = pauses();
  const examples = patternExamples(run.dataset.patterns.height);
  await pause();
  const fit = fitToData({ ...onScan, onPattern: examples.add });
  if (fit === undefined) run.warn("no pattern lies wholly on the covered area, so there is no deviance");
  const doubts = [...engineWarnings(fit), ...keptWarning(driven)];
  for (const line of doubts) run.warn(line);
  await pause();
  const { error, deviance } = history[history.length - 1];
  const { heldOut, ...found } = history[(driven.kept ?? history.length) - 1];
  const powers = modePowers(probe);
  if (powers.length > 1)
    hooks.log(`probe modes have ${powers.map((power) => (100 * power).toPrecision(3)).join(", ")} % of the power`);
  const states = physical.objectModes?.powers;
  if (states !== undefined)
    hooks.log(
      `states of the object have ${states.map((part) => (100 * part).toPrecision(3)).join(", ")} % of the light`,
    );
  const moved = positionFindings({
    ...{ dataset: run.dataset, stated: payload.data, stages: run.stages, frames: run.frames },
    ...{ nominal: run.scan.positions, found: driven.look.positions },
  });
  for (const line of moved?.warnings ?? []) run.warn(line);
  await pause();
  const limit = moved === undefined || physical.slices !== undefined ? undefined : positionLimit(onScan);
  if (limit !== undefined)
    hooks.log(
      `photons leave a position an error of ${limit.toPrecision(2)} pixels at the least, were object and probe known`,
    );
  const judged = halves === undefined ? undefined : judgedBy(halves, run, driven.look, physical);
  await pause();
  const metrics = {
    ...inferenceMetrics(reconstruction, run.dataset, fit, run.warn),
    ...(fit === undefined ? { deviance: found.deviance } : {}),
    lastEpoch: { rFactor: error, deviance },
    heldOut: heldOut && { rFactor: heldOut.error, deviance: heldOut.deviance, patterns: run.heldOut.length },
    ...(powers.length === 1 ? {} : { probeModes: powers }),
    ...(states === undefined ? {} : { objectModes: states }),
    ...(variations === undefined ? {} : { variations: variationPowers(variations, probe) }),
    ...(judged === undefined ? {} : { halfData: judged.metrics }),
    ...(moved === undefined ? {} : { positions: { ...moved.report, photonLimitPixels: limit ?? null } }),
  };
  await pause();
  const files = [...written, ...(await writeCourse(run, driven, payload, doubts, home))];
  const refined = { start: run.dataset.probe, trained: probe, probeScale: run.scales.probeScale };
  files.push(...(await writeProbeArrays(outputDir, refined, home.store)));
  files.push(await writePositions(run, driven.look, payload, home));
  if (variations !== undefined) files.push(await writeVariations(run, variations, probe, payload, hooks, home));
  run.seconds["evaluation"] = lap();
  const pictures = {
    formats: payload.execution.pictureFormats,
    probe,
    patterns: fit === undefined ? [] : examples.pairs(),
    ...(run.dataset.mask === undefined ? {} : { mask: run.dataset.mask.data }),
    ...pictureWarning(doubts),
  };
  const ending = {
    ...{ explained: fit?.explained ?? null, doubts },
    ...(moved && { positions: moved.lines, sayOfPositions: moved.report.say }),
  };
  const results = {
    ...{ reconstruction, metrics, pictures },
    run: (others: readonly string[]) =>
      withCircumstances(recordOf(run, driven, payload, ending, [...files, ...others]), home),
    ...alsoWritten(run, probe, payload),
    ...(judged === undefined ? {} : { judged }),
  };
  const left = await writeReconstructionFiles(outputDir, results, home);
  hooks.log(summary(driven, fit));
  for (const line of moved?.lines ?? []) hooks.log(line);
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
  const { slices, objectModes, variations } = physical;
  const reconstruction = {
    ...toReconstruction(
      { object, weight: look.light, canvas },
      positions,
      dataset.geometry?.objectPixelM,
      dataset.provenance.pixelRatio ?? [1, 1],
    ),
    ...(slices === undefined ? {} : { slices }),
    ...(objectModes === undefined ? {} : { objectModes: objectModes.values }),
  };
  const last = stages[stages.length - 1];
  const whole = last.subPixel !== "bilinear";
  const blur = last.wrappers.find(({ wrapper }) => wrapper.name === "blur");
  const positionsMet = positionsOf(dataset, used, look);
  const met: Dataset = { ...dataset, positions: whole ? positionsMet.map(Math.round) : positionsMet };
  const rest = (k: number): number => positionsMet[k] - Math.round(positionsMet[k]);
  const onScan = {
    ...{
      dataset: met,
      scales,
      propagator,
      probe,
      // A run may begin with a probe that another has ruined.
      flatProbes: [scan.probe, scaledProbe(dataset.probe, scales)],
      object: slices ?? objectModes?.values ?? object,
      canvas,
    },
    incoherent: objectModes !== undefined,
    ...{ frames: explained.map((i) => used[i]), coverage: look.light },
    ...(scan.slices === undefined ? {} : { between: nearField(scan.slices.between) }),
    ...(look.background === undefined ? {} : { background: look.background }),
    ...(blur === undefined ? {} : { blurSigma: (blur.settings as BlurSettings).blurSigma }),
    ...(last.subPixel === "fourier"
      ? { light: (frame: number) => movedProbe(probe, [rest(2 * frame), rest(2 * frame + 1)]) }
      : {}),
    ...(variations === undefined
      ? {}
      : { light: lightsOf(probe, variations, new Map(used.map((frame, i) => [frame, i]))) }),
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
const stagesAsRun = (run: Pick<ReconstructionRun, "stages">, stages: readonly StageConfig[]): readonly StageConfig[] =>
  stages.map((stage, i) => ({ ...stage, subPixel: run.stages[i].subPixel }));

/** `reconstruction.json` and the picture of its curves. */
async function writeCourse(
  run: ReconstructionRun,
  { kind, state, kept }: Driven,
  { outputDir, execution, ...payload }: ReconstructionPayload,
  doubts: readonly string[],
  home: Home,
): Promise<string[]> {
  const { history } = state;
  const path = joinPath(outputDir, outputs.course);
  const stages = stagesAsRun(run, payload.stages);
  await writeJson(
    path,
    { outcome: kind, seed: run.seed, stages, epochs: history.length, kept: kept ?? null, history },
    home.store,
  );
  if (history.length === 0) return [path];
  const curves = () => errorFigure(history, pictureWarning(doubts).warning);
  const pictures = pictureFiles(execution.pictureFormats, home);
  return [path, ...(await pictures.write(joinPath(outputDir, outputs.pictures.error), curves))];
}

/** `variations.npz`, and a line that says how much there is of them. */
async function writeVariations(
  { dataset, scales, used }: ReconstructionRun,
  variations: Variations,
  probe: ComplexArray,
  { outputDir }: ReconstructionPayload,
  { log }: RunHooks,
  { store }: Home,
): Promise<string> {
  const path = joinPath(outputDir, outputs.variations);
  await store.write(path, variationBytes(variations, scales.probeScale, used, dataset.patterns.count));
  const parts = variationPowers(variations, probe).map((part) => `${(100 * part).toPrecision(2)} %`);
  log(`the probe varies from frame to frame in ${counted(parts.length, "way")}, by ${parts.join(", ")} of its power`);
  return path;
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

/** What a run was asked, and what the data made of it: known before its first epoch. */
export function askedOf(
  { dataset, seed, runtime, startedAt, scales, heldOut, used, ...run }: ReconstructionRun,
  { data, reconstruction, execution, stages, overridden }: ReconstructionPayload,
): AskedRecord & Readonly<Record<string, unknown>> {
  return {
    command: "reconstruct",
    inputs: [scanInput(dataset)],
    settings: { data, reconstruction, execution },
    overridden,
    seeds: { run: seed, grouping: seed },
    runtime,
    startedAt: startedAt.toISOString(),
    stages: stagesAsRun(run, stages),
    ...(run.why.length === 0 ? {} : { chosenBecause: run.why }),
    scales: { used: scales },
    patterns: { reconstructed: used.length - heldOut.length, heldOut: heldOut.length },
  };
}

function recordOf(
  run: ReconstructionRun,
  { kind, state }: Driven,
  payload: ReconstructionPayload,
  found: RunRecord["outcome"],
  files: readonly string[],
): RunRecord & Readonly<Record<string, unknown>> {
  const { seconds, warnings } = run;
  const last = state.history.at(-1);
  return {
    ...askedOf(run, payload),
    ...(state.changes === undefined ? {} : { changes: state.changes }),
    ...{ seconds, warnings },
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

/** How a reconstruction that was driven so ends. */
export function outcomeOf(
  { kind, state, kept }: Driven,
  payload: ReconstructionPayload,
  doubts: readonly string[],
): Pick<RunOutcome, "status" | "advice"> {
  const done = state.history.length;
  const statuses: Readonly<Record<DriverEnd, () => Pick<RunOutcome, "status" | "advice">>> = {
    completed: () => ({ status: "finished" }),
    "early-stopped": () => ({
      status: "finished",
      advice: `stopped after epoch ${done}: ${counted(payload.reconstruction.patience ?? 0, "epoch")} without a better prediction of the held-out patterns; epoch ${kept ?? done} is kept`,
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
      advice: `the error grew without bound after epoch ${done}${kept === undefined ? "" : `, and epoch ${kept} is kept`}: ${doubts.length === 0 ? "" : "first mend what was warned of in its epochs, then "}try another ${setting("engine")}, or smaller steps (${setting("object_step")}, ${setting("probe_step")})`,
    }),
  };
  return statuses[kind]();
}

/** That an epoch before the last is kept, where nobody asked for that, and what may be tried. */
function keptWarning({ kind, kept, state: { history } }: Driven): readonly string[] {
  if (kept === undefined || kind === "early-stopped" || kind === "diverged") return [];
  const [best, last] = [history[kept - 1], history[history.length - 1]];
  const held = last.heldOut !== null;
  const [before, after] = [best, last].map(({ heldOut, error }) => (heldOut?.error ?? error).toPrecision(3));
  return [
    `epoch ${kept} of ${history.length} is kept, since what came after it is worse: R of ${held ? "held-out" : "the"} patterns rose from ${before} to ${after}; take fewer ${setting("epochs")}${held ? ` or ${setting("patience")}` : ""}, smaller steps, or another ${setting("engine")}, with ${setting("noise", "poisson")} where photons are few (lsqml, ml, ad)`,
  ];
}

function summary({ state: { history } }: Driven, fit: DataFit | undefined): string {
  const seconds = history.reduce((sum, record) => sum + record.seconds, 0);
  const speed = `${counted(history.length, "epoch")}, ${(seconds / history.length).toPrecision(3)} s each`;
  if (fit === undefined) return speed;
  return `${speed}; ${explainedText(fit)}, R ${fit.rFactor.toPrecision(3)} over ${fit.patterns} patterns`;
}
