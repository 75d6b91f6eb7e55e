import { reachable } from "../reachable.ts";
import { Graph, type Node, type Tensor } from "../tensor.ts";
import { blockedTarget } from "./cpu/blocked.ts";
import { cpuForms, type ElementwiseForms } from "./cpu/elementwiseForms.ts";
import { transposeRule } from "./cpu/transposeMoves.ts";
import { portableRules } from "./portable/rules.ts";
import type { LoweringRule, Target } from "./target.ts";

function cpuRules(
  nodes: readonly Node[],
  outputs: readonly Tensor[],
  forms: ElementwiseForms,
): Readonly<Record<string, LoweringRule>> {
  const elementwise = Object.entries(forms).map(([op, form]): [string, LoweringRule] => [
    op,
    (_node, [x]) => [form(x)],
  ]);
  return { ...portableRules, ...Object.fromEntries(elementwise), Transpose: transposeRule(nodes, outputs) };
}

/** Rewrites the part of a graph that computes `outputs` into operators of the target. */
export function lower(outputs: Readonly<Record<string, Tensor>>, target: Target): Record<string, Tensor> {
  const roots = Object.values(outputs);
  const { nodes, leaves } = reachable(roots);
  const lowered = new Graph();
  const plainOf = new Map<Tensor, Tensor>();
  for (const leaf of leaves) {
    plainOf.set(
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
      : [
          blockedTarget({ graph: lowered, plainOf, nodes, outputs: roots, forms, block: target.channelBlock }),
          cpuRules(nodes, roots, forms),
        ];
  const get = blocked?.plain ?? ((tensor: Tensor): Tensor => plainOf.get(tensor)!);
  for (const node of nodes) {
    lowered.scoped(node.scope, () => {
      if (blocked?.emit(node)) return;
      const inputs = node.inputs.map(get);
      const made = rules[node.op]?.(node, inputs) ?? lowered.emit(node.op, inputs, node.attributes, node.outputs);
      for (const [i, tensor] of node.outputs.entries()) plainOf.set(tensor, made[i]);
    });
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, get(tensor)]));
}
