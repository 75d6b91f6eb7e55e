import { reshape, transpose } from "../../ops/layout.ts";
import type { Node, Tensor } from "../../tensor.ts";
import type { LoweringRule } from "../target.ts";

/**
 * Costs in nanoseconds, as measured on two threads for 2²² numbers and many shapes: each number 0.3, each run of d > 1
 * numbers that is copied 7, each of the a matrices that is transposed for d = 1 1500; the slow path 5 a number.
 */
const [NUMBER, RUN, MATRIX, SLOW] = [0.3, 7, 1500, 5];

/**
 * Transpositions for ONNX Runtime's CPU kernel, which has a fast path for those that exchange two neighbouring blocks of
 * axes, `[a, b, c, d]` → `[a, c, b, d]`, and takes every other one element by element. Here any permutation becomes the
 * cheapest sequence of such exchanges, if that is cheaper than the kernel's slow path.
 */
export function transposeRule(nodes: readonly Node[], outputs: readonly Tensor[]): LoweringRule {
  const others = new Set(outputs);
  for (const { op, inputs } of nodes) if (op !== "MatMul") for (const input of inputs) others.add(input);
  return ({ attributes, outputs: [made] }, [x]) => {
    const perm = attributes["perm"] as readonly number[];
    // ONNX Runtime reads transposed matrices where they are, if nothing but products wants them.
    const isMatrix = perm.every((axis, i) => axis === (i < perm.length - 2 ? i : 2 * perm.length - 3 - i));
    return isMatrix && !others.has(made) ? undefined : [transposeByMoves(x, perm)];
  };
}

/** The permutation in the cheapest way. */
export function transposeByMoves(x: Tensor, perm: readonly number[]): Tensor {
  const { sizes, order } = merged(x.shape, perm);
  const goal = perm.map((axis) => x.shape[axis]);
  const moves = cheapestMoves(sizes, order);
  if (moves === undefined) return reshape(transpose(reshape(x, sizes), order), goal);
  return reshape(
    moves.reduce((y, { a, b, c, d }) => transpose(reshape(y, [a, b, c, d]), [0, 2, 1, 3]), x),
    goal,
  );
}

/** Without axes of one element, neighbours that stay neighbours as one axis. */
function merged(shape: readonly number[], perm: readonly number[]): { sizes: number[]; order: number[] } {
  const runs: number[][] = [];
  for (const axis of perm.filter((axis) => shape[axis] > 1)) {
    const run = runs.at(-1);
    const follows = run !== undefined && between(shape, run.at(-1)!, axis);
    if (follows) run.push(axis);
    else runs.push([axis]);
  }
  const inPlace = runs.map((_, i) => i).sort((i, j) => runs[i][0] - runs[j][0]);
  return {
    sizes: inPlace.map((i) => runs[i].reduce((product, axis) => product * shape[axis], 1)),
    order: runs.map((_, i) => inPlace.indexOf(i)),
  };
}

/** Whether the second axis comes next behind the first one, but for axes of one element. */
const between = (shape: readonly number[], first: number, second: number): boolean =>
  second > first && shape.slice(first + 1, second).every((extent) => extent === 1);

interface Move {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

const costOf = ({ a, b, c, d }: Move): number => {
  const count = a * b * c * d;
  return NUMBER * count + (d > 1 ? (RUN * count) / d : a > 1 ? MATRIX * a : 0);
};

/** Shortest path (Dijkstra) from the axes as they are to the order asked for; undefined where the slow path is cheaper. */
function cheapestMoves(sizes: readonly number[], order: readonly number[]): readonly Move[] | undefined {
  const slow = SLOW * sizes.reduce((product, size) => product * size, 1);
  const goal = order.join();
  const settled = new Set<string>();
  const open = new Map([
    [sizes.map((_, i) => i).join(), { axes: sizes.map((_, i) => i), cost: 0, moves: [] as Move[] }],
  ]);
  for (;;) {
    const [key, nearest] = [...open].reduce((best, entry) => (entry[1].cost < best[1].cost ? entry : best));
    if (key === goal) return nearest.cost < slow ? nearest.moves : undefined;
    open.delete(key);
    settled.add(key);
    for (const { axes, move } of exchanges(nearest.axes, sizes)) {
      const next = axes.join();
      const cost = nearest.cost + costOf(move);
      if (settled.has(next) || cost >= (open.get(next)?.cost ?? Number.POSITIVE_INFINITY)) continue;
      open.set(next, { axes, cost, moves: [...nearest.moves, move] });
    }
  }
}

/** Every exchange of two neighbouring blocks of axes. */
function exchanges(axes: readonly number[], sizes: readonly number[]): { axes: number[]; move: Move }[] {
  const product = (part: readonly number[]): number => part.reduce((total, axis) => total * sizes[axis], 1);
  const found: { axes: number[]; move: Move }[] = [];
  for (let i = 0; i < axes.length; i++) {
    for (let j = i + 1; j < axes.length; j++) {
      for (let k = j + 1; k <= axes.length; k++) {
        const [before, first, second, behind] = [axes.slice(0, i), axes.slice(i, j), axes.slice(j, k), axes.slice(k)];
        found.push({
          axes: [...before, ...second, ...first, ...behind],
          move: { a: product(before), b: product(first), c: product(second), d: product(behind) },
        });
      }
    }
  }
  return found;
}
