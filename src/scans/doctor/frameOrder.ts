import { blockMean, studentTail } from "../../numerics/chance.ts";
import { Random } from "../../random.ts";
import { short } from "../checks/finding.ts";
import { blockOf, neighbourPairs, type Pair, usedFrames } from "./neighbourPairs.ts";
import { rasterOf } from "./raster.ts";
import { by, type DoctorRow, openRow, SURE } from "./row.ts";
import type { Subject } from "./subject.ts";

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
 * Whether the order of the frames is that of the positions. Patterns of places beside each other are alike, so the mean
 * difference of the patterns of neighbours is least in the right order. It is compared, pair by pair, for shifts by a few
 * frames either way, for the reverse order, and in a raster for rows read as columns and for rows that turn round. What
 * leaves neighbours neighbours cannot be seen so: a raster read backwards, which is the same as both signs of its positions turned
 * over, or a spiral shifted by some frames, which is a turn of it. Only pairs that one order has beside each other and the other has
 * not are compared.
 */
export function frameOrder(subject: Subject): readonly DoctorRow[] {
  const { features, facts } = subject;
  const used = usedFrames(subject);
  if (features === undefined || facts.positions === undefined || used.length < LEAST_FRAMES)
    return [openRow("order of the frames", `it takes ${LEAST_FRAMES} frames with positions`)];
  const vectors = shapes(subject);
  const pairs = neighbourPairs(facts.positions, used, NEIGHBOURS);
  const scan: Scan = { ...vectors, positions: facts.positions, pairs, count: features.count, usable: new Set(used) };
  const random = new Random(7);
  const chance = Array.from({ length: RANDOM_ORDERS }, () => {
    const shuffled = random.shuffle(Int32Array.from(used));
    const place = new Map(used.map((frame, k) => [frame, shuffled[k]]));
    const order = { name: "random", frameAt: (k: number) => place.get(k) ?? -1, positionOf: () => -1 };
    return compared(scan, order, true);
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
  if (best !== undefined && best.falseAlarm < SURE) return [wrongOrder(best)];
  // By how much more random frames differ than neighbours do.
  const told = chance.reduce((sum, { gain }) => sum - gain, 0) / chance.length;
  const noise = Math.max(...chance.map(({ error }) => error));
  const left = results.filter(({ gain, error }) => !(gain < -EXCLUDED * error)).map(({ order }) => order);
  return [told > EXCLUDED * noise ? rightOrder(told / noise, left, orders.length) : noOrder(told, noise)];
}

const noOrder = (told: number, noise: number): DoctorRow => ({
  ...openRow(
    "order of the frames",
    `patterns of neighbours differ less than those of frames at random by ${short(told)} ± ${short(noise)} of their sum: either the frames are in another order, or the patterns change too little, or they are too noisy`,
  ),
  found: "cannot be told",
});

/** @param left orders that are not excluded */
function rightOrder(deviations: number, left: readonly Order[], tried: number): DoctorRow {
  const open = left.filter(({ turns }) => turns === undefined);
  const turned = left.filter(({ turns }) => turns === true);
  const evidence = `patterns of neighbours differ less than those of frames at random, by ${deviations.toFixed(0)} standard errors; ${tried - left.length} other orders are excluded`;
  const also = turned.length === 0 ? "" : `; not told from turns of the whole scan: ${listed(turned)}`;
  if (open.length > 0)
    return {
      ...openRow("order of the frames", `${evidence}; as good as the file's: ${listed(open)}${also}`),
      found: "neighbours go together, which a few other orders would do as well",
      state: "fine",
    };
  return {
    quantity: "order of the frames",
    found: "that of the positions",
    value: 0,
    evidence: `${evidence}${also}`,
    ...by(studentTail(deviations, BLOCKS - 1)),
    state: "fine",
  };
}

const listed = (orders: readonly Order[]): string =>
  `${orders
    .slice(0, 4)
    .map(({ name }) => name)
    .join(", ")}${orders.length > 4 ? ` and ${orders.length - 4} more` : ""}`;

interface Comparison {
  /** Mean of (d − d′)/(d + d′), d the squared difference of two patterns in the file's order, d′ in the other. */
  readonly gain: number;
  readonly error: number;
  readonly freedom: number;
}

function wrongOrder({ order, gain, error, falseAlarm }: Comparison & { order: Order; falseAlarm: number }): DoctorRow {
  return {
    quantity: "order of the frames",
    found: order.name,
    value: order.shift ?? order.name,
    evidence: `patterns of neighbours then differ less by ${short(gain)} ± ${short(error)} of their sum, over the pairs that are neighbours in one of the two orders alone`,
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
 * cells that change tell as much where they are dim as where they are bright. Σ of squares is one on average.
 */
function shapes({ features, kind }: Subject): { readonly length: number; readonly data: Float64Array } {
  if (features === undefined) return { length: 0, data: new Float64Array() };
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
  return { length, data };
}

interface Scan {
  readonly length: number;
  readonly data: Float64Array;
  readonly positions: Float64Array;
  readonly pairs: readonly Pair[];
  readonly count: number;
  readonly usable: ReadonlySet<number>;
}

/** Two places this many times farther apart than neighbours are none. */
const APART = 2.5;

/** @param all of all pairs, whether or not the orders differ in them */
function compared({ length, data, positions, pairs, count, usable }: Scan, order: Order, all = false): Comparison {
  const blocks = Array.from({ length: BLOCKS }, () => ({ sum: 0, weight: 0 }));
  const difference = (a: number, b: number): number => {
    let sum = 0;
    for (let i = 0; i < length; i++) sum += (data[a * length + i] - data[b * length + i]) ** 2;
    return sum;
  };
  const apart = (a: number, b: number, distance: number): boolean =>
    a >= 0 &&
    b >= 0 &&
    Math.hypot(positions[2 * a] - positions[2 * b], positions[2 * a + 1] - positions[2 * b + 1]) > APART * distance;
  for (const { a, b, distance } of pairs) {
    const [c, d] = [order.frameAt(a), order.frameAt(b)];
    if (!usable.has(c) || !usable.has(d)) continue;
    const differs = apart(c, d, distance) || apart(order.positionOf(a), order.positionOf(b), distance);
    if (!all && !differs) continue;
    const block = blocks[blockOf(a, count, BLOCKS)];
    const [own, other] = [difference(a, b), difference(c, d)];
    // Their sum takes out that patterns change much here and little there.
    if (own + other > 0) block.sum += (own - other) / (own + other);
    block.weight++;
  }
  const { mean, error, freedom } = blockMean(blocks);
  // A few pairs in a few places tell nothing.
  return freedom < 4 ? { gain: 0, error: Number.POSITIVE_INFINITY, freedom } : { gain: mean, error, freedom };
}

/** Whether neighbours in the positions are neighbours in the patterns, as what compares them takes for granted. */
export const inOrder = (subject: Subject): boolean => frameOrder(subject).every(({ state }) => state === "fine");
