import { median, robustDeviation } from "../numerics/median.ts";
import type { Measurement } from "./dataset.ts";
import type { FrameStatistics } from "./frameStatistics.ts";
import { nearestNeighbours } from "./neighbours.ts";

/** A frame that does not go with those beside it. */
export interface OutlyingFrame {
  readonly frame: number;
  /** Far more or far fewer counts than its neighbours; one hot pixel; light spread over another part of the detector. */
  readonly why: "bright" | "dark" | "hot pixel" | "unlike";
  /** By what factor it differs. */
  readonly factor: number;
}

/** Fewer frames have no neighbours to speak of. */
const LEAST_FRAMES = 6;
const NEIGHBOURS = 8;
/** Windows of neighbours overlap, so their counts hardly differ by this factor without a cause of another kind. */
const TIMES = 4;
/** And by so many standard deviations of what is usual in this scan. */
const DEVIATIONS = 6;

/**
 * Frames with more or fewer counts than their neighbours in the scan: by a factor of four, and six times the scan's own
 * spread (its median absolute deviation, which outliers do not move and counting noise does). A frame without any stands
 * out where that is no chance.
 * @param counts one a frame listed in `frames`
 * @param frames indices into `positions`
 */
export function outlyingCounts(
  counts: ArrayLike<number>,
  positions: Float64Array,
  frames: ArrayLike<number>,
): OutlyingFrame[] {
  const found = againstNeighbours(counts, positions, frames);
  if (found === undefined) return [];
  const { ratios, expected } = found;
  const limit = Math.max(Math.log(TIMES), DEVIATIONS * robustDeviation(ratios));
  const usual = median(counts);
  return Array.from(ratios, (ratio, k): OutlyingFrame[] => {
    const chance = counts[k] === 0 && expected[k] < Math.log(100 * frames.length);
    // Among frames without light one with some is no outlier, nor is a dim one among bright outliers.
    const asUsual = ratio > 0 ? counts[k] < 2 * usual || expected[k] < usual / 100 : counts[k] > usual / 2;
    if (Math.abs(ratio) <= limit || chance || asUsual) return [];
    return [{ frame: frames[k], why: ratio > 0 ? "bright" : "dark", factor: counts[k] / expected[k] }];
  }).flat();
}

/**
 * All that stand out, each once, ascending.
 * @param positions `[frame, 2]`
 * @param scanIndex `[frame]`, where several scans lie at the same positions
 */
export function outlyingFrames(
  statistics: FrameStatistics,
  measurement: Measurement,
  positions: Float64Array,
  scanIndex?: ArrayLike<number>,
): OutlyingFrame[] {
  const scans = new Map<number, number[]>();
  for (let frame = 0; frame < statistics.sums.length; frame++) {
    const scan = scanIndex?.[frame] ?? 0;
    const frames = scans.get(scan) ?? [];
    frames.push(frame);
    scans.set(scan, frames);
  }
  return [...scans.values()]
    .flatMap((frames) => outlyingOf(frames, statistics, measurement, positions))
    .sort((a, b) => a.frame - b.frame);
}

function outlyingOf(
  frames: readonly number[],
  statistics: FrameStatistics,
  measurement: Measurement,
  positions: Float64Array,
): OutlyingFrame[] {
  const { sums, energies, radius, peak, besidePeak, elsewhereAtPeak } = statistics;
  const counts = measurement === "counts" ? sums : energies;
  const inCounts = (value: number): number => (measurement === "counts" ? value : value * value);
  const own = frames.map((frame) => counts[frame]);
  const found = new Map(outlyingCounts(own, positions, frames).map((outlier) => [outlier.frame, outlier]));
  const usual = median(own);
  for (const frame of usual > 0 ? frames : []) {
    const value = inCounts(peak[frame]);
    const others = Math.max(inCounts(besidePeak[frame]), inCounts(elsewhereAtPeak[frame]));
    if (frames.length < LEAST_FRAMES || found.has(frame) || value < usual / 10 || value < 50 * others) continue;
    found.set(frame, { frame, why: "hot pixel", factor: value / Math.max(others, usual / 1e6) });
  }
  for (const outlier of unlike(radius, counts, positions, frames))
    if (!found.has(outlier.frame)) found.set(outlier.frame, outlier);
  return [...found.values()];
}

/** Frames whose light is spread otherwise: noise, a glitch, a beam that was elsewhere. */
function unlike(
  radius: Float64Array,
  counts: Float64Array,
  positions: Float64Array,
  frames: readonly number[],
): OutlyingFrame[] {
  // Of a frame without light nothing can be said but that.
  const lit = frames.filter((frame) => radius[frame] > 0 && counts[frame] > 100);
  const widths = lit.map((frame) => radius[frame]);
  const ratios = againstNeighbours(widths, positions, lit)?.ratios;
  if (ratios === undefined) return [];
  const limit = Math.max(Math.log(2), DEVIATIONS * robustDeviation(ratios));
  return lit.flatMap((frame, k): OutlyingFrame[] =>
    Math.abs(ratios[k]) > limit ? [{ frame, why: "unlike", factor: Math.exp(ratios[k]) }] : [],
  );
}

/** The median of the neighbours' values and log(value / it); undefined where nothing can stand out. */
function againstNeighbours(
  values: ArrayLike<number>,
  positions: Float64Array,
  frames: ArrayLike<number>,
): { readonly ratios: Float64Array; readonly expected: Float64Array } | undefined {
  if (frames.length < LEAST_FRAMES) return undefined;
  const [least, greatest] = extremes(values);
  // A cheap look first: sound scans need no neighbours.
  if (!(greatest > 2 * least)) return undefined;
  const floor = greatest * Number.EPSILON;
  const logs = Float64Array.from(values, (value) => Math.log(Math.max(value, floor)));
  const places = new Map(Array.from(frames, (frame, k) => [frame, k]));
  const middles = Float64Array.from(nearestNeighbours(positions, frames, NEIGHBOURS), (list, k) => {
    const others = list.flatMap((frame) => (frame === frames[k] ? [] : [logs[places.get(frame) ?? k]]));
    return median(others);
  });
  return { ratios: logs.map((value, k) => value - middles[k]), expected: middles.map(Math.exp) };
}

function extremes(values: ArrayLike<number>): [number, number] {
  let [least, greatest] = [Number.POSITIVE_INFINITY, 0];
  for (let k = 0; k < values.length; k++) {
    least = Math.min(least, values[k]);
    greatest = Math.max(greatest, values[k]);
  }
  return [least, greatest];
}
