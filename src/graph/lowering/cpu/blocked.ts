import type { Graph, Node, Tensor } from "../../tensor.ts";
import { blockedRules } from "./blockedRules.ts";
import { type Blocks, trackBlocks } from "./blocks.ts";
import type { ElementwiseForms } from "./elementwiseForms.ts";
import { findFusableRelus } from "./fusableRelus.ts";

/**
 * Lowering for ONNX Runtime's CPU provider. Its fast convolution kernels work on images whose channels are interleaved in
 * blocks, `[batch, channel / block, y, x, block]`; its own optimiser uses them only where weights are constants, which
 * those of a training step are not. So this pass does it: convolutions, pooling, upsampling and elementwise operators
 * between them stay blocked, and a tensor is reordered (at memory speed) where something else needs it.
 */
export interface BlockedTarget {
  /** Emits a node in blocked form if that suits it. */
  emit(node: Node): boolean;
  /** The ordinary form of a tensor of the original graph. */
  plain(tensor: Tensor): Tensor;
}

/** What is lowered: nodes in order, what of them is wanted in the end, and where leaves are in the lowered graph. */
export interface BlockedProgram {
  readonly graph: Graph;
  readonly plainOf: Map<Tensor, Tensor>;
  readonly nodes: readonly Node[];
  readonly outputs: readonly Tensor[];
  readonly forms: ElementwiseForms;
  /** Channels that a kernel takes at once. */
  readonly block: number;
}

export function blockedTarget({ graph, plainOf, nodes, outputs, forms, block }: BlockedProgram): BlockedTarget {
  const { byRelu: fused, convolutions } = findFusableRelus(nodes, outputs);
  const blocks = trackBlocks({ graph, block, forms, fused }, plainOf);
  return {
    plain: blocks.plain,
    emit(node) {
      if (convolutions.has(node)) return true;
      const placed = Object.hasOwn(blockedRules, node.op) ? blockedRules[node.op](node, blocks) : undefined;
      if (placed === undefined) {
        const heldBack = fused.get(node);
        if (heldBack !== undefined) blocks.place(heldBack.outputs[0], { plain: plainConvolution(heldBack, blocks) });
        return false;
      }
      blocks.place(node.outputs[0], placed);
      return true;
    },
  };
}

/** A convolution that was held back for a ReLU which is not applied by its kernel after all. */
function plainConvolution(
  { op, inputs, attributes, outputs }: Node,
  { graph, plain }: Pick<Blocks, "graph" | "plain">,
): Tensor {
  return graph.emit(op, inputs.map(plain), attributes, outputs)[0];
}
