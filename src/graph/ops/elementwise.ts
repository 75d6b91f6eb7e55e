import { broadcastShapes } from "../shapes.ts";
import { type DType, type Operand, onnxType, operands, requireDtype, scalarValue, type Tensor } from "../tensor.ts";
import { expand } from "./layout.ts";

/**
 * Elementwise operators; two operands broadcast as in NumPy. What was expanded before is taken as it was, and the result is
 * expanded where that is still needed: gradients of sums and means come expanded, and are broadcast at no cost.
 */

type Unary = (x: Tensor) => Tensor;

function unary(op: string): Unary {
  return (x) => {
    requireDtype(op, x, "float32");
    const small = unexpanded(x);
    return expand(x.graph.emit(op, [small], {}, [{ shape: small.shape, dtype: "float32" }])[0], x.shape);
  };
}

const unexpanded = (x: Tensor): Tensor => (x.node?.op === "Expand" ? x.node.inputs[0] : x);

export const neg: Unary = unary("Neg");
export const exp: Unary = unary("Exp");
export const log: Unary = unary("Log");
export const sqrt: Unary = unary("Sqrt");
export const reciprocal: Unary = unary("Reciprocal");
export const abs: Unary = unary("Abs");
export const sign: Unary = unary("Sign");
export const floor: Unary = unary("Floor");
export const sin: Unary = unary("Sin");
export const cos: Unary = unary("Cos");
export const tanh: Unary = unary("Tanh");
export const sigmoid: Unary = unary("Sigmoid");
export const relu: Unary = unary("Relu");
export const erf: Unary = unary("Erf");
/** Φ(x) = (1 + erf(x/√2)) / 2. */
export const normalCdf: Unary = unary("NormalCdf");
/** x Φ(x). */
export const gelu: Unary = unary("Gelu");
/** 1 where x > 0, else 0. */
export const heaviside: Unary = unary("Heaviside");

function binary(op: string, a: Operand, b: Operand, result: DType = "float32"): Tensor {
  const [x, y] = operands(a, b) as [Tensor, Tensor];
  requireDtype(op, x, "float32");
  requireDtype(op, y, "float32");
  const [p, q] = [unexpanded(x), unexpanded(y)];
  const made = x.graph.emit(op, [p, q], {}, [{ shape: broadcastShapes(op, p.shape, q.shape), dtype: result }])[0];
  return expand(made, broadcastShapes(op, x.shape, y.shape));
}

/** A tensor that an operation with a neutral scalar would only copy. */
function unchangedBy(neutral: number, x: Operand, other: Operand): Tensor | undefined {
  return typeof x !== "number" && scalarValue(other) === neutral && (typeof other === "number" || other.rank <= x.rank)
    ? x
    : undefined;
}

export const add = (a: Operand, b: Operand): Tensor =>
  unchangedBy(0, a, b) ?? unchangedBy(0, b, a) ?? binary("Add", a, b);
export const sub = (a: Operand, b: Operand): Tensor => unchangedBy(0, a, b) ?? binary("Sub", a, b);
export const mul = (a: Operand, b: Operand): Tensor =>
  unchangedBy(1, a, b) ?? unchangedBy(1, b, a) ?? binary("Mul", a, b);
export const div = (a: Operand, b: Operand): Tensor => unchangedBy(1, a, b) ?? binary("Div", a, b);
export const pow = (a: Operand, b: Operand): Tensor => binary("Pow", a, b);
export const maximum = (a: Operand, b: Operand): Tensor => binary("Max", a, b);
export const minimum = (a: Operand, b: Operand): Tensor => binary("Min", a, b);
export const greater = (a: Operand, b: Operand): Tensor => binary("Greater", a, b, "bool");
export const less = (a: Operand, b: Operand): Tensor => binary("Less", a, b, "bool");
export const greaterOrEqual = (a: Operand, b: Operand): Tensor => binary("GreaterOrEqual", a, b, "bool");
export const equal = (a: Operand, b: Operand): Tensor => binary("Equal", a, b, "bool");

export const square = (x: Tensor): Tensor => mul(x, x);
/** x · sigmoid(x). */
export const silu = (x: Tensor): Tensor => mul(x, sigmoid(x));

export function cast(x: Tensor, dtype: DType): Tensor {
  if (x.dtype === dtype) return x;
  return x.graph.emit("Cast", [x], { to: onnxType[dtype] }, [{ shape: x.shape, dtype }])[0];
}

/** `condition ? a : b`, elementwise. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  requireDtype("Where", condition, "bool");
  const [, x, y] = operands(condition, a, b) as [Tensor, Tensor, Tensor];
  requireDtype("Where", x, "float32");
  requireDtype("Where", y, "float32");
  const shape = broadcastShapes("Where", condition.shape, x.shape, y.shape);
  return x.graph.emit("Where", [condition, x, y], {}, [{ shape, dtype: "float32" }])[0];
}

/** The same value, through which no gradient flows. */
export function stopGradient(x: Tensor): Tensor {
  return x.graph.emit("Identity", [x], {}, [{ shape: x.shape, dtype: x.dtype }])[0];
}
