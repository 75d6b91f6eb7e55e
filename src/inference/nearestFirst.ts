import Delaunator from "delaunator";
import { PointTree } from "../data/pointTree.ts";

/**
 * All positions, the first of them first, each of the others as near as possible to one that came before: the minimum
 * spanning tree as Prim (1957) grows it. Its edges are all of the Delaunay triangulation, so only those are looked at, and the
 * cost is near-linear.
 *
 * Among equally near positions the one comes first that has the lowest place in a list of those that wait, from which each
 * position taken is replaced by the last. That makes the order, and what depends on it, the same on every machine.
 *
 * @param positions `[position, 2]`, finite
 * @returns `[position]`, indices
 */
export function nearestFirstOrder(positions: Float64Array): Int32Array {
  const count = positions.length / 2;
  const sites = sitesOf(positions);
  const order = new Int32Array(count);
  const waiting = new WaitingList(count);
  const seen = new Uint8Array(sites.members.length);
  for (let placed = 0; placed < count; placed++) {
    const next = waiting.take();
    order[placed] = next;
    const site = sites.of[next];
    // Whoever shares a site has the same distances.
    if (seen[site] === 1) continue;
    seen[site] = 1;
    for (const other of sites.members[site]) waiting.approach(other, 0);
    for (const neighbour of sites.neighbours[site])
      for (const other of seen[neighbour] === 1 ? [] : sites.members[neighbour])
        waiting.approach(other, squaredDistance(positions, other, next));
  }
  return order;
}

/** Positions without repetition, and who is next to whom. */
interface Sites {
  /** `[position]`: its site. */
  readonly of: Int32Array;
  /** By site, the positions there. */
  readonly members: readonly (readonly number[])[];
  /** By site, the sites at the other end of its edges. */
  readonly neighbours: readonly (readonly number[])[];
}

function sitesOf(positions: Float64Array): Sites {
  const of = new Int32Array(positions.length / 2);
  const members: number[][] = [];
  const known = new Map<number, Map<number, number>>();
  for (let k = 0; k < of.length; k++) {
    const [y, x] = [positions[2 * k], positions[2 * k + 1]];
    const inRow = known.get(y) ?? new Map<number, number>();
    known.set(y, inRow);
    const site = inRow.get(x) ?? members.push([]) - 1;
    inRow.set(x, site);
    members[site].push(k);
    of[k] = site;
  }
  const points = Float64Array.from(
    { length: 2 * members.length },
    (_, i) => positions[2 * members[i >> 1][0] + (i & 1)],
  );
  return { of, members, neighbours: neighboursOf(points) };
}

function neighboursOf(points: Float64Array): number[][] {
  const neighbours = Array.from({ length: points.length / 2 }, (): number[] => []);
  const link = (a: number, b: number): void => {
    neighbours[a].push(b);
    neighbours[b].push(a);
  };
  const { triangles, halfedges, hull } = new Delaunator(points);
  for (let edge = 0; edge < triangles.length; edge++)
    if (halfedges[edge] < edge) link(triangles[edge], triangles[edge % 3 === 2 ? edge - 2 : edge + 1]);
  // Points on a line have no triangles; the hull then has them in order.
  if (triangles.length === 0) for (let i = 1; i < hull.length; i++) link(hull[i - 1], hull[i]);
  // The triangulation leaves out what lies closer to another point than a rounding.
  const alone = neighbours.flatMap((own, site) => (own.length === 0 ? [site] : []));
  if (alone.length > 0 && neighbours.length > 1) {
    const tree = new PointTree(points);
    for (const site of alone)
      for (const other of tree.nearest(points[2 * site], points[2 * site + 1], 2))
        if (other !== site) link(site, other);
  }
  return neighbours;
}

function squaredDistance(positions: Float64Array, a: number, b: number): number {
  const dy = positions[2 * a] - positions[2 * b];
  const dx = positions[2 * a + 1] - positions[2 * b + 1];
  return dy * dy + dx * dx;
}

/** Items 0 … count − 1 that wait, as a binary heap by distance and, among equals, by place in the list. */
class WaitingList {
  /** Items in the order of their places; the first `#left` wait. */
  readonly #items: Int32Array;
  readonly #place: Int32Array;
  readonly #distance: Float64Array;
  /** Items as a heap, and where in it each one is. */
  readonly #heap: Int32Array;
  readonly #index: Int32Array;
  #left: number;

  constructor(count: number) {
    const numbers = (): Int32Array => Int32Array.from({ length: count }, (_, i) => i);
    this.#items = numbers();
    this.#place = numbers();
    this.#heap = numbers();
    this.#index = numbers();
    this.#distance = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
    this.#left = count;
  }

  /** Takes out the nearest; the last item of the list gets its place. */
  take(): number {
    const item = this.#heap[0];
    this.#left--;
    const last = this.#heap[this.#left];
    this.#index[item] = -1;
    if (this.#left === 0) return item;
    this.#put(last, 0);
    this.#sink(0);
    const moved = this.#items[this.#left];
    if (moved !== item) {
      this.#items[this.#place[item]] = moved;
      this.#place[moved] = this.#place[item];
      this.#rise(this.#index[moved]);
    }
    return item;
  }

  /** Something at this distance from a waiting item has been taken. */
  approach(item: number, distance: number): void {
    if (this.#index[item] < 0 || this.#distance[item] <= distance) return;
    this.#distance[item] = distance;
    this.#rise(this.#index[item]);
  }

  #isBefore(a: number, b: number): boolean {
    const [da, db] = [this.#distance[a], this.#distance[b]];
    return da < db || (da === db && this.#place[a] < this.#place[b]);
  }

  #put(item: number, at: number): void {
    this.#heap[at] = item;
    this.#index[item] = at;
  }

  #rise(from: number): void {
    const item = this.#heap[from];
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(item, this.#heap[parent])) break;
      this.#put(this.#heap[parent], at);
      at = parent;
    }
    this.#put(item, at);
  }

  #sink(from: number): void {
    const item = this.#heap[from];
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#left) break;
      if (child + 1 < this.#left && this.#isBefore(this.#heap[child + 1], this.#heap[child])) child++;
      if (!this.#isBefore(this.#heap[child], item)) break;
      this.#put(this.#heap[child], at);
      at = child;
    }
    this.#put(item, at);
  }
}
