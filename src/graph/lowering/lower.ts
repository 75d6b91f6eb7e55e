import { reachable } from "../reachable.ts";
import { Graph, type Node, type Tensor } from "../tensor.ts";
import { blockedTarget } from "./blocked.ts";
import { cpuForms, type ElementwiseForms } from "./cpuForms.ts";
import { portableRules } from "./portable.ts";
import { transposeRule } from "./transposeMoves.ts";

/**
 * What a model is to run on.
 * - "portable": standard ONNX operators, for every provider and for export.
 * - `{ channelBlock }`: ONNX Runtime's CPU provider, with images in its blocked layout (see `blocked.ts`); the block is
 *   the number of channels that its kernels on this processor take at once.
 */
export type Target = "portable" | { readonly channelBlock: number };

/** Emits a node into the lowered graph; returns its outputs there, or undefined to leave it to the next rule. */
export type LoweringRule = (node: Node, inputs: readonly Tensor[]) => readonly Tensor[] | undefined;

function cpuRules(
  nodes: readonly Node[],
  outputs: readonly Tensor[],
  forms: ElementwiseForms,
): Readonly<Record<string, LoweringRule>> {
  const elementwise = Object.entries(forms).map(([op, form]): [string, LoweringRule] => [
    op,
    (_node, [x]) => [form(x!)],
  ]);
  return { ...portableRules, ...Object.fromEntries(elementwise), Transpose: transposeRule(nodes, outputs) };
}

/** Rewrites the part of a graph that computes `outputs` into operators of the target. */
export function lower(outputs: Readonly<Record<string, Tensor>>, target: Target): Record<string, Tensor> {
  const roots = Object.values(outputs);
  const { nodes, leaves } = reachable(roots);
  const lowered = new Graph();
  const plain = new Map<Tensor, Tensor>();
  for (const leaf of leaves) {
    plain.set(
      leaf,
      leaf.constant === undefined
        ? lowered.input(leaf.inputName!, leaf.shape, leaf.dtype)
        : lowered.constant(leaf.constant, leaf.shape),
    );
  }
  const forms = cpuForms(nodes);
  const [blocked, rules] =
    target === "portable"
      ? [undefined, portableRules]
      : [blockedTarget(lowered, plain, nodes, roots, forms, target.channelBlock), cpuRules(nodes, roots, forms)];
  const get = blocked?.plain ?? ((tensor: Tensor): Tensor => plain.get(tensor)!);
  for (const node of nodes) {
    lowered.scoped(node.scope, () => {
      if (blocked?.emit(node)) return;
      const inputs = node.inputs.map(get);
      const made = rules[node.op]?.(node, inputs) ?? lowered.emit(node.op, inputs, node.attributes, node.outputs);
      for (const [i, tensor] of node.outputs.entries()) plain.set(tensor, made[i]);
    });
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, get(tensor)]));
}
