/**
 * Nearest-point queries in the plane by a k-d tree (Bentley 1975): points halved along the longer side of their box, down to
 * a few a leaf. Distances are Euclidean; points at the same distance come in index order. Points far off and points at one
 * and the same position cost no more than others: halves of equal coordinates are told apart by index, so that a query that
 * has found its points among the first of them leaves the rest alone.
 */
export class PointTree {
  readonly #positions: Float64Array;
  /** Point indices such that each node's are together: the root's all, its children's the first and the second half. */
  readonly #order: Int32Array;
  /** `[node, 4]`: least y and x, greatest y and x. The children of node i are 2i and 2i + 1, the root is 1. */
  readonly #boxes: Float64Array;
  /** `[node]`: the least index among its points. */
  readonly #least: Int32Array;

  /**
   * @param positions `[point, 2]` as (y, x), finite
   * @param members indices of the points to search among; all when absent
   */
  constructor(positions: Float64Array, members?: ArrayLike<number>) {
    this.#positions = positions;
    this.#order =
      members === undefined
        ? Int32Array.from({ length: positions.length / 2 }, (_, point) => point)
        : Int32Array.from(members);
    const nodes = 2 << Math.ceil(Math.log2(Math.max(1, this.#order.length / LEAF)));
    this.#boxes = new Float64Array(4 * nodes);
    this.#least = new Int32Array(nodes);
    if (this.#order.length > 0) this.#build(1, 0, this.#order.length);
  }

  /** The `count` points nearest to (y, x), nearest first; fewer when there are not so many. */
  nearest(y: number, x: number, count: number): number[] {
    const wanted = Math.min(count, this.#order.length);
    if (wanted < 1) return [];
    const found = nearestOf(wanted);
    this.#collect(found, y, x);
    return found.indices;
  }

  /** Points at distance min ≤ d ≤ max from (y, x), nearest first. */
  between(y: number, x: number, min: number, max: number): number[] {
    if (this.#order.length === 0) return [];
    const found: { index: number; distance: number }[] = [];
    this.#collect(
      {
        excludes: (distance) => distance > max,
        offer: (index, distance) => {
          if (distance >= min && distance <= max) found.push({ index, distance });
        },
      },
      y,
      x,
    );
    return found.sort((a, b) => a.distance - b.distance || a.index - b.index).map(({ index }) => index);
  }

  #build(node: number, from: number, to: number): void {
    const { lowY, lowX, highY, highX, least } = this.#bounds(from, to);
    this.#boxes.set([lowY, lowX, highY, highX], 4 * node);
    this.#least[node] = least;
    if (to - from <= LEAF) return;
    const middle = (from + to) >> 1;
    selectAt(this.#order, this.#positions, highY - lowY >= highX - lowX ? 0 : 1, { from, to, middle });
    this.#build(2 * node, from, middle);
    this.#build(2 * node + 1, middle, to);
  }

  #bounds(from: number, to: number): { lowY: number; lowX: number; highY: number; highX: number; least: number } {
    const infinity = Number.POSITIVE_INFINITY;
    let [lowY, lowX, highY, highX, least] = [infinity, infinity, -infinity, -infinity, infinity];
    for (let i = from; i < to; i++) {
      const point = this.#order[i];
      const y = this.#positions[2 * point];
      const x = this.#positions[2 * point + 1];
      if (y < lowY) lowY = y;
      if (y > highY) highY = y;
      if (x < lowX) lowX = x;
      if (x > highX) highX = x;
      if (point < least) least = point;
    }
    return { lowY, lowX, highY, highX, least };
  }

  /** Offers points to the collector, those near (y, x) first, but for nodes that it excludes. */
  #collect(collector: Collector, y: number, x: number): void {
    const visit = (node: number, from: number, to: number, reach: number): void => {
      if (collector.excludes(reach, this.#least[node])) return;
      if (to - from <= LEAF) {
        for (let i = from; i < to; i++) {
          const point = this.#order[i];
          collector.offer(point, Math.hypot(this.#positions[2 * point] - y, this.#positions[2 * point + 1] - x));
        }
        return;
      }
      const middle = (from + to) >> 1;
      const first = this.#reach(2 * node, y, x);
      const second = this.#reach(2 * node + 1, y, x);
      const inOrder = first < second || (first === second && this.#least[2 * node] < this.#least[2 * node + 1]);
      if (inOrder) visit(2 * node, from, middle, first);
      visit(2 * node + 1, middle, to, second);
      if (!inOrder) visit(2 * node, from, middle, first);
    };
    visit(1, 0, this.#order.length, this.#reach(1, y, x));
  }

  /** A distance that no point of a node falls below: of a single position the distance itself, to the last bit. */
  #reach(node: number, y: number, x: number): number {
    const [lowY, lowX] = [this.#boxes[4 * node], this.#boxes[4 * node + 1]];
    const [highY, highX] = [this.#boxes[4 * node + 2], this.#boxes[4 * node + 3]];
    if (lowY === highY && lowX === highX) return Math.hypot(lowY - y, lowX - x);
    return ROUNDING * Math.hypot(Math.max(lowY - y, 0, y - highY), Math.max(lowX - x, 0, x - highX));
  }
}

/** Points in a leaf. */
const LEAF = 8;
/** The rounded distance to a box may exceed that to a point in it by a few units in the last place. */
const ROUNDING = 1 - 1e-15;

/** What a query looks for. */
interface Collector {
  /** Whether no point at this distance or farther, of this index or a higher one, is of use any more. */
  excludes(distance: number, index: number): boolean;
  offer(index: number, distance: number): void;
}

/** The first `wanted` in the order of distance and index. */
function nearestOf(wanted: number): Collector & { readonly indices: number[] } {
  const indices: number[] = [];
  const distances: number[] = [];
  const isLater = (at: number, distance: number, index: number): boolean =>
    distances[at] > distance || (distances[at] === distance && indices[at] > index);
  return {
    indices,
    excludes: (distance, index) => indices.length === wanted && !isLater(wanted - 1, distance, index),
    offer(index, distance) {
      if (indices.length === wanted) {
        if (!isLater(wanted - 1, distance, index)) return;
        indices.pop();
        distances.pop();
      }
      let [low, high] = [0, indices.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (isLater(middle, distance, index)) high = middle;
        else low = middle + 1;
      }
      indices.splice(low, 0, index);
      distances.splice(low, 0, distance);
    },
  };
}

/** Reorders `order[from … to)` so that what comes before `middle` is not greater along an axis (Hoare's selection). */
function selectAt(
  order: Int32Array,
  positions: Float64Array,
  axis: 0 | 1,
  { from, to, middle }: { readonly from: number; readonly to: number; readonly middle: number },
): void {
  const isLess = (a: number, b: number): boolean => {
    const [va, vb] = [positions[2 * a + axis], positions[2 * b + axis]];
    return va < vb || (va === vb && a < b);
  };
  const swapIfGreater = (i: number, j: number): void => {
    if (isLess(order[j], order[i])) [order[i], order[j]] = [order[j], order[i]];
  };
  let [low, high] = [from, to - 1];
  while (low < high) {
    // The median of three as pivot: scans come sorted.
    const half = (low + high) >> 1;
    swapIfGreater(low, half);
    swapIfGreater(half, high);
    swapIfGreater(low, half);
    const pivot = order[half];
    let [i, j] = [low, high];
    while (i <= j) {
      while (isLess(order[i], pivot)) i++;
      while (isLess(pivot, order[j])) j--;
      if (i > j) break;
      [order[i], order[j]] = [order[j], order[i]];
      i++;
      j--;
    }
    if (middle <= j) high = j;
    else if (middle >= i) low = i;
    else return;
  }
}
