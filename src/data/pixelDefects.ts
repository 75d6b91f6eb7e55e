import { median } from "../numerics/median.ts";
import { connectedRegions, ringAround } from "./pixelRegions.ts";
import type { PixelStatistics } from "./pixelStatistics.ts";

/** A pixel that does not go with those around it. */
export interface DefectivePixel {
  readonly at: readonly [y: number, x: number];
  /** Its mean, and the median of its neighbours' means, as the values are stored. */
  readonly mean: number;
  readonly around: number;
}

/** Pixels without a signal where there should be one. */
export interface DarkRegion {
  /** `rows`, `columns`: a band from one side to the other. `block`: a patch. `beamstop`: a patch over the pattern's middle. */
  readonly kind: "rows" | "columns" | "block" | "beamstop";
  /** First and last row and column. */
  readonly from: readonly [y: number, x: number];
  readonly to: readonly [y: number, x: number];
  /** Their indices, row-major, ascending. */
  readonly pixels: readonly number[];
  /** Median of the means along its rim. */
  readonly around: number;
}

export interface PixelDefects {
  /** Without light in every frame, among neighbours that have some too often for chance. */
  readonly dead: readonly DefectivePixel[];
  /** More than ten times brighter on average than their neighbours, which are no brighter than those farther away. */
  readonly hot: readonly DefectivePixel[];
  /** Gaps between modules, blind rows, columns and patches, and the shadow of a beamstop. */
  readonly gaps: readonly DarkRegion[];
}

/** In fewer frames a pixel without light says nothing, and a bright one may be a speckle's peak. */
const LEAST_FRAMES = 5;
/** Odds against chance, over all pixels. */
const ODDS = 1000;
/** More pixels together are a patch. */
const CLUSTER = 16;
/** Where a mean is less than this part of the mean of all nothing is looked for. */
const FAINT = 0.02;
const HOT = 10;

/**
 * Dead and hot pixels, gaps and a beamstop, from what each pixel has over all frames. Chance is judged by how often the
 * neighbours have light (a pixel that has it in a part q of the frames lacks it in all n with probability (1 − q)ⁿ), so
 * that counts and amplitudes on any scale are judged alike. Pixels that always have the greatest value of all, as
 * detectors mark what they cannot measure, count as without light where there are many together, else as hot.
 * @param mask `[y, x]`, 0 = not valid: such pixels are no defects, and nobody's neighbours
 */
export function pixelDefects(statistics: PixelStatistics, mask?: ArrayLike<number>): PixelDefects {
  const { count, height, width, mean } = statistics;
  if (count < LEAST_FRAMES) return { dead: [], hot: [], gaps: [] };
  const ignored = Uint8Array.from(mean, (_, i) => (mask !== undefined && mask[i] === 0 ? 1 : 0));
  const blind = blindPixels(statistics, ignored);
  const view: View = { ...statistics, ignored, blind, overall: overallMean(mean, blind, ignored) };
  const bands = [...bandsAlong(view, "rows"), ...bandsAlong(view, "columns")];
  for (const { pixels } of bands) for (const at of pixels) ignored[at] = 1;
  const dead: DefectivePixel[] = [];
  const gaps: DarkRegion[] = [...bands];
  for (const region of connectedRegions(height, width, (at) => blind[at] === 1 && ignored[at] === 0)) {
    const rim = region.rim.filter((at) => blind[at] === 0 && ignored[at] === 0);
    if (rim.length < Math.min(6, region.pixels.length + 2)) continue;
    const around = median(rim.map((at) => mean[at]));
    const certain = surprise(median(rim.map((at) => view.lit[at])), count) > limit(view);
    if (!certain || around < FAINT * view.overall) continue;
    if (region.pixels.length <= CLUSTER)
      for (const at of region.pixels) dead.push({ at: [Math.floor(at / width), at % width], mean: 0, around });
    // What is dark from one side to another is where no light comes.
    else if (region.sides < 2) gaps.push({ ...region, kind: kindOf(region, view), around });
  }
  // Beside a gap half of the neighbours are dark, and a pixel is not hot for that.
  for (const { pixels } of gaps) for (const at of pixels) ignored[at] = 1;
  return { dead, hot: hotPixels(view), gaps };
}

interface View extends PixelStatistics {
  /** 1: masked, or of a band that is found. */
  readonly ignored: Uint8Array;
  /** 1: never has a value of its own. */
  readonly blind: Uint8Array;
  readonly overall: number;
}

/** Without light in every frame, or with the mark of what is not measured (the greatest value, always), where there are many together. */
function blindPixels({ height, width, mean, most }: PixelStatistics, ignored: Uint8Array): Uint8Array {
  const blind = Uint8Array.from(most, (value) => (value === 0 ? 1 : 0));
  let top = 0;
  for (let i = 0; i < most.length; i++) if (ignored[i] === 0) top = Math.max(top, most[i]);
  if (top === 0) return blind;
  // Never less: float32 values add up exactly, whatever their number.
  const always = (at: number): boolean => most[at] === top && mean[at] === top;
  // Where others reach it now and then it is no mark, but where light is cut off.
  let [marked, others] = [0, 0];
  for (let i = 0; i < most.length; i++) {
    if (most[i] < top || ignored[i] === 1) continue;
    if (always(i)) marked++;
    else others++;
  }
  if (10 * others > marked) return blind;
  for (const { pixels } of connectedRegions(height, width, always))
    if (pixels.length > CLUSTER) for (const at of pixels) blind[at] = 1;
  return blind;
}

function overallMean(mean: Float64Array, blind: Uint8Array, ignored: Uint8Array): number {
  let [sum, seen] = [0, 0];
  for (let i = 0; i < mean.length; i++) {
    if (ignored[i] === 1) continue;
    seen++;
    if (blind[i] === 0) sum += mean[i];
  }
  return seen === 0 ? 0 : sum / seen;
}

/** −ln of the probability that a pixel has light in no frame, where its neighbours have it in `lit` of them. */
const surprise = (lit: number, count: number): number => -count * Math.log(1 - (8 * lit + 0.5) / (8 * count + 1));

const limit = ({ mean }: PixelStatistics): number => Math.log(ODDS * mean.length);

/** Across the border too: with the zero frequency at the corner the brightest pixels are neighbours there. */
function hotPixels({ count, height, width, mean, lit, overall, ignored, blind }: View): DefectivePixel[] {
  const found: DefectivePixel[] = [];
  for (let at = 0; at < mean.length; at++) {
    if (ignored[at] === 1 || blind[at] === 1 || lit[at] < count / 2) continue;
    const near = ringAround(at, 1, height, width).filter((i) => ignored[i] === 0);
    // Beside a masked area too few neighbours are left to tell.
    if (near.length < 6) continue;
    const means = near.map((i) => mean[i]).sort((a, b) => b - a);
    const around = means[means.length >> 1];
    // Another one or two may be hot beside it.
    if (!(mean[at] > HOT * around) || mean[at] < 5 * means[2]) continue;
    const usual = median(near.map((i) => lit[i]));
    const seldom = usual <= count / 4 && count >= 20;
    if (!(mean[at] > overall || seldom)) continue;
    const far = ringAround(at, 2, height, width).filter((i) => ignored[i] === 0);
    // A beam's peak has brighter neighbours than the pixels farther away.
    if (around > 4 * median(far.map((i) => mean[i]))) continue;
    found.push({ at: [Math.floor(at / width), at % width], mean: mean[at], around });
  }
  return found;
}

/** Whole rows (or columns) without light beside ones with light, which do not fade towards them. */
function bandsAlong(view: View, kind: "rows" | "columns"): DarkRegion[] {
  const { height, width, blind, ignored, mean } = view;
  const [lines, length] = kind === "rows" ? [height, width] : [width, height];
  const pixel = (line: number, k: number): number => (kind === "rows" ? line * width + k : k * width + line);
  const dark = Array.from({ length: lines }, (_, line) => {
    let open = 0;
    for (let k = 0; k < length; k++) {
      const at = pixel(line, k);
      if (ignored[at] === 1) continue;
      if (blind[at] === 0) return false;
      open++;
    }
    return open > 0;
  });
  const bands: DarkRegion[] = [];
  for (let first = 0; first < lines; first++) {
    if (!dark[first]) continue;
    let last = first;
    while (dark[last + 1]) last++;
    const whole = first > 0 && last < lines - 1;
    const rims = [first - 1, last + 1].map((line, side) => {
      const next = line + (side === 0 ? -1 : 1);
      return next < 0 || next >= lines ? [] : litRim(view, (k) => [pixel(line, k), pixel(next, k)], length);
    });
    const widest = rims[0].length > rims[1].length ? rims[0] : rims[1];
    if (widest.length >= Math.max(3, (whole ? 0.05 : 0.25) * length)) {
      const pixels: number[] = [];
      for (let line = first; line <= last; line++)
        for (let k = 0; k < length; k++) if (ignored[pixel(line, k)] === 0) pixels.push(pixel(line, k));
      pixels.sort((a, b) => a - b);
      const [from, to] = [pixel(first, 0), pixel(last, length - 1)].map(
        (at) => [Math.floor(at / width), at % width] as const,
      );
      bands.push({ kind, from, to, pixels, around: median(widest.map((at) => mean[at])) });
    }
    first = last;
  }
  return bands;
}

/** Pixels of a line that are lit too often for chance beside it, and are no thin streak: the next line has light too. */
function litRim(view: View, pair: (k: number) => [number, number], length: number): number[] {
  const { mean, lit, count, overall, ignored } = view;
  const rim: number[] = [];
  for (let k = 0; k < length; k++) {
    const [at, next] = pair(k);
    if (ignored[at] === 1 || mean[at] < FAINT * overall || mean[at] > 10 * mean[next]) continue;
    if (surprise(lit[at], count) > limit(view)) rim.push(at);
  }
  return rim;
}

/** A stop hides the pattern's middle: without it the light around would be centred there. */
function kindOf(
  { from, to }: Pick<DarkRegion, "from" | "to">,
  { mean, blind, ignored, height, width }: View,
): "block" | "beamstop" {
  let [total, y, x] = [0, 0, 0];
  for (let at = 0; at < height * width; at++) {
    if (blind[at] === 1 || ignored[at] === 1) continue;
    total += mean[at];
    y += mean[at] * Math.floor(at / width);
    x += mean[at] * (at % width);
  }
  const inside = (value: number, axis: 0 | 1): boolean => value >= from[axis] - 1 && value <= to[axis] + 1;
  return inside(y / total, 0) && inside(x / total, 1) ? "beamstop" : "block";
}

/** For people: "rows 62 to 65", "a block at (3, 4) to (9, 12)". */
export function regionText({ kind, from, to }: DarkRegion): string {
  const range = (axis: 0 | 1): string => (from[axis] === to[axis] ? `${from[axis]}` : `${from[axis]} to ${to[axis]}`);
  if (kind === "rows") return `rows ${range(0)}`;
  if (kind === "columns") return `columns ${range(1)}`;
  return `a ${kind} at (${from.join(", ")}) to (${to.join(", ")})`;
}
