import type { Measurement } from "../../data/dataset.ts";
import { blockMean, studentTail } from "../../numerics/chance.ts";
import { median } from "../../numerics/median.ts";
import { Random } from "../../random.ts";
import { short } from "../checks/finding.ts";
import type { FrameFeatures } from "./features.ts";
import { blockOf, neighbourPairs, type Pair, usedFrames } from "./neighbourPairs.ts";
import { rasterOf } from "./raster.ts";
import { by, type DoctorRow, openRow, SURE } from "./row.ts";
import type { Subject } from "./subject.ts";

const ORDER = "order of the frames";
const LEAST_FRAMES = 40;
const NEIGHBOURS = 4;
const BLOCKS = 16;
/** Frames that a detector starts too early or too late by. */
const MOST_SHIFT = 16;
const RANDOM_ORDERS = 8;
/** Standard errors, of sixteen blocks, that chance exceeds once in ten thousand. */
const EXCLUDED = 4.9;

/** A rule by which frames may go with positions. */
interface Order {
  readonly name: string;
  readonly shift?: number;
  /** The frame that was measured where position k is, if the rule is right; −1 for none. */
  readonly frameAt: (k: number) => number;
  /** The position that frame k was measured at. */
  readonly positionOf: (k: number) => number;
  /** Neighbours stay neighbours: another orientation of the scan, which `orientation` tells. */
  readonly turns?: true;
}

/**
 * Whether the order of the frames is that of the positions. Patterns of places beside each other are alike, so those of
 * neighbours correlate, in the right order the most. Frame by frame its neighbours in the file's order are compared with those
 * that another order would give it: shifts by a few frames either way, the reverse, and in a raster rows read as columns and
 * rows that turn round. What leaves neighbours neighbours cannot be seen so: a raster read backwards, which is the same as both
 * signs of its positions turned over, or a spiral shifted by some frames, which is a turn of it.
 */
export function frameOrder(subject: Subject): readonly DoctorRow[] {
  const known = measured.get(subject) ?? [orderRow(subject)];
  measured.set(subject, known);
  return known;
}

/** Others ask too (`inOrder`). */
const measured = new WeakMap<Subject, readonly DoctorRow[]>();

function orderRow(subject: Subject): DoctorRow {
  const { features, facts } = subject;
  const used = usualFrames(subject);
  if (features === undefined || facts.positions === undefined || used.length < LEAST_FRAMES)
    return openRow(ORDER, `it takes ${LEAST_FRAMES} frames with positions and about the same light`);
  const scan = comparable(subject, features, facts.positions, used);
  const random = new Random(7);
  const chance = Array.from({ length: RANDOM_ORDERS }, () => {
    const shuffled = random.shuffle(Int32Array.from(used));
    const place = new Map(used.map((frame, k) => [frame, shuffled[k]]));
    const back = new Map(used.map((frame, k) => [shuffled[k], frame]));
    return compared(scan, {
      name: "random",
      frameAt: (k: number) => place.get(k) ?? -1,
      positionOf: (k: number) => back.get(k) ?? -1,
    });
  });
  const orders = candidates(facts.positions, features.count);
  const results = orders.map((order) => ({ order, ...compared(scan, order) }));
  const best = results
    .filter(({ gain, error }) => gain > 0 && error < Number.POSITIVE_INFINITY)
    .map((result) => ({
      ...result,
      falseAlarm: Math.min(1, orders.length * studentTail(result.gain / result.error, result.freedom)),
    }))
    .sort((a, b) => a.falseAlarm - b.falseAlarm || b.gain - a.gain)[0];
  if (best !== undefined && best.falseAlarm < SURE) return wrongOrder(best);
  if (!chance.every(({ gain }) => Number.isFinite(gain)))
    return openRow(ORDER, "the values are too large to be compared");
  const told = -chance.reduce((sum, { gain }) => sum + gain, 0) / chance.length;
  const noise = Math.max(...chance.map(({ error }) => error));
  const left = results.filter(({ kept }) => !(kept > EXCLUDED)).map(({ order }) => order);
  return told > EXCLUDED * noise ? rightOrder(told, noise, left, orders.length) : noOrder(told, noise);
}

/** Frames with about the usual light: those beside the object or without a beam all look alike. */
function usualFrames(subject: Subject): number[] {
  const used = usedFrames(subject);
  const { frames } = subject.facts;
  const counts = (subject.kind === "counts" ? frames?.sums : frames?.energies) ?? new Float64Array();
  if (used.length === 0) return used;
  const usual = median(used.map((frame) => counts[frame]));
  return used.filter((frame) => counts[frame] > usual / 2 && counts[frame] < 2 * usual);
}

const noOrder = (told: number, noise: number): DoctorRow => ({
  ...openRow(
    ORDER,
    `patterns of neighbours correlate by ${short(told)} ± ${short(noise)} more than those of frames at random: either the frames are in another order, or the patterns change too little from place to place, or they are too noisy`,
  ),
  found: "cannot be told",
});

/** @param left orders that are not excluded */
function rightOrder(told: number, noise: number, left: readonly Order[], tried: number): DoctorRow {
  const open = left.filter(({ turns }) => turns === undefined);
  const turned = left.filter(({ turns }) => turns === true);
  const evidence = `patterns of neighbours correlate by ${short(told)} ± ${short(noise)} more than those of frames at random; ${tried - left.length} other orders are excluded`;
  const also = turned.length === 0 ? "" : `; not told from turns of the whole scan: ${listed(turned)}`;
  if (open.length > 0)
    return {
      ...openRow(ORDER, `${evidence}; as good as the file's: ${listed(open)}${also}`),
      found: "neighbours go together, which a few other orders would do as well",
      state: "fine",
    };
  return {
    quantity: ORDER,
    found: "that of the positions",
    value: 0,
    evidence: `${evidence}${also}`,
    ...by(studentTail(told / noise, BLOCKS - 1)),
    state: "fine",
  };
}

const listed = (orders: readonly Order[]): string =>
  `${orders
    .slice(0, 4)
    .map(({ name }) => name)
    .join(", ")}${orders.length > 4 ? ` and ${orders.length - 4} more` : ""}`;

interface Comparison {
  /** By how much more a pattern correlates with those that the other order puts beside it than with those beside it in the file. */
  readonly gain: number;
  readonly error: number;
  readonly freedom: number;
  /** By how many standard errors frames correlate that are beside each other in the file alone: in the other order they would not. */
  readonly kept: number;
}

function wrongOrder({ order, gain, error, falseAlarm }: Comparison & { order: Order; falseAlarm: number }): DoctorRow {
  return {
    quantity: ORDER,
    found: order.name,
    value: order.shift ?? order.name,
    evidence: `patterns of frames that are then neighbours correlate by ${short(gain)} ± ${short(error)} more than those that are so as they are`,
    ...by(falseAlarm),
    state: "trouble",
    advice: "correct the order in the file",
  };
}

function candidates(positions: Float64Array, count: number): Order[] {
  const inside = (frame: number): number => (frame >= 0 && frame < count ? frame : -1);
  const shifts = Array.from({ length: 2 * MOST_SHIFT + 1 }, (_, k) => k - MOST_SHIFT).filter((k) => k !== 0);
  const raster = rasterOf(positions);
  const { rows = 0, columns = 0 } = raster ?? {};
  const inverse = (frameAt: (k: number) => number): Pick<Order, "frameAt" | "positionOf"> => ({
    frameAt,
    positionOf: frameAt,
  });
  const turned = (k: number, length: number, lines: number): number => (k % length) * lines + Math.floor(k / length);
  const back = (k: number): number => columns * Math.floor(k / columns) + columns - 1 - (k % columns);
  return [
    ...shifts.map(
      (shift): Order => ({
        name: `frame k ${shift < 0 ? "−" : "+"} ${Math.abs(shift)} belongs to position k`,
        shift,
        frameAt: (k) => inside(k + shift),
        positionOf: (k) => inside(k - shift),
      }),
    ),
    { name: "reversed", ...(raster === undefined ? {} : { turns: true }), ...inverse((k) => count - 1 - k) },
    ...(raster !== undefined && rows * columns === count
      ? [
          {
            name: "rows are columns",
            turns: true as const,
            frameAt: (k: number) => turned(k, columns, rows),
            positionOf: (k: number) => turned(k, rows, columns),
          },
          {
            name: "every second row is reversed",
            ...inverse((k: number) => (Math.floor(k / columns) % 2 === 0 ? k : back(k))),
          },
        ]
      : []),
  ];
}

/**
 * The roots of each cell's part of the frame's counts, less their mean over the frames and over their standard deviation:
 * cells that change tell as much where they are dim as where they are bright. Each frame's Σ of squares is one.
 */
function shapes(features: FrameFeatures, kind: Measurement): { readonly length: number; readonly data: Float64Array } {
  const { count, cells } = features;
  const length = cells ** 2;
  const counts = kind === "counts" ? features.sums : features.energies;
  const data = new Float64Array(counts.length);
  for (let frame = 0; frame < count; frame++) {
    let total = 0;
    for (let i = 0; i < length; i++) total += counts[frame * length + i];
    for (let i = 0; i < length; i++)
      data[frame * length + i] = total > 0 ? Math.sqrt(counts[frame * length + i] / total) : 0;
  }
  for (let i = 0; i < length; i++) {
    let [sum, squares] = [0, 0];
    for (let k = i; k < data.length; k += length) {
      sum += data[k];
      squares += data[k] ** 2;
    }
    const mean = sum / count;
    const variance = squares / count - mean ** 2;
    const scale = variance > 1e-12 * (squares / count) ? 1 / Math.sqrt(variance * length) : 0;
    for (let k = i; k < data.length; k += length) data[k] = (data[k] - mean) * scale;
  }
  for (let frame = 0; frame < count; frame++) {
    const own = data.subarray(frame * length, (frame + 1) * length);
    const norm = Math.hypot(...own);
    if (norm > 0) for (let i = 0; i < length; i++) own[i] /= norm;
  }
  return { length, data };
}

interface Scan {
  readonly length: number;
  readonly data: Float64Array;
  readonly positions: Float64Array;
  /** `[position]`: those beside it, of frames that are used. */
  readonly beside: ReadonlyMap<number, readonly Pair[]>;
  readonly count: number;
  readonly usable: ReadonlySet<number>;
}

function comparable(
  { kind }: Subject,
  features: FrameFeatures,
  positions: Float64Array,
  used: readonly number[],
): Scan {
  const beside = new Map<number, Pair[]>();
  for (const pair of neighbourPairs(positions, used, NEIGHBOURS))
    beside.set(pair.a, [...(beside.get(pair.a) ?? []), pair]);
  return { ...shapes(features, kind), positions, beside, count: features.count, usable: new Set(used) };
}

/** Two places this many times farther apart than neighbours are none. */
const APART = 2.5;
/** Two steps are the same, forth or back, within this part of their length. */
const PARALLEL = 0.35;

/**
 * Frame by frame: how it correlates with those that are beside it in the file alone (lost), and with those that are beside it in
 * the other order alone (gained). At the seam of a raster nothing is gained: there what is lost is held against the same step
 * next to it, which goes on in both orders.
 */
function compared({ length, data, positions, beside, count, usable }: Scan, order: Order): Comparison {
  const blocks = Array.from({ length: BLOCKS }, () => ({ sum: 0, weight: 0, lost: 0 }));
  const correlation = (a: number, b: number): number => {
    let sum = 0;
    for (let i = 0; i < length; i++) sum += data[a * length + i] * data[b * length + i];
    return sum;
  };
  const step = (a: number, b: number): readonly [number, number] => [
    positions[2 * b] - positions[2 * a],
    positions[2 * b + 1] - positions[2 * a + 1],
  ];
  const apart = (a: number, b: number, distance: number): boolean => Math.hypot(...step(a, b)) > APART * distance;
  const isLost = ({ a, b, distance }: Pair): boolean => {
    const [c, d] = [order.positionOf(a), order.positionOf(b)];
    return c >= 0 && d >= 0 && apart(c, d, distance);
  };
  const parallel = (pair: Pair): number[] => {
    const [y, x] = step(pair.a, pair.b);
    return [...(beside.get(pair.a) ?? []), ...(beside.get(pair.b) ?? [])].flatMap((other) => {
      const [v, u] = step(other.a, other.b);
      const off = Math.min(Math.hypot(v - y, u - x), Math.hypot(v + y, u + x));
      const same = (other.a === pair.a && other.b === pair.b) || (other.a === pair.b && other.b === pair.a);
      return same || off > PARALLEL * pair.distance || isLost(other) ? [] : [correlation(other.a, other.b)];
    });
  };
  for (const frame of usable) {
    const place = order.positionOf(frame);
    if (place < 0) continue;
    const lost = (beside.get(frame) ?? []).filter(isLost);
    if (lost.length === 0) continue;
    const gained = (beside.get(place) ?? []).flatMap(({ b, distance }) => {
      const other = order.frameAt(b);
      return usable.has(other) && apart(frame, other, distance) ? [correlation(frame, other)] : [];
    });
    const against = gained.length > 0 ? gained : lost.flatMap(parallel);
    if (against.length === 0) continue;
    const block = blocks[blockOf(frame, count, BLOCKS)];
    const own = average(lost.map(({ b }) => correlation(frame, b)));
    block.sum += average(against) - own;
    block.lost += own;
    block.weight++;
  }
  const { mean, error, freedom } = blockMean(blocks);
  const lost = blockMean(blocks.map(({ lost: sum, weight }) => ({ sum, weight })));
  // A few frames in a few places tell nothing.
  if (freedom < 5) return { gain: 0, error: Number.POSITIVE_INFINITY, freedom, kept: 0 };
  return { gain: mean, error, freedom, kept: lost.mean / lost.error };
}

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Whether neighbours in the positions are neighbours in the patterns, as what compares them takes for granted. */
export const inOrder = (subject: Subject): boolean => frameOrder(subject).every(({ state }) => state === "fine");
