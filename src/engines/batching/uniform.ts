import { PointTree } from "../../data/pointTree.ts";
import type { Random } from "../../random.ts";
import { evenSizes } from "./random.ts";

/** Neighbours of a frame that its batch should not have: what lies further off hardly overlaps, and costs time to find. */
const NEIGHBOURS = 32;
/** Batches, or partners, that are looked at for a frame: as many for any number of batches, so that the cost is linear. */
const CHOICES = 16;
const SWEEPS = 2;

/**
 * Batches spread over the scan, whose frames barely overlap: each frame in turn, in random order, joins of a few open
 * batches the one that has least of its neighbours, a neighbour at distance d weighing 1/d²; then crowded frames change
 * places with others where both gain (after the "sparse" groups of PtychoShelves, Wakonig et al., J. Appl. Cryst. 53, 574
 * (2020)).
 */
export function uniformBatches(
  frames: Int32Array,
  positions: Float64Array,
  size: number,
  random: Random,
): Int32Array[] {
  const sizes = evenSizes(frames.length, size);
  if (sizes.length < 2) return [random.shuffle(frames.slice())];
  const crowd = new Crowd(frames, positions, Math.min(NEIGHBOURS, 2 * sizes.length));
  const order = random.shuffle(Int32Array.from(frames, (_, k) => k));
  const open = sizes.map(({ from, to }, batch) => ({ batch, room: to - from }));
  for (const member of order) {
    const at = bestOf(open.length, random, (k) => crowd.weight(member, open[k].batch));
    crowd.assign(member, open[at].batch);
    if (--open[at].room === 0) {
      // The last takes its place: nothing moves but one.
      open[at] = open[open.length - 1];
      open.pop();
    }
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) for (const member of order) trySwap(crowd, member, random);
  const batches: number[][] = sizes.map(() => []);
  for (const member of order) batches[crowd.batchOf(member)].push(frames[member]);
  return random.shuffle(batches.map((batch) => Int32Array.from(batch)));
}

/** The least of a few of `count`, the first of equals. */
function bestOf(count: number, random: Random, cost: (index: number) => number): number {
  let [best, least] = [0, Number.POSITIVE_INFINITY];
  const start = random.integer(count);
  for (let k = 0; k < Math.min(CHOICES, count) && least > 0; k++) {
    const index = count <= CHOICES ? (start + k) % count : random.integer(count);
    const own = cost(index);
    if (own < least) [best, least] = [index, own];
  }
  return best;
}

function trySwap(crowd: Crowd, member: number, random: Random): void {
  const own = crowd.batchOf(member);
  const before = crowd.weight(member, own);
  if (before === 0) return;
  for (let k = 0; k < CHOICES; k++) {
    const other = random.integer(crowd.count);
    const theirs = crowd.batchOf(other);
    if (theirs === own) continue;
    const now = before + crowd.weight(other, theirs);
    crowd.assign(member, theirs);
    crowd.assign(other, own);
    if (crowd.weight(member, theirs) + crowd.weight(other, own) < now) return;
    crowd.assign(member, own);
    crowd.assign(other, theirs);
  }
}

/** Who is whose neighbour, how near, and in which batch. Members are places in the list of frames. */
class Crowd {
  readonly count: number;
  readonly #batch: Int32Array;
  /** `[member, neighbour]`: members, −1 where there are no more, and 1/d² over the mean of the nearest. */
  readonly #neighbours: Int32Array;
  readonly #weights: Float64Array;
  readonly #most: number;

  constructor(frames: Int32Array, positions: Float64Array, most: number) {
    this.count = frames.length;
    this.#most = most;
    this.#batch = new Int32Array(frames.length).fill(-1);
    this.#neighbours = new Int32Array(frames.length * most).fill(-1);
    this.#weights = new Float64Array(frames.length * most);
    const own = new Float64Array(2 * frames.length);
    frames.forEach((frame, k) => {
      own.set(positions.subarray(2 * frame, 2 * frame + 2), 2 * k);
    });
    const tree = new PointTree(own);
    for (let member = 0; member < frames.length; member++) {
      let at = member * most;
      for (const other of tree.nearest(own[2 * member], own[2 * member + 1], most + 1)) {
        if (other === member || at === (member + 1) * most) continue;
        const [dy, dx] = [own[2 * other] - own[2 * member], own[2 * other + 1] - own[2 * member + 1]];
        this.#neighbours[at] = other;
        // Frames at the same place are as near as can be, not infinitely near.
        this.#weights[at++] = 1 / (dy * dy + dx * dx + 1e-6);
      }
    }
  }

  batchOf(member: number): number {
    return this.#batch[member];
  }

  assign(member: number, batch: number): void {
    this.#batch[member] = batch;
  }

  /** How crowded a batch would be for a member. */
  weight(member: number, batch: number): number {
    let sum = 0;
    for (let at = member * this.#most; at < (member + 1) * this.#most; at++) {
      const other = this.#neighbours[at];
      if (other < 0) break;
      if (this.#batch[other] === batch) sum += this.#weights[at];
    }
    return sum;
  }
}
