import type { DataConfig } from "../config/dataConfig.ts";
import { neighbourRule, statedDose } from "../config/scanUse.ts";
import { type BatchSource, batchSource } from "../data/batches.ts";
import type { Dataset } from "../data/dataset.ts";
import { startsOf } from "../data/frameNumbers.ts";
import { framesInUse } from "../data/frameRanges.ts";
import { type GroupingOptions, type Groups, makeGroups, type NeighbourRule, subsample } from "../data/grouping.ts";
import { loneFramesWarning, partsWarning } from "../data/groupingWarnings.ts";
import { joinSources } from "../data/joinedScans.ts";
import { computeScales, type Scales } from "../data/normalisation.ts";
import { type Split, splitFrames } from "../data/splits.ts";
import { Random } from "../random.ts";

/** The material of a training run: who is in which group, and each scan's normalisation. */
export interface PreparedData {
  /** One a scan. */
  readonly scales: readonly Scales[];
  /** One a scan that is validated on: another one has its own light, as a reconstruction of it would have. */
  readonly validationScales: readonly Scales[];
  readonly training: BatchSource;
  /** Absent when nothing is held back. */
  readonly validation?: BatchSource;
  /** Frames that training sees, which some group has, ascending; of several scans numbered through. */
  readonly trainingFrames: readonly number[];
  readonly validationFrames: readonly number[];
  /** Which patterns are too far from the others, for people. */
  readonly warnings: readonly string[];
}

/**
 * Subsamples, holds frames back, normalises by the training frames and makes groups, each scan for itself. Patterns that
 * are held back are in no training group, and no group has patterns of two scans.
 * @param scans to train on, patterns of one size
 * @param validation another scan to validate on, beside a single one; then nothing is held back
 * @param random draws what is held back; `data.subsampleSeed` draws subsample and groups
 */
export function prepareData(
  scans: readonly Dataset[],
  validation: Dataset | undefined,
  data: DataConfig,
  gridsize: number,
  random: Random,
): PreparedData {
  const drawing = new Random(data.subsampleSeed);
  const prepared = scans.map((scan) => prepareScan(scan, validation, data, gridsize, random, drawing));
  const scales = prepared.map((scan) => scan.scales);
  const validationScales = prepared.map((scan) => scan.validationScales);
  const [only, ...more] = prepared;
  if (only !== undefined && more.length === 0) {
    const { validation: held, ...others } = only;
    return {
      ...{ ...others, scales, validationScales },
      ...(held.groups.count === 0 ? {} : { validation: held }),
    };
  }
  const held = joinSources(prepared.map((scan) => scan.validation));
  const starts = startsOf(scans.map(({ patterns }) => patterns));
  const throughout = (frames: (scan: PreparedScan) => readonly number[]): number[] =>
    prepared.flatMap((scan, i) => frames(scan).map((frame) => frame + starts[i]));
  return {
    ...{ scales, validationScales },
    training: joinSources(prepared.map(({ training }) => training)),
    trainingFrames: throughout((scan) => scan.trainingFrames),
    validationFrames: throughout((scan) => scan.validationFrames),
    warnings: prepared.flatMap(({ warnings }, i) => warnings.map((line) => `${scans[i].name}: ${line}`)),
    ...(held.groups.count === 0 ? {} : { validation: held }),
  };
}

interface PreparedScan extends Pick<PreparedData, "trainingFrames" | "validationFrames"> {
  readonly scales: Scales;
  readonly validationScales: Scales;
  readonly training: BatchSource;
  /** Without groups when nothing is held back. */
  readonly validation: BatchSource;
  readonly warnings: readonly string[];
}

function prepareScan(
  dataset: Dataset,
  validation: Dataset | undefined,
  data: DataConfig,
  gridsize: number,
  random: Random,
  drawing: Random,
): PreparedScan {
  const all = framesInUse(dataset);
  const frames = data.nSubsample === null ? all : subsample(all, data.nSubsample, drawing, data.sequentialSampling);
  const split =
    validation === undefined ? holdBack(dataset, frames, data, gridsize, random) : { training: frames, validation: [] };
  const scales = computeScales(dataset, split.training, statedDose(data));
  const { positions, patterns } = dataset;
  const window = patterns.height;
  const groups = makeGroups(
    positions,
    split.training,
    { ...trainingGroups(data, gridsize), window, where: dataset.name },
    drawing,
  );
  const held = validation === undefined ? split.validation : framesInUse(validation);
  const validationScales = validation === undefined ? scales : computeScales(validation, held, statedDose(data));
  const heldSource = heldBackSource(validation ?? dataset, held, data, gridsize, validationScales);
  return {
    scales,
    validationScales,
    training: batchSource(dataset, scales, groups),
    validation: heldSource,
    trainingFrames: framesOf(groups),
    validationFrames: framesOf(heldSource.groups),
    warnings: [
      ...partsWarning(positions, window, frames),
      ...loneFramesWarning(groups),
      ...(held.length > 0 && heldSource.groups.count === 0
        ? [`no validation: of the ${held.length} patterns held back none has enough neighbours among them that overlap`]
        : []),
    ],
  };
}

const framesOf = ({ frames }: Groups): number[] => [...new Set(frames)].sort((a, b) => a - b);

/**
 * Frames to hold back. For groups of several patterns a random choice takes whole neighbourhoods, so that validation
 * has groups that overlap as those of training do.
 */
function holdBack(
  { name, positions, patterns }: Dataset,
  frames: readonly number[],
  data: DataConfig,
  gridsize: number,
  random: Random,
): Split {
  const { validationFraction: fraction, splitMode: mode } = data;
  const size = gridsize ** 2;
  if (size === 1 || mode === "spatial" || fraction === 0) {
    return splitFrames(positions, frames, { fraction, mode, where: name }, random);
  }
  const wanted = Math.max(size, Math.round(fraction * frames.length));
  const held = new Set<number>();
  const options = { size, neighbours: fixedRule(data, size), window: patterns.height, where: name };
  const neighbourhoods = makeGroups(positions, frames, options, random);
  for (let group = 0; group < neighbourhoods.count && held.size < wanted; group++) {
    const members = neighbourhoods.frames.subarray(group * size, (group + 1) * size);
    if (!members.some((frame) => held.has(frame))) for (const frame of members) held.add(frame);
  }
  return {
    training: frames.filter((frame) => !held.has(frame)),
    validation: frames.filter((frame) => held.has(frame)),
  };
}

function trainingGroups(data: DataConfig, gridsize: number): GroupingOptions {
  return {
    size: gridsize ** 2,
    neighbours: neighbourRule(data),
    sequential: data.sequentialSampling,
    oversampling: data.enableOversampling,
    xBounds: data.xBounds,
    yBounds: data.yBounds,
    ...(data.nGroups === null ? {} : { groups: data.nGroups }),
  };
}

/** As {@link neighbourRule}, of nearest ones always the very nearest: a group for each frame that leaves nothing to chance. */
function fixedRule(data: DataConfig, size: number): NeighbourRule {
  return data.neighborFunction === "Grid" ? neighbourRule(data) : { kind: "nearest", count: Math.max(1, size - 1) };
}

/** Every frame leads one group of its nearest neighbours, or of its square of a grid, always the same ones. */
function heldBackSource(
  dataset: Dataset,
  frames: readonly number[],
  data: DataConfig,
  gridsize: number,
  scales: Scales,
): BatchSource {
  const size = gridsize ** 2;
  if (frames.length < size) return batchSource(dataset, scales, { size, count: 0, frames: new Int32Array(0) });
  const window = dataset.patterns.height;
  const options: GroupingOptions = {
    ...{ size, neighbours: fixedRule(data, size), sequential: true, window },
    mayBeNone: true,
  };
  return batchSource(dataset, scales, makeGroups(dataset.positions, frames, options, new Random(data.subsampleSeed)));
}
