import { PtychonautError } from "../errors.ts";
import { sumTo } from "./broadcast.ts";
import { add } from "./ops/elementwise.ts";
import { rules } from "./rules.ts";
import type { Node, Tensor } from "./tensor.ts";

/**
 * Reverse-mode gradients: appends to the graph of `loss` the nodes that compute ∂loss/∂t for each `t` in `wrt`.
 * @param loss a scalar
 * @returns gradients in the order of `wrt`, each of its tensor's shape
 * @throws when the loss does not depend on one of them: a parameter that never learns is a mistake of the caller
 */
export function gradients(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (loss.size !== 1) throw new PtychonautError("shape", "gradients need a scalar loss", { got: loss.toString() });
  const { graph } = loss;
  const gradientOf = new Map<Tensor, Tensor>([[loss, graph.constant(Float32Array.of(1), loss.shape)]]);
  const needed = dependents(graph.nodes, wrt);
  // Nodes are in the order of their creation, which is a topological order. Later ones are gradients of this very walk.
  for (const node of graph.nodes.slice(0, (loss.node?.id ?? -1) + 1).reverse()) {
    if (!needed.has(node) || !node.outputs.some((output) => gradientOf.has(output))) continue;
    graph.scoped(`grad ${node.scope}`, () => {
      const upstream = gradientOf.get(node.outputs[0]);
      const wanted = (input: Tensor): boolean =>
        input.dtype === "float32" && (wrt.includes(input) || (input.node !== undefined && needed.has(input.node)));
      for (const [i, gradient] of backward(node, upstream, wanted).entries()) {
        const input = node.inputs[i];
        if (gradient === undefined || !wanted(input)) continue;
        const fitted = sumTo(gradient, input.shape);
        const known = gradientOf.get(input);
        gradientOf.set(input, known === undefined ? fitted : add(known, fitted));
      }
    });
  }
  return wrt.map((tensor) => {
    const gradient = gradientOf.get(tensor);
    if (gradient === undefined) throw new PtychonautError("usage", `the loss does not depend on ${tensor}`);
    return gradient;
  });
}

function backward(
  node: Node,
  upstream: Tensor | undefined,
  wanted: (input: Tensor) => boolean,
): readonly (Tensor | undefined)[] {
  const rule = rules[node.op];
  if (rule === undefined) throw new PtychonautError("usage", `operator ${node.op} has no gradient`);
  if (upstream === undefined) throw new PtychonautError("usage", `only the first output of ${node.op} has a gradient`);
  return rule(node, upstream, wanted);
}

/** Nodes whose output depends on any of the tensors. */
function dependents(nodes: readonly Node[], tensors: readonly Tensor[]): Set<Node> {
  const found = new Set<Node>();
  const sources = new Set(tensors);
  for (const node of nodes) {
    if (node.inputs.some((input) => sources.has(input) || (input.node !== undefined && found.has(input.node)))) {
      found.add(node);
    }
  }
  return found;
}
