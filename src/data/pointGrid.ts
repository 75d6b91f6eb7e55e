/**
 * Nearest-point queries in the plane: points sorted into square cells of about two points each, searched in rings of
 * cells around the query. Distances are Euclidean; points at the same distance come in index order.
 */
export class PointGrid {
  readonly #positions: Float64Array;
  readonly #members: readonly number[];
  readonly #cells: (number[] | undefined)[];
  readonly #side: number;
  readonly #origin: readonly [number, number];
  readonly #rows: number;
  readonly #columns: number;

  /**
   * @param positions `[point, 2]` as (y, x)
   * @param members indices of the points to search among; all when absent
   */
  constructor(positions: Float64Array, members?: ArrayLike<number>) {
    this.#positions = positions;
    this.#members = Array.from(members ?? { length: positions.length / 2 }, (value, i) => value ?? i);
    const low = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY] as [number, number];
    const high = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY] as [number, number];
    for (const member of this.#members)
      for (const axis of [0, 1] as const) {
        low[axis] = Math.min(low[axis], positions[2 * member + axis]);
        high[axis] = Math.max(high[axis], positions[2 * member + axis]);
      }
    const height = Math.max(0, high[0] - low[0]);
    const width = Math.max(0, high[1] - low[1]);
    const perCell = 2 / Math.max(1, this.#members.length);
    // A scan along a line has no area: its length alone then sets the cells.
    this.#side = Math.max(Math.sqrt(height * width * perCell), (height + width) * perCell * 0.5) || 1;
    this.#origin = low;
    this.#rows = Math.floor(height / this.#side) + 1;
    this.#columns = Math.floor(width / this.#side) + 1;
    this.#cells = new Array<number[] | undefined>(this.#rows * this.#columns);
    for (const member of this.#members) {
      const cell = this.#row(positions[2 * member]) * this.#columns + this.#column(positions[2 * member + 1]);
      const list = this.#cells[cell];
      if (list === undefined) this.#cells[cell] = [member];
      else list.push(member);
    }
  }

  /** The `count` points nearest to (y, x), nearest first; fewer when there are not so many. */
  nearest(y: number, x: number, count: number): number[] {
    const wanted = Math.min(count, this.#members.length);
    if (wanted === 0) return [];
    return this.#search(y, x, (found, reach) => found.length >= wanted && found[wanted - 1].distance < reach)
      .slice(0, wanted)
      .map(({ index }) => index);
  }

  /** Points at distance min ≤ d ≤ max from (y, x), nearest first. */
  between(y: number, x: number, min: number, max: number): number[] {
    return this.#search(y, x, (_, reach) => reach > max)
      .filter(({ distance }) => distance >= min && distance <= max)
      .map(({ index }) => index);
  }

  /**
   * Collects points ring by ring until `enough`, which is told the points so far, sorted, and the distance up to which
   * none can be missing.
   */
  #search(y: number, x: number, enough: (found: readonly Found[], reach: number) => boolean): Found[] {
    const row = this.#row(y);
    const column = this.#column(x);
    const last = Math.max(row, this.#rows - 1 - row, column, this.#columns - 1 - column);
    let found: Found[] = [];
    for (let ring = 0; ring <= last; ring++) {
      const fresh = this.#ring(row, column, ring, y, x);
      if (fresh.length > 0) found = [...found, ...fresh].sort((a, b) => a.distance - b.distance || a.index - b.index);
      if (enough(found, this.#clearance(row, column, ring, y, x))) break;
    }
    return found;
  }

  /** Distance from (y, x) to the nearest edge of the searched block of cells. */
  #clearance(row: number, column: number, ring: number, y: number, x: number): number {
    const top = this.#origin[0] + (row - ring) * this.#side;
    const left = this.#origin[1] + (column - ring) * this.#side;
    const extent = (2 * ring + 1) * this.#side;
    return Math.min(y - top, top + extent - y, x - left, left + extent - x);
  }

  #ring(row: number, column: number, ring: number, y: number, x: number): Found[] {
    const found: Found[] = [];
    for (let i = Math.max(0, row - ring); i <= Math.min(this.#rows - 1, row + ring); i++) {
      const edge = Math.abs(i - row) === ring;
      const step = edge || ring === 0 ? 1 : 2 * ring;
      for (let j = column - ring; j <= column + ring; j += step) {
        if (j < 0 || j >= this.#columns) continue;
        for (const index of this.#cells[i * this.#columns + j] ?? []) {
          const distance = Math.hypot(this.#positions[2 * index] - y, this.#positions[2 * index + 1] - x);
          found.push({ index, distance });
        }
      }
    }
    return found;
  }

  #row(y: number): number {
    return clamp(Math.floor((y - this.#origin[0]) / this.#side), this.#rows - 1);
  }

  #column(x: number): number {
    return clamp(Math.floor((x - this.#origin[1]) / this.#side), this.#columns - 1);
  }
}

interface Found {
  readonly index: number;
  readonly distance: number;
}

const clamp = (value: number, max: number): number => Math.min(Math.max(value, 0), max);
