import type { Node, Tensor } from "./tensor.ts";

/** Nodes and leaves (inputs, constants) that some tensors depend on, in the order of their creation. */
export function reachable(roots: readonly Tensor[]): { readonly nodes: Node[]; readonly leaves: Tensor[] } {
  const nodes = new Set<Node>();
  const leaves = new Set<Tensor>();
  const pending = [...roots];
  for (let tensor = pending.pop(); tensor !== undefined; tensor = pending.pop()) {
    if (tensor.node === undefined) leaves.add(tensor);
    else if (!nodes.has(tensor.node)) {
      nodes.add(tensor.node);
      pending.push(...tensor.node.inputs);
    }
  }
  return {
    nodes: [...nodes].sort((a, b) => a.id - b.id),
    leaves: [...leaves].sort((a, b) => a.id - b.id),
  };
}
