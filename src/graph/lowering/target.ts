import type { Node, Tensor } from "../tensor.ts";

/**
 * What a model is to run on.
 * - "portable": standard ONNX operators, for every provider and for export.
 * - `{ channelBlock }`: ONNX Runtime's CPU provider, with images in its blocked layout (see `cpu/blocked.ts`); the block is
 *   the number of channels that its kernels on this processor take at once.
 */
export type Target = "portable" | { readonly channelBlock: number };

/** Emits a node into the lowered graph; returns its outputs there, or undefined to leave it to the next rule. */
export type LoweringRule = (node: Node, inputs: readonly Tensor[]) => readonly Tensor[] | undefined;
