import { setting } from "../../errors.ts";
import { blockMean, normalTail, studentTail } from "../../numerics/chance.ts";
import { percent, short } from "../checks/finding.ts";
import { inOrder } from "./frameOrder.ts";
import { lightOverlap, sharedLight } from "./lightOverlap.ts";
import { blockOf, neighbourPairs, type Pair, usedFrames } from "./neighbourPairs.ts";
import { by, type DoctorRow, openRow, SURE } from "./row.ts";
import type { Subject } from "./subject.ts";

const LEAST_FRAMES = 30;
const NEIGHBOURS = 12;
const BLOCKS = 20;
/** Neighbours that share less light tell nothing of what those would do that share all of it. */
const LEAST_SHARED = 0.3;
/** Weaker flicker than this part of the intensity harms nothing. */
const WEAK = 0.02;

/**
 * A beam that flickers or drifts. The counts of a frame are the beam's intensity times what the object lets through, which
 * changes smoothly over the scan, the more slowly the wider the probe. Half the squared difference of two frames' log counts,
 * less what counting makes, therefore goes to zero with their distance, no faster than the light falls that both have on the
 * object, but for what the beam does from frame to frame (the nugget of geostatistics: Matheron, Economic Geology 58, 1246
 * (1963)). A drift is told from the object only where frames that
 * are neighbours in place are none in time.
 */
export function beamIntensity(subject: Subject): readonly DoctorRow[] {
  const used = usedFrames(subject);
  const { positions } = subject.facts;
  if (positions === undefined || used.length < LEAST_FRAMES)
    return [openRow("flicker", `it takes ${LEAST_FRAMES} frames with positions`), openRow("drift", `the same`)];
  if (!inOrder(subject)) {
    const why = "the patterns do not tell that neighbours in the positions are neighbours";
    return [openRow("flicker", why), openRow("drift", why)];
  }
  const logs = logCounts(subject);
  const pairs = neighbourPairs(positions, used, NEIGHBOURS);
  return [flicker(subject, pairs, logs), drift(subject, pairs, logs, used)];
}

interface LogCounts {
  /** `[frame]` */
  readonly values: Float64Array;
  /** Variance by counting, where counts are counts. */
  readonly noise: Float64Array;
}

function logCounts({ facts: { frames }, kind, lattice }: Subject): LogCounts {
  const counts = (kind === "counts" ? frames?.sums : frames?.energies) ?? new Float64Array();
  const photon = lattice?.spacing ?? 1;
  return {
    values: counts.map((value) => Math.log(Math.max(value, Number.MIN_VALUE))),
    noise: counts.map((value) => photon / Math.max(value, photon)),
  };
}

function flicker({ facts }: Subject, pairs: readonly Pair[], { values, noise }: LogCounts): DoctorRow {
  const count = values.length;
  const half = ({ a, b }: Pair): number => ((values[a] - values[b]) ** 2 - noise[a] - noise[b]) / 2;
  const { probeField } = facts;
  if (probeField === undefined || !probeField.data.some((value) => Number.isFinite(value) && value !== 0))
    return openRow("flicker", "without a probe it is not known how fast the light on the object changes");
  const overlap = lightOverlap(probeField);
  if (!Number.isFinite(overlap[1])) return openRow("flicker", "the probe has values that are no numbers");
  const unshared = ({ distance }: Pair): number => 1 - sharedLight(overlap, distance);
  // The nugget of a straight line, left out block by block.
  const nuggets = Array.from({ length: BLOCKS + 1 }, (_, left) =>
    intercept(
      pairs.filter(({ a }) => left === BLOCKS || blockOf(a, count, BLOCKS) !== left),
      unshared,
      half,
    ),
  );
  const nugget = nuggets[BLOCKS];
  const middle = nuggets.slice(0, BLOCKS).reduce((a, b) => a + b, 0) / BLOCKS;
  const spread = nuggets.slice(0, BLOCKS).reduce((a, b) => a + (b - middle) ** 2, 0);
  const error = Math.sqrt(((BLOCKS - 1) / BLOCKS) * spread);
  const near = pairs.map(({ distance }) => distance).sort((a, b) => a - b)[pairs.length >> 1] * 1.01;
  const atNear = average(pairs.filter(({ distance }) => distance <= near).map(half));
  const falseAlarm = studentTail(nugget / error, BLOCKS - 1);
  const limit = Math.sqrt(Math.max(nugget, 0) + 4.5 * error);
  const evidence = `half the squared difference of log counts: ${short(atNear)} between near neighbours, ${short(nugget)} ± ${short(error)} extrapolated to where they would have the same light on the object (near neighbours share ${percent(sharedLight(overlap, near))}), counting noise taken away`;
  const byBeam = nugget > 0.5 * atNear && sharedLight(overlap, near) > LEAST_SHARED;
  if (falseAlarm < SURE && byBeam && Math.sqrt(nugget) > WEAK)
    return {
      quantity: "flicker",
      found: `the beam varies by ${percent(Math.sqrt(nugget))} from frame to frame`,
      value: Math.sqrt(nugget),
      evidence,
      ...by(falseAlarm),
      state: "trouble",
      advice: `${setting("frame_intensity_trainable", true)} learns it`,
    };
  if (falseAlarm < SURE && Math.sqrt(nugget) > WEAK)
    return {
      ...openRow("flicker", `${evidence}; the object may do that too`),
      found: "cannot be told from what the object absorbs",
    };
  return {
    quantity: "flicker",
    found: `none above ${(100 * Math.max(limit, WEAK)).toFixed(1)} %`,
    value: 0,
    limit: Math.max(limit, WEAK),
    evidence,
    ...by(normalTail(3.72)),
    state: "fine",
  };
}

/** Of a straight line through all pairs. */
function intercept(pairs: readonly Pair[], abscissa: (pair: Pair) => number, value: (pair: Pair) => number): number {
  let [n, x, y, xx, xy] = [0, 0, 0, 0, 0];
  for (const pair of pairs) {
    const half = value(pair);
    const at = abscissa(pair);
    n++;
    x += at;
    y += half;
    xx += at ** 2;
    xy += at * half;
  }
  const spread = xx - (x * x) / n;
  const slope = spread > 1e-9 * xx ? (xy - (x * y) / n) / spread : 0;
  return (y - slope * x) / n;
}

const average = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Over the whole scan; less is taken for none. */
const WEAK_DRIFT = 0.05;

function drift(
  { facts: { positions } }: Subject,
  pairs: readonly Pair[],
  { values }: LogCounts,
  used: readonly number[],
): DoctorRow {
  const count = values.length;
  const trend = slopeOf(used.map((frame) => [frame / count, values[frame]]));
  const told = `the counts change by ${percent(Math.expm1(trend))} from the first frame to the last`;
  const { slope, error, freedom } = residualSlope(positions ?? new Float64Array(), pairs, values, count);
  if (!(error < 0.3))
    return {
      ...openRow(
        "drift",
        `${told}; frames beside each other in place follow each other in time, so that the object may do it as well as the beam`,
      ),
      found: "cannot be told from the object",
    };
  const falseAlarm = 2 * studentTail(Math.abs(slope) / error, freedom);
  const evidence = `${told}; neighbours that are not so in time differ as by ${percent(Math.expm1(slope))} ± ${percent(error)} over the scan`;
  if (falseAlarm < SURE && Math.abs(slope) > WEAK_DRIFT)
    return {
      quantity: "drift",
      found: `the beam changes by ${percent(Math.expm1(slope))} over the scan`,
      value: Math.expm1(slope),
      evidence,
      ...by(falseAlarm),
      state: "trouble",
      advice: `${setting("frame_intensity_trainable", true)} learns it`,
    };
  const driftLimit = Math.max(WEAK_DRIFT, Math.abs(slope) + 4.5 * error);
  return {
    quantity: "drift",
    found: `none above ${percent(driftLimit)} over the scan`,
    value: 0,
    limit: driftLimit,
    evidence,
    ...by(normalTail(3.72)),
    state: "fine",
  };
}

function slopeOf(points: readonly (readonly [number, number])[]): number {
  const [mx, my] = [average(points.map(([x]) => x)), average(points.map(([, y]) => y))];
  let [xx, xy] = [0, 0];
  for (const [x, y] of points) {
    xx += (x - mx) ** 2;
    xy += (x - mx) * (y - my);
  }
  return xy / xx;
}

/** The slope of log counts over time, both less the quadratic surface through a frame and its neighbours, which is the object's (time on a raster is a plane, on a spiral r²). */
function residualSlope(
  positions: Float64Array,
  pairs: readonly Pair[],
  values: Float64Array,
  count: number,
): { slope: number; error: number; freedom: number } {
  const neighbours = new Map<number, number[]>();
  for (const { a, b } of pairs) neighbours.set(a, [...(neighbours.get(a) ?? [a]), b]);
  const blocks = Array.from({ length: BLOCKS }, () => ({ sum: 0, weight: 0 }));
  for (const [frame, around] of neighbours) {
    const time = aboutSurface(positions, around, (k) => k / count);
    const light = aboutSurface(positions, around, (k) => values[k]);
    if (time === undefined || light === undefined) continue;
    const block = blocks[blockOf(frame, count, BLOCKS)];
    for (let k = 0; k < time.length; k++) {
      block.sum += time[k] * light[k];
      block.weight += time[k] ** 2;
    }
  }
  // Where time is such a surface itself, its rest is rounding.
  const total = blocks.reduce((sum, { weight }) => sum + weight, 0) / Math.max(1, pairs.length);
  if (!(total > 0.01 ** 2)) return { slope: 0, error: Number.POSITIVE_INFINITY, freedom: 0 };
  const { mean: slope, error, freedom } = blockMean(blocks);
  return { slope, error, freedom };
}

/** Values at places less the quadratic surface that fits them best; undefined where the places do not span one. */
function aboutSurface(
  positions: Float64Array,
  frames: readonly number[],
  value: (frame: number) => number,
): number[] | undefined {
  const [my, mx] = [0, 1].map((axis) => average(frames.map((k) => positions[2 * k + axis])));
  const [y, x] = [my, mx].map((middle, axis) => frames.map((k) => positions[2 * k + axis] - middle));
  const terms = [y.map(() => 1), y, x, y.map((v) => v * v), x.map((v) => v * v), y.map((v, k) => v * x[k])];
  if (frames.length <= terms.length + 2) return undefined;
  const basis: number[][] = [];
  for (const term of terms) {
    const rest = withoutAll(term, basis);
    const norm = Math.hypot(...rest);
    if (!(norm > 1e-6 * Math.hypot(...term))) return undefined;
    basis.push(rest.map((v) => v / norm));
  }
  return withoutAll(frames.map(value), basis);
}

/** Less its parts along vectors that are orthonormal. */
function withoutAll(vector: readonly number[], basis: readonly (readonly number[])[]): number[] {
  let rest = [...vector];
  for (const unit of basis) {
    const part = rest.reduce((sum, v, k) => sum + v * unit[k], 0);
    rest = rest.map((v, k) => v - part * unit[k]);
  }
  return rest;
}
