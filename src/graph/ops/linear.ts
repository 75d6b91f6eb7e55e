import { broadcastShapes } from "../shapes.ts";
import { requireDtype, shapeError, type Tensor } from "../tensor.ts";
import { transpose } from "./layout.ts";

/** Matrix product over the last two axes; leading axes broadcast. Both operands have rank 2 or more. */
export function matmul(a: Tensor, b: Tensor): Tensor {
  requireDtype("MatMul", a, "float32");
  requireDtype("MatMul", b, "float32");
  if (a.rank < 2 || b.rank < 2 || a.shape.at(-1) !== b.shape.at(-2)) {
    throw shapeError("MatMul", "[…, m, k] and […, k, n]", a, b);
  }
  const batch = broadcastShapes("MatMul", a.shape.slice(0, -2), b.shape.slice(0, -2));
  const shape = [...batch, a.shape.at(-2)!, b.shape.at(-1)!];
  return a.graph.emit("MatMul", [a, b], {}, [{ shape, dtype: "float32" }])[0];
}

/** Swaps the last two axes. */
export function transposeMatrix(x: Tensor): Tensor {
  const axes = x.shape.map((_, axis) => axis);
  return transpose(x, [...axes.slice(0, -2), x.rank - 1, x.rank - 2]);
}
