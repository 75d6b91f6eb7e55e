import { PointTree } from "../../data/pointTree.ts";
import type { Random } from "../../random.ts";
import { evenSizes } from "./random.ts";

/** Sweeps of exchanges: the sum of squares falls by less than a percent afterwards. */
const SWEEPS = 5;
/** Other centres that a frame may move to. */
const NEAR = 4;

/**
 * Batches of frames that lie together and overlap heavily: k-means of equal populations. Halving again and again, along the
 * longer side at a random angle, gives equal parts; then frames of neighbouring parts change places as long as the sum of
 * squared distances from the parts' centres falls (after the compact groups of Odstrčil, Menzel & Guizar-Sicairos, Opt.
 * Express 26, 3108 (2018)). Every step costs N log N.
 */
export function compactBatches(
  frames: Int32Array,
  positions: Float64Array,
  size: number,
  random: Random,
): Int32Array[] {
  const parts = halved(frames, positions, evenSizes(frames.length, size), random.uniform() * Math.PI);
  for (let sweep = 0; sweep < SWEEPS && parts.length > 1; sweep++) if (exchange(parts, positions) === 0) break;
  return random.shuffle(parts);
}

/** Parts of these sizes, by cuts across the longer side of what is to be cut. */
function halved(
  frames: Int32Array,
  positions: Float64Array,
  sizes: readonly { from: number; to: number }[],
  angle: number,
): Int32Array[] {
  if (sizes.length < 2) return frames.length === 0 ? [] : [frames.slice()];
  const middle = sizes.length >> 1;
  const first = sizes[middle].from - sizes[0].from;
  const along = [angle, angle + Math.PI / 2].map((turn) => {
    const [c, s] = [Math.cos(turn), Math.sin(turn)];
    return Float64Array.from(frames, (frame) => c * positions[2 * frame] + s * positions[2 * frame + 1]);
  });
  const [a, b] = along.map((values) => extentOf(values));
  const longer = along[a >= b ? 0 : 1];
  const order = Int32Array.from(frames, (_, k) => k).sort((p, q) => longer[p] - longer[q] || p - q);
  const sorted = order.map((k) => frames[k]);
  return [
    ...halved(sorted.subarray(0, first), positions, sizes.slice(0, middle), angle),
    ...halved(sorted.subarray(first), positions, sizes.slice(middle), angle),
  ];
}

function extentOf(values: Float64Array): number {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) [least, most] = [Math.min(least, value), Math.max(most, value)];
  return most - least;
}

interface Wish {
  /** Place in its part. */
  readonly place: number;
  /** By how much the sum of squares would fall. */
  readonly gain: number;
}

/** One sweep. @returns how many changed places */
function exchange(parts: readonly Int32Array[], positions: Float64Array): number {
  const centres = centresOf(parts, positions);
  const tree = new PointTree(centres);
  // wishes[from * parts + to]: frames that lie nearer to another part's centre, or not much further.
  const wishes = new Map<number, Wish[]>();
  parts.forEach((part, from) => {
    part.forEach((frame, place) => {
      const [y, x] = [positions[2 * frame], positions[2 * frame + 1]];
      const own = squareTo(centres, from, y, x);
      for (const to of tree.nearest(y, x, NEAR + 1)) {
        if (to === from) continue;
        const key = from * parts.length + to;
        const list = wishes.get(key) ?? [];
        list.push({ place, gain: own - squareTo(centres, to, y, x) });
        wishes.set(key, list);
      }
    });
  });
  for (const list of wishes.values()) list.sort((p, q) => q.gain - p.gain || p.place - q.place);
  const moved = parts.map((part) => new Uint8Array(part.length));
  let changes = 0;
  for (const [key, list] of wishes) {
    const [a, b] = [Math.floor(key / parts.length), key % parts.length];
    const back = wishes.get(b * parts.length + a);
    if (a > b || back === undefined) continue;
    for (let p = 0, q = 0; p < list.length && q < back.length; ) {
      if (moved[a][list[p].place] === 1) p++;
      else if (moved[b][back[q].place] === 1) q++;
      else if (list[p].gain + back[q].gain <= 1e-9) break;
      else {
        const [i, j] = [list[p++].place, back[q++].place];
        const held = parts[a][i];
        parts[a][i] = parts[b][j];
        parts[b][j] = held;
        moved[a][i] = moved[b][j] = 1;
        changes++;
      }
    }
  }
  return changes;
}

function centresOf(parts: readonly Int32Array[], positions: Float64Array): Float64Array {
  const centres = new Float64Array(2 * parts.length);
  parts.forEach((part, k) => {
    for (const frame of part)
      for (let axis = 0; axis < 2; axis++) centres[2 * k + axis] += positions[2 * frame + axis] / part.length;
  });
  return centres;
}

const squareTo = (centres: Float64Array, k: number, y: number, x: number): number =>
  (centres[2 * k] - y) ** 2 + (centres[2 * k + 1] - x) ** 2;
