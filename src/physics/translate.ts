import { abs, add, relu, sub } from "../graph/ops/elementwise.ts";
import { reshape, slice } from "../graph/ops/layout.ts";
import { matmul } from "../graph/ops/linear.ts";
import { perGraph } from "../graph/perGraph.ts";
import { type Graph, shapeError, type Tensor } from "../graph/tensor.ts";

/**
 * Sub-pixel translation T_d f(u) = f(u − d): content moves by +d, bilinear between pixels, zeros outside.
 *
 * Bilinear interpolation is separable: two products with matrices of hat functions, max(0, 1 − |i − j − d|). The adjoint
 * is the transposed product, and the gradient flows to d as well. Input and output may differ in size: their centres
 * floor(n/2) coincide at d = 0, so placing a window on a larger canvas and cutting one out of it are the same operator.
 *
 * @param image `[..., h, w]`
 * @param shift `[..., 2]` as (y, x) in pixels; its leading axes broadcast against the image's
 * @param size side lengths of the result, default the image's own
 * @returns `[..., H, W]`
 */
export function translate(
  image: Tensor,
  shift: Tensor,
  size: readonly [height: number, width: number] = image.shape.slice(-2) as [number, number],
): Tensor {
  if (image.rank < 2 || shift.shape.at(-1) !== 2)
    throw shapeError("translate", "image [..., y, x] and shift [..., 2]", image, shift);
  const [height, width] = image.shape.slice(-2) as [number, number];
  const { graph } = image;
  const down = hats(sub(offsets(graph, size[0], height), component(shift, 0)));
  // The right factor is needed transposed: [from, to]. Its grid of offsets is that of the way back, negated.
  const across = hats(add(offsets(graph, width, size[1]), component(shift, 1)));
  return matmul(matmul(down, image), across);
}

const hats = (distance: Tensor): Tensor => relu(sub(1, abs(distance)));

/** Coordinate differences (i − ⌊to/2⌋) − (j − ⌊from/2⌋), `[to, from]`. */
const offsets: (graph: Graph, to: number, from: number) => Tensor = perGraph(
  (graph: Graph, to: number, from: number): Tensor => {
    const shift = Math.floor(from / 2) - Math.floor(to / 2);
    const data = Float32Array.from({ length: to * from }, (_, k) => Math.floor(k / from) - (k % from) + shift);
    return graph.constant(data, [to, from]);
  },
);

/** One component of shifts `[..., 2]` as `[..., 1, 1]`. */
function component(shift: Tensor, axis: 0 | 1): Tensor {
  const one = slice(shift, [{ axis: -1, start: axis, end: axis + 1 }]);
  return reshape(one, [...shift.shape.slice(0, -1), 1, 1]);
}
