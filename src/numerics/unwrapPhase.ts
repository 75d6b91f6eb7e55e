/**
 * Unwraps a phase image by following the most reliable path (Herráez et al., Appl. Opt. 41, 7437 (2002)): pairs of
 * neighbouring pixels are joined in the order of how little the phase bends around them, each time moving one of the two
 * joined areas by whole turns, so that noise and residues do not spread along rows as they do in one dimension.
 *
 * @param phase `[height, width]`, radians
 * @returns the phase without wraps, up to a common multiple of 2π
 */
export function unwrapPhase(phase: ArrayLike<number>, [height, width]: readonly [number, number]): Float64Array {
  const bends = bendOf(phase, height, width);
  const areas = new Areas(height * width);
  for (const { a, b } of pairsByReliability(bends, height, width)) {
    // Turns by which b has to move to be within half a turn of a.
    areas.join(a, b, Math.round((phase[a] - phase[b]) / turn));
  }
  return Float64Array.from(phase, (value, pixel) => value + turn * areas.turnsOf(pixel));
}

const turn = 2 * Math.PI;

const wrapped = (angle: number): number => angle - turn * Math.round(angle / turn);

/** Root of the squared second differences along rows, columns and both diagonals; infinite at the border. */
function bendOf(phase: ArrayLike<number>, height: number, width: number): Float64Array {
  const bends = new Float64Array(height * width).fill(Number.POSITIVE_INFINITY);
  for (let i = 1; i < height - 1; i++) {
    for (let j = 1; j < width - 1; j++) {
      const at = i * width + j;
      let sum = 0;
      for (const step of [1, width, width + 1, width - 1]) {
        sum += (wrapped(phase[at - step] - phase[at]) - wrapped(phase[at] - phase[at + step])) ** 2;
      }
      bends[at] = Math.sqrt(sum);
    }
  }
  return bends;
}

interface Pair {
  readonly a: number;
  readonly b: number;
  readonly bend: number;
}

/** Horizontal and vertical neighbours, those between flat surroundings first. */
function pairsByReliability(bends: Float64Array, height: number, width: number): readonly Pair[] {
  const pairs: Pair[] = [];
  for (let a = 0; a < height * width; a++) {
    for (const b of [a % width < width - 1 ? a + 1 : -1, a + width]) {
      if (b >= 0 && b < height * width) pairs.push({ a, b, bend: bends[a] + bends[b] });
    }
  }
  return pairs.sort((p, q) => (p.bend === q.bend ? p.a - q.a || p.b - q.b : p.bend - q.bend));
}

/** Areas of pixels with the whole turns that each pixel has been moved by: a forest, turns counted from the parent, a root has none. */
class Areas {
  readonly #parent: Int32Array;
  readonly #turns: Int32Array;
  readonly #size: Int32Array;

  constructor(pixels: number) {
    this.#parent = Int32Array.from({ length: pixels }, (_, pixel) => pixel);
    this.#turns = new Int32Array(pixels);
    this.#size = new Int32Array(pixels).fill(1);
  }

  turnsOf(pixel: number): number {
    let turns = 0;
    for (let at = pixel; ; at = this.#parent[at]) {
      turns += this.#turns[at];
      if (this.#parent[at] === at) return turns;
    }
  }

  /** Joins the areas of two pixels, the smaller one moved so that b's raw phase ends `more` turns above a's. */
  join(a: number, b: number, more: number): void {
    const [rootA, rootB] = [this.#rootOf(a), this.#rootOf(b)];
    if (rootA === rootB) return;
    const move = this.turnsOf(a) + more - this.turnsOf(b);
    const [small, large, turns] = this.#size[rootA] < this.#size[rootB] ? [rootA, rootB, -move] : [rootB, rootA, move];
    this.#turns[small] = turns;
    this.#parent[small] = large;
    this.#size[large] += this.#size[small];
  }

  #rootOf(pixel: number): number {
    let at = pixel;
    while (this.#parent[at] !== at) at = this.#parent[at];
    return at;
  }
}
