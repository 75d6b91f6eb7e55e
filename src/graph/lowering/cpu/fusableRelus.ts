import type { Node, Tensor } from "../../tensor.ts";

/** ReLUs that are the only use of a convolution's result: the kernel applies them before it stores. */
export function findFusableRelus(
  nodes: readonly Node[],
  outputs: readonly Tensor[],
): { readonly byRelu: ReadonlyMap<Node, Node>; readonly convolutions: ReadonlySet<Node> } {
  const users = new Map<Tensor, Node[]>();
  for (const node of nodes) {
    for (const input of node.inputs) users.set(input, [...(users.get(input) ?? []), node]);
  }
  const byRelu = new Map<Node, Node>();
  for (const node of nodes) {
    const source = node.op === "Relu" ? node.inputs[0].node : undefined;
    if (source?.op !== "Conv" || outputs.includes(node.inputs[0])) continue;
    if (users.get(node.inputs[0])!.length === 1) byRelu.set(node, source);
  }
  return { byRelu, convolutions: new Set(byRelu.values()) };
}
