import { matmul, transposeMatrix } from "../graph/ops/linear.ts";
import { perGraph } from "../graph/perGraph.ts";
import type { Graph, Tensor } from "../graph/tensor.ts";

/** The kernel's parameter, a of Keys; this one is what image libraries and PyTorch take. */
const A = -0.75;

/**
 * Images on a finer or coarser grid whose corners are the old ones' (bicubic: Keys 1981, with pixels beyond an edge equal
 * to those on it). Linear and separable, so that it is two products with a constant matrix.
 * @param x `[batch, channel, side, side]`
 */
export function resample(x: Tensor, side: number): Tensor {
  const from = x.shape[2];
  if (from === side) return x;
  const matrix = resampling(x.graph, side, from);
  return matmul(matrix, matmul(x, transposeMatrix(matrix)));
}

const resampling: (graph: Graph, to: number, from: number) => Tensor = perGraph((graph, to, from) =>
  graph.constant(resamplingMatrix(to, from), [to, from]),
);

/** `[to, from]` */
function resamplingMatrix(to: number, from: number): Float32Array {
  const matrix = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const at = to === 1 ? 0 : (i * (from - 1)) / (to - 1);
    for (let tap = Math.floor(at) - 1; tap <= Math.floor(at) + 2; tap++) {
      const source = Math.min(Math.max(tap, 0), from - 1);
      matrix[i * from + source] += cubic(Math.abs(at - tap));
    }
  }
  return matrix;
}

/** Keys' piecewise cubic at a distance in pixels. */
function cubic(d: number): number {
  if (d <= 1) return ((A + 2) * d - (A + 3)) * d * d + 1;
  if (d < 2) return A * (((d - 5) * d + 8) * d - 4);
  return 0;
}
