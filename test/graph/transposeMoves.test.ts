import { expect, it } from "vitest";
import { transposeByMoves } from "../../src/graph/lowering/cpu/transposeMoves.ts";
import { transpose } from "../../src/graph/ops/layout.ts";
import { Graph } from "../../src/graph/tensor.ts";
import { evaluate } from "../evaluate.ts";

const permutations = (n: number): number[][] =>
  n === 0
    ? [[]]
    : permutations(n - 1).flatMap((rest) =>
        rest
          .map((_, i) => i)
          .concat(n - 1)
          .map((at) => rest.toSpliced(at, 0, n - 1)),
      );

/** Sizes for which slow paths, single moves and several of them are cheapest. */
it.each([[[6]], [[40, 3]], [[1, 7, 1, 5]], [[2, 3, 1, 4]], [[64, 2, 8, 2]], [[300, 4, 4]], [[2, 8, 16, 2, 16]]])(
  "every order of the axes of %j is what a transposition makes of them",
  async (shape) => {
    const graph = new Graph();
    const size = shape.reduce((product, extent) => product * extent, 1);
    const x = graph.input("x", shape);
    const outputs = Object.fromEntries(
      permutations(shape.length).flatMap((perm) => [
        [`moves ${perm}`, transposeByMoves(x, perm)],
        [`whole ${perm}`, transpose(x, perm)],
      ]),
    );
    for (const perm of permutations(shape.length)) {
      expect(outputs[`moves ${perm}`].shape).toEqual(perm.map((axis) => shape[axis]));
    }
    const values = await evaluate(outputs, { x: Float32Array.from({ length: size }, (_, i) => i) });
    for (const perm of permutations(shape.length)) {
      expect(values[`moves ${perm}`], `perm ${perm}`).toEqual(values[`whole ${perm}`]);
    }
  },
);

it.each([
  [[128, 128, 12, 12], [2, 3, 0, 1], 1],
  [[16, 32, 128, 12], [3, 0, 2, 1], 2],
  [[16, 32, 64, 2, 64, 2], [0, 1, 3, 5, 2, 4], 2],
  [[65536, 8, 8], [0, 2, 1], 3],
  [[4, 1, 5], [1, 0, 2], 0],
])("%j in the order %j takes %i moves", (shape, perm, moves) => {
  const graph = new Graph();
  transposeByMoves(graph.input("x", shape), perm);
  expect(graph.nodes.filter(({ op }) => op === "Transpose")).toHaveLength(moves);
});
