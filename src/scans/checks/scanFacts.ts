import type { ComplexArray } from "../../arrays.ts";
import { alone, type Communicator, greatest } from "../../communicator.ts";
import type { Dataset, Measurement, Patterns } from "../../data/dataset.ts";
import { type FrameStatistics, type FrameTally, frameTally } from "../../data/frameStatistics.ts";
import { type PatternStatistics, type PatternTally, patternTally, type Spread } from "../../data/patternStatistics.ts";
import { scanNumbers } from "../../data/scanNumbers.ts";
import { diskOverlap, probeDiameter, type ScanStatistics, scanStatistics } from "../../data/scanStatistics.ts";
import type { Geometry } from "../../optics/geometry.ts";
import type { ScanOptions } from "../scanOptions.ts";
import { validInFile } from "./usable.ts";

/**
 * What checks look at: a scan's numbers, from a Dataset that a run works with or, in `inspect`, from the arrays of a file
 * that may not be readable as it is. What is absent could not be looked at.
 */
export interface ScanFacts {
  /** What was said about the file: a check that asks for one of these has its answer. */
  readonly stated: ScanOptions;
  /** It is for iterative engines, which take patterns of any side. Default false. */
  readonly forEngines?: boolean;
  readonly patterns?: PatternFacts;
  readonly frames?: FrameStatistics;
  /** Frames that are left out. */
  readonly skipped?: readonly number[];
  readonly probe?: ProbeSummary;
  /** `[mode, y, x]` */
  readonly probeField?: ComplexArray;
  readonly scan?: ScanSummary;
  /** `[frame, 2]` as (y, x). */
  readonly positions?: Float64Array;
  /** `[frame]` */
  readonly scanIndex?: Int32Array;
  readonly object?: { readonly shape: readonly number[] };
  readonly mask?: MaskSummary;
  readonly geometry?: Geometry;
}

/** Of a scan whose frames were all looked at. */
export interface FactsOfAll extends ScanFacts {
  readonly frames: FrameStatistics;
}

export interface PatternFacts extends PatternStatistics {
  readonly dtype: string;
  readonly measurement: Measurement;
  /** Counts per pattern under that measurement. */
  readonly dose: Spread;
}

export interface ProbeSummary {
  readonly shape: readonly number[];
  readonly modes: number;
  /** Σ|P|² over all modes. */
  readonly energy: number;
  /** From the second moment, pixels. */
  readonly diameter: number;
}

export interface ScanSummary extends ScanStatistics {
  readonly count: number;
  readonly overlap?: number;
}

/** Shares that a mask takes away, 0 to 1. */
export interface MaskSummary {
  readonly pixels: number;
  readonly counts: number;
  /** What was taken for a valid pixel in the file. */
  readonly validInFile: 0 | 1;
}

/** Frames read at a time: bounds the memory, whatever the scan's size. */
const CHUNK_BYTES = 2 ** 24;

/** The facts of a scan that a reader has converted, by one pass over its patterns. */
export function scanFacts(dataset: Dataset, stated: ScanOptions): ScanFacts {
  return factsOf(dataset, stated, passOver(dataset, alone));
}

/** The same in several processes, each of which looks at its share of the frames: sums differ by rounding. */
export async function scanFactsTogether(
  ranks: Communicator,
  dataset: Dataset,
  stated: ScanOptions,
): Promise<FactsOfAll> {
  const pass = passOver(dataset, ranks);
  for (const tally of [pass.frames, pass.patterns]) {
    for (const values of tally.added) await ranks.sum(values);
    for (const values of tally.greatest) await greatest(ranks, values);
  }
  return factsOf(dataset, stated, pass);
}

interface Pass {
  readonly frames: FrameTally;
  readonly patterns: PatternTally;
}

/** Over this process's share of the frames, a run of them. */
function passOver({ patterns, mask }: Dataset, { rank, size }: Communicator): Pass {
  const [first, end] = [rank, rank + 1].map((share) => Math.floor((share * patterns.count) / size));
  const pass = {
    frames: frameTally(patterns, mask?.data, first),
    patterns: patternTally(patterns, mask?.data, first),
  };
  for (const data of chunksOf(patterns, first, end)) {
    pass.frames.add(data);
    pass.patterns.add(data);
  }
  return pass;
}

function factsOf(dataset: Dataset, stated: ScanOptions, pass: Pass): FactsOfAll {
  const { patterns, measurement, probe, positions, object, mask } = dataset;
  const [frames, statistics] = [pass.frames.finish(), pass.patterns.finish()];
  const summary = probeSummary(probe);
  return {
    stated,
    patterns: {
      ...statistics,
      dtype: "float32",
      measurement,
      dose: measurement === "counts" ? statistics.sum : statistics.energy,
    },
    frames,
    probe: summary,
    probeField: probe,
    scan: scanSummary(positions, summary, dataset.scanIndex),
    positions,
    ...(dataset.scanIndex === undefined ? {} : { scanIndex: dataset.scanIndex }),
    ...(dataset.geometry === undefined ? {} : { geometry: dataset.geometry }),
    ...(object === undefined ? {} : { object: { shape: object.shape } }),
    ...(mask === undefined ? {} : { mask: maskSummary(frames, measurement, patterns, validInFile(dataset)) }),
  };
}

/** Passes chunks on to whoever wants them next. */
export function* tallied<T extends ArrayLike<number>>(
  chunks: Iterable<T>,
  ...tallies: readonly { add(data: ArrayLike<number>): void }[]
): Generator<T, void, void> {
  for (const data of chunks) {
    for (const tally of tallies) tally.add(data);
    yield data;
  }
}

function* chunksOf(patterns: Patterns, begin: number, end: number): Generator<Float32Array, void, void> {
  const size = patterns.height * patterns.width;
  const step = Math.max(1, Math.floor(CHUNK_BYTES / (4 * size)));
  const buffer = new Float32Array(Math.min(step, end - begin) * size);
  for (let first = begin; first < end; first += step) {
    const indices = Array.from({ length: Math.min(step, end - first) }, (_, k) => first + k);
    const values = buffer.subarray(0, indices.length * size);
    patterns.read(indices, values);
    yield values;
  }
}

export function probeSummary(field: ComplexArray, shape: readonly number[] = field.shape): ProbeSummary {
  let energy = 0;
  for (const value of field.data) energy += value * value;
  return { shape, modes: field.shape[0], energy, diameter: probeDiameter(field) };
}

/** @param scanIndex `[frame]`: frames of several scans may well lie at the same places */
export function scanSummary(
  positions: Float64Array,
  probe: ProbeSummary | undefined,
  scanIndex?: ArrayLike<number>,
): ScanSummary {
  const scan = scanStatistics(positions);
  const { step, duplicates, outliers } = scanNumbers(scanIndex).length < 2 ? scan : eachForItself(positions, scanIndex);
  const overlap = probe !== undefined && probe.diameter > 0 ? { overlap: diskOverlap(step, probe.diameter) } : {};
  return { ...scan, step, duplicates, outliers, count: positions.length / 2, ...overlap };
}

/** What stands out in each scan, and the widest step. */
function eachForItself(
  positions: Float64Array,
  scanIndex: ArrayLike<number> = [],
): Pick<ScanStatistics, "step" | "duplicates" | "outliers"> {
  const scans = scanNumbers(scanIndex).map((number) => {
    const frames = Array.from(scanIndex).flatMap((own, frame) => (own === number ? [frame] : []));
    const own = Float64Array.from(frames.flatMap((frame) => [positions[2 * frame], positions[2 * frame + 1]]));
    const { step, duplicates, outliers } = scanStatistics(own);
    return { step, duplicates: duplicates.map((k) => frames[k]), outliers: outliers.map((k) => frames[k]) };
  });
  return {
    step: Math.max(...scans.map(({ step }) => step)),
    duplicates: scans.flatMap(({ duplicates }) => duplicates),
    outliers: scans.flatMap(({ outliers }) => outliers),
  };
}

export function maskSummary(
  { sums, energies, masked }: FrameStatistics,
  measurement: Measurement,
  { height, width }: { readonly height: number; readonly width: number },
  validInFile: MaskSummary["validInFile"],
): MaskSummary {
  const valid = (measurement === "counts" ? sums : energies).reduce((sum, value) => sum + value, 0);
  const taken = measurement === "counts" ? masked.sum : masked.energy;
  return {
    pixels: masked.pixels / (height * width),
    counts: taken + valid > 0 ? taken / (taken + valid) : 0,
    validInFile,
  };
}
