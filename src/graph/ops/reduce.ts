import { normaliseAxes } from "../shapes.ts";
import { requireDtype, type Tensor } from "../tensor.ts";

/** Reductions over axes (all of them by default). */
export interface ReduceOptions {
  readonly axes?: readonly number[];
  /** Keep reduced axes with extent 1. Default false. */
  readonly keepDims?: boolean;
}

function reduce(op: string, x: Tensor, options: ReduceOptions): Tensor {
  requireDtype(op, x, "float32");
  const axes = normaliseAxes(op, options.axes ?? x.shape.map((_, axis) => axis), x.rank).sort((a, b) => a - b);
  if (axes.length === 0) return x;
  const keepDims = options.keepDims ?? false;
  const shape = keepDims
    ? x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent))
    : x.shape.filter((_, axis) => !axes.includes(axis));
  return x.graph.emit(op, [x, x.graph.int64(axes)], { keepdims: keepDims ? 1 : 0 }, [{ shape, dtype: "float32" }])[0];
}

export const sum = (x: Tensor, options: ReduceOptions = {}): Tensor => reduce("ReduceSum", x, options);
export const mean = (x: Tensor, options: ReduceOptions = {}): Tensor => reduce("ReduceMean", x, options);
export const max = (x: Tensor, options: ReduceOptions = {}): Tensor => reduce("ReduceMax", x, options);
/** Σ x² over all elements, in one pass. Has no gradient: `sum(square(x))` has. */
export const sumOfSquares = (x: Tensor): Tensor => reduce("ReduceSumSquare", x, {});
