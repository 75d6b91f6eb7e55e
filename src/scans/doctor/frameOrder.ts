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

/** A rule by which frames may go with positions: the frame that was measured where position k is; −1 for none. */
interface Order {
  readonly name: string;
  readonly shift?: number;
  readonly frameAt: (k: number) => number;
}

/**
 * Whether the order of the frames is that of the positions. Patterns of places beside each other are alike, so the mean
 * difference of the patterns of neighbours is least in the right order. It is compared, pair by pair, for shifts by a few
 * frames either way, for the reverse order, and in a raster for rows read as columns and for rows that turn round. What
 * leaves neighbours neighbours (a raster read backwards is the same as both signs of its positions turned over) cannot be seen so.
 */
export function frameOrder(subject: Subject): readonly DoctorRow[] {
  const { features, facts } = subject;
  const used = usedFrames(subject);
  if (features === undefined || facts.positions === undefined || used.length < LEAST_FRAMES)
    return [openRow("order of the frames", `it takes ${LEAST_FRAMES} frames with positions`)];
  const vectors = shapes(subject);
  const pairs = neighbourPairs(facts.positions, used, NEIGHBOURS);
  const count = features.count;
  const own: Order = { name: "as they are", frameAt: (k) => k };
  const usable = new Set(used);
  const compare = (order: Order): Comparison => compared(vectors, pairs, own, order, count, usable);
  const random = new Random(7);
  const chance = Array.from({ length: RANDOM_ORDERS }, () => {
    const shuffled = random.shuffle(Int32Array.from(used));
    const place = new Map(used.map((frame, k) => [frame, shuffled[k]]));
    return compare({ name: "random", frameAt: (k) => place.get(k) ?? -1 });
  });
  const orders = candidates(facts.positions, count);
  const results = orders.map((order) => ({ order, ...compare(order) }));
  const better = results
    .filter(({ gain, error }) => gain > 0 && error < Number.POSITIVE_INFINITY)
    .map((result) => ({
      ...result,
      falseAlarm: Math.min(1, orders.length * studentTail(result.gain / result.error, result.freedom)),
    }))
    .sort((a, b) => b.gain - a.gain);
  // By how much more random frames differ than neighbours do.
  const told = chance.reduce((sum, { gain }) => sum - gain, 0) / chance.length;
  const noise = Math.max(...chance.map(({ error }) => error));
  const best = better[0];
  if (best !== undefined && best.falseAlarm < SURE && best.gain > 0.1 * told) return [wrongOrder(best, told)];
  if (!(told > 4.5 * noise))
    return [
      {
        ...openRow(
          "order of the frames",
          `neighbours differ by ${short(told)} ± ${short(noise)} less than frames at random: the patterns change too little, or are too noisy`,
        ),
        found: "cannot be told",
      },
    ];
  const same = results
    .filter(({ gain, error }) => Math.abs(gain) < 4 * Math.max(error, 1e-12))
    .map(({ order }) => order.name);
  return [
    {
      quantity: "order of the frames",
      found: "that of the positions",
      value: 0,
      evidence: `neighbours are more alike than frames at random (${(told / noise).toFixed(0)} standard errors) and than in ${results.length - same.length} other orders${same.length === 0 ? "" : `; as good: ${listed(same)}`}`,
      ...by(Math.min(1, studentTail(told / noise, BLOCKS - 1))),
      state: "fine",
    },
  ];
}

const listed = (names: readonly string[]): string =>
  `${names.slice(0, 4).join(", ")}${names.length > 4 ? ` and ${names.length - 4} more` : ""}`;

interface Comparison {
  /** By how much less neighbours differ than in the order as it is. */
  readonly gain: number;
  readonly error: number;
  readonly freedom: number;
}

function wrongOrder(
  { order, gain, error, falseAlarm }: Comparison & { order: Order; falseAlarm: number },
  told: number,
): DoctorRow {
  return {
    quantity: "order of the frames",
    found: order.name,
    value: order.shift ?? order.name,
    evidence: `so read neighbours differ by ${short(gain)} ± ${short(error)} less than as they are; frames at random differ by ${short(told)} more`,
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
  return [
    ...shifts.map(
      (shift): Order => ({
        name: `frame k + ${shift} belongs to position k`.replace("+ -", "− "),
        shift,
        frameAt: (k) => inside(k + shift),
      }),
    ),
    { name: "reversed", frameAt: (k) => count - 1 - k },
    ...(raster !== undefined && rows * columns === count
      ? [
          { name: "rows are columns", frameAt: (k: number) => (k % columns) * rows + Math.floor(k / columns) },
          {
            name: "every second row is reversed",
            frameAt: (k: number) =>
              Math.floor(k / columns) % 2 === 0 ? k : columns * Math.floor(k / columns) + columns - 1 - (k % columns),
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

function compared(
  { length, data }: ReturnType<typeof shapes>,
  pairs: readonly Pair[],
  own: Order,
  other: Order,
  count: number,
  usable: ReadonlySet<number>,
): Comparison {
  const blocks = Array.from({ length: BLOCKS }, () => ({ sum: 0, weight: 0 }));
  const difference = (a: number, b: number): number => {
    let sum = 0;
    for (let i = 0; i < length; i++) sum += (data[a * length + i] - data[b * length + i]) ** 2;
    return sum;
  };
  for (const { a, b } of pairs) {
    const [c, d] = [other.frameAt(a), other.frameAt(b)];
    if (!usable.has(c) || !usable.has(d)) continue;
    const block = blocks[blockOf(a, count, BLOCKS)];
    block.sum += difference(own.frameAt(a), own.frameAt(b)) - difference(c, d);
    block.weight++;
  }
  const { mean, error, freedom } = blockMean(blocks);
  return { gain: mean, error, freedom };
}
