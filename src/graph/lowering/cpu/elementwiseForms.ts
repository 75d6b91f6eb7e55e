import { erf, mul } from "../../ops/elementwise.ts";
import type { Node, Tensor } from "../../tensor.ts";

/** How ONNX Runtime's CPU provider computes elementwise operators that ONNX does not have, in few passes over the memory. */
export type ElementwiseForms = Readonly<Record<string, (x: Tensor) => Tensor>>;

export function cpuForms(nodes: readonly Node[]): ElementwiseForms {
  // Its own operator is one pass, but training needs the distribution too.
  const isTraining = nodes.some(({ op }) => op === "NormalCdf");
  return {
    Heaviside: heaviside,
    NormalCdf: normalCdf,
    Gelu: (x) => (isTraining ? mul(x, normalCdf(x)) : emitted("com.microsoft::Gelu", x)),
  };
}

/** Times the smallest positive normal float it is above 1. */
export const STEEP = 1e38;

/** In one pass: a slope so steep that every positive normal float lands on 1. */
const heaviside = (x: Tensor): Tensor => hardSigmoid(x, STEEP, 0);

/** (erf + 1) / 2 lies between 0 and 1, where nothing is cut off. */
const normalCdf = (x: Tensor): Tensor => hardSigmoid(erf(mul(x, Math.SQRT1_2)), 0.5, 0.5);

/** max(0, min(1, alpha x + beta)) */
export function hardSigmoid(x: Tensor, alpha: number, beta: number): Tensor {
  return emitted("HardSigmoid", x, { alpha: { float: alpha }, beta: { float: beta } });
}

const emitted = (op: string, x: Tensor, attributes: Node["attributes"] = {}): Tensor =>
  x.graph.emit(op, [x], attributes, [{ shape: x.shape, dtype: "float32" }])[0];
