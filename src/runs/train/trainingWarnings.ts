import type { DataConfig } from "../../config/dataConfig.ts";
import { snakeCase } from "../../config/names.ts";
import type { TrainingPayload } from "../../config/payload.ts";
import type { Dataset } from "../../data/dataset.ts";
import { framesByScan } from "../../data/frameNumbers.ts";
import { energyOf } from "../../data/normalisation.ts";
import { type PatternSignal, patternSignal } from "../../data/patternSignal.ts";
import { PtychonautError, setting } from "../../errors.ts";
import { doseOf } from "../../inference/baselines.ts";
import { planCanvas } from "../../inference/canvas.ts";
import { centralLight } from "../../inference/patchWeights.ts";
import { positionsOf } from "../../inference/predictPatches.ts";
import { seesExperiment } from "../../nets/network.ts";
import { shadowSense } from "../../optics/shadowSense.ts";
import type { PreparedData } from "../../training/preparation.ts";
import { trainingFramesOf } from "./trainingFrames.ts";

/** Things worth a look in how a training was set up. */
export function trainingWarnings(
  { data, model }: Pick<TrainingPayload, "data" | "model">,
  scans: readonly Dataset[],
  prepared: PreparedData,
): string[] {
  return [...prepared.warnings, ...cappedGroups(data, prepared), ...loneProbe(model), ...darkBorder(model, scans)];
}

/** What an object changes of the patterns that training sees of a scan, where photons are known. */
export interface ScanSignal {
  readonly dataset: Dataset;
  readonly signal: PatternSignal;
}

/** Of every scan of which it can be told. Reads patterns. */
export function scanSignals(scans: readonly Dataset[], prepared: PreparedData): ScanSignal[] {
  return trainingFramesOf(scans, prepared).flatMap((frames) => {
    if (doseOf(frames.scales) === "unknown") return [];
    const signal = patternSignal(frames, frames.scales.countsPerUnit);
    return signal === undefined ? [] : [{ dataset: frames.dataset, signal }];
  });
}

/** How little of the light changes, and how sure that is. */
export function signalWarnings({ model }: Pick<TrainingPayload, "model">, signals: readonly ScanSignal[]): string[] {
  return signals.flatMap(({ dataset, signal }) => {
    const weak = signal.contrast < WEAK && !seesExperiment(model) ? upsideDown(dataset) : [];
    const lines = [...sharedCounts(signal), ...weakSignal(signal, model), ...weak];
    return lines.map((line) => `${dataset.name}: ${line}`);
  });
}

/** Settings with which the network with the physics inside was measured on groups of four (docs/generators.md). */
const groupsOfFour = { gridsize: 2, unrolledWidth: 8, trainingPatchWeighting: "probe", batchSize: 4 } as const;

/**
 * Where nobody chose a network and another learns such scans in far fewer steps (docs/diagnosis.md, docs/compared.md): every
 * scan changes its patterns by much more than counting does.
 */
export function generatorNotes(
  { model, overridden }: Pick<TrainingPayload, "model" | "overridden">,
  signals: readonly ScanSignal[],
  scans: number,
): string[] {
  // Who set something else of the network has chosen it.
  const chosen = overridden.some(({ name, group }) => group === "model" && !(name in groupsOfFour || name === "N"));
  const least = Math.min(...signals.map(({ signal: { deviations } }) => deviations));
  if (chosen || model.modelType !== "pinn" || signals.length < scans || least < NOISY.small) return [];
  // Weak objects have their own words.
  if (signals.some(({ signal: { contrast } }) => contrast < WEAK)) return [];
  const flags = Object.entries(groupsOfFour).map(([name, value]) => setting(snakeCase(name), value));
  return [
    `the object changes the patterns by ${twoDigits(least)} standard deviations of photon counting a pixel: of such scans a network with the physics inside has a sharper object after far fewer steps, ${setting("architecture", "unrolled")} with ${flags.join(" ")}; ${setting("architecture", "cnn")} says that this one is meant`,
  ];
}

/** For people: two digits of a number, or all in front of the point. */
const twoDigits = (value: number): string => (value < 10 ? value.toPrecision(2) : value.toFixed(0));

/**
 * What an object changes of the amplitudes, below which a network that sees them hardly sees it: 0.9 to 2.8 % where that was
 * so, 6.7 and 22 % where it was not (docs/weak-phase.md).
 */
const WEAK = 0.05;
/** Of the mean count, by which neighbours vary together beyond what each varies: nothing but the detector does that. */
const SHARED = 0.05;

function weakSignal(
  { contrast, noise, deviations, seenFrom, patterns }: PatternSignal,
  model: TrainingModel,
): string[] {
  const counting = `photon counting changes them by ${percent(noise)}`;
  if (deviations < seenFrom)
    return [
      `${patterns} patterns differ from their mean by no more than photon counting makes, ${counting}, and the object by less than ${seenFrom.toFixed(3)} standard deviations of that a pixel: more photons, or a stronger object, are needed to see it`,
    ];
  if (seesExperiment(model)) return noisePatches(deviations, model);
  if (contrast >= WEAK || model.standardiseInput) return [];
  return [
    `the object changes the patterns' amplitudes by ${percent(contrast)} only (RMS; ${counting}, so these are ${deviations.toFixed(2)} standard deviations a pixel), and a network that sees amplitudes hardly sees that: ${setting("standardise_input", true)} shows it how patterns differ from their mean${deviations < NOISY.small ? "" : `, and a network with the physics inside, ${setting("architecture", "unrolled")} without it, sees more`}`,
  ];
}

/**
 * What an object changes of a pixel in standard deviations of its count, below which `unrolled` fits more noise than the CNN
 * (docs/weak-phase.md): in groups of four so at 0.10 and 0.22, not at 0.60; in groups of sixteen so at 0.10, not at 0.22.
 */
const NOISY = { small: 0.4, large: 0.15 };
/** Gridsize of groups that average noise. */
const LARGE = 4;

function noisePatches(deviations: number, { gridsize, objectBig }: TrainingModel): string[] {
  const large = objectBig && gridsize >= LARGE;
  if (deviations >= NOISY[large ? "large" : "small"]) return [];
  const cnn = `${setting("architecture", "cnn")} with ${setting("standardise_input", true)}`;
  const groups = `${setting("gridsize", LARGE)} with ${setting("neighbor_count", LARGE ** 2)} and ${setting("training_patch_weighting", "probe")}`;
  const answer =
    deviations < NOISY.large
      ? `${cnn} fits less of it`
      : `groups of ${LARGE ** 2}, ${groups}, fit less of it, and so does ${cnn}`;
  return [
    `the object changes the patterns by ${deviations.toFixed(2)} standard deviations of photon counting a pixel, and a network with the physics inside fits the noise of such patterns: ${answer}`,
  ];
}

/** Correlation of place and direction below which patterns are taken for shadow images upside down. */
const CONVERGING = -0.5;

function upsideDown({ probe }: Dataset): string[] {
  const sense = shadowSense(probe);
  if (sense > CONVERGING) return [];
  return [
    `the beam converges behind the sample (place and direction correlate by ${sense.toFixed(2)}), so patterns are shadow images upside down, and convolutions hardly learn to turn them: ${setting("architecture", "unrolled")} works in the object's space; or with ${setting("detector_orientation", "rotate180")} and the probe's complex conjugate, ${setting("defocus_m")} of the other sign, the network sees them upright, and the phase comes out with the other sign`,
  ];
}

function sharedCounts({ excess, shared }: PatternSignal): string[] {
  if (excess < -SHARED || shared < Math.max(0, excess) + SHARED) return [];
  return [
    `neighbouring pixels count together: the covariance of their counts is ${percent(shared)} of the mean, though each varies by ${percent(Math.max(0, excess))} beyond photon counting, so a particle gives several counts; there are fewer particles than counts, and more noise than the likelihood takes`,
  ];
}

type TrainingModel = TrainingPayload["model"];

const percent = (part: number): string => `${twoDigits(100 * part)} %`;

/**
 * A word about scans whose patches need too large a canvas to be put together.
 * @throws PtychonautError "usage" where training itself is to draw the object
 */
export function canvasWarnings(
  { model, execution }: Pick<TrainingPayload, "model" | "execution">,
  scans: readonly Dataset[],
  { training }: PreparedData,
): string[] {
  const inGroups = framesByScan(
    [...new Set(training.groups.frames)].sort((a, b) => a - b),
    scans,
  );
  return scans.flatMap(({ name, positions }, scan) => {
    const frames = inGroups[scan];
    // Another scan may have all the groups there are.
    if (frames.length === 0) return [];
    try {
      planCanvas(positionsOf(positions, frames), model.N / 2, { frames });
      return [];
    } catch (error) {
      if (!(error instanceof PtychonautError) || execution.reconLogStitch) throw error;
      return [`${name} can be trained on but not put together in one piece: ${error.message}`];
    }
  });
}

/** Patterns on their own cannot make more groups than there are. */
function cappedGroups({ nGroups }: DataConfig, { training, scales }: PreparedData): string[] {
  const { count } = training.groups;
  if (nGroups === null || nGroups * scales.length <= count) return [];
  return [`n_groups ${nGroups} is more than the ${count} patterns to train on: each is taken once an epoch`];
}

/** Patches that share no object can each make up for a wrong probe. */
function loneProbe({ probeTrainable, objectBig, gridsize }: TrainingPayload["model"]): string[] {
  if (!probeTrainable || (objectBig && gridsize > 1)) return [];
  return [
    "the patches share no object, which leaves probe and object hard to tell apart: gridsize 2 refines the probe better",
  ];
}

/** Part of the probe's light outside the middle of the patches from which its loss is said: at 4 % it is most of the deviance. */
const DARK_LIGHT = 0.01;

/** With the reference's weights merged patches are zero outside their middle, whatever the probe lights there. */
function darkBorder(
  { gridsize, objectBig, trainingPatchWeighting, modelType }: TrainingModel,
  scans: readonly Dataset[],
): string[] {
  if (gridsize === 1 || !objectBig || trainingPatchWeighting !== "central_mask" || modelType !== "pinn") return [];
  return scans.flatMap(({ name, probe }) => {
    const inside = centralLight(probe, probe.shape[1] / 2).reduce((sum, light) => sum + light, 0);
    const outside = 1 - inside / energyOf(probe);
    if (outside < DARK_LIGHT) return [];
    return [
      `${name}: ${percent(outside)} of the probe's light falls outside the middle N/2 of the patches, where merged groups are dark: ${setting("training_patch_weighting", "probe")} merges all that is lit`,
    ];
  });
}
