import { reshape } from "./ops/layout.ts";
import { sum } from "./ops/reduce.ts";
import { sameShape } from "./shapes.ts";
import type { Tensor } from "./tensor.ts";

/** The adjoint of broadcasting to `x.shape`: sums over the axes that broadcasting from `shape` had repeated. */
export function sumTo(x: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const extra = x.rank - shape.length;
  const axes = x.shape.flatMap((extent, axis) =>
    axis < extra || (shape[axis - extra] === 1 && extent !== 1) ? [axis] : [],
  );
  return reshape(sum(x, { axes }), shape);
}
