import { reshape, transpose } from "../../ops/layout.ts";
import type { Attribute, Graph, Node, Tensor } from "../../tensor.ts";
import type { ElementwiseForms } from "./elementwiseForms.ts";
import { BLOCKED, swapMiddle } from "./packing.ts";

/** The graph being lowered: in which layouts it has each tensor of the original one, and how to get another. */
export interface Blocks {
  readonly graph: Graph;
  /** Channels that a kernel takes at once. */
  readonly block: number;
  readonly forms: ElementwiseForms;
  /** Convolutions whose ReLU the kernel applies, by that ReLU. They are held back until it comes. */
  readonly fused: ReadonlyMap<Node, Node>;
  /** The ordinary layout, reordered from the blocked one where that is all there is. */
  plain(tensor: Tensor): Tensor;
  /** The blocked layout, reordered if need be. */
  blocked(tensor: Tensor): Tensor;
  /** The blocked layout if it is there already. */
  blockedAlready(tensor: Tensor): Tensor | undefined;
  /** `[batch, y, x, channel]`. */
  channelsLast(tensor: Tensor): Tensor;
  /** Whether its channels fill blocks. */
  fits(tensor: Tensor): boolean;
  /** Emits an operator with one float32 result. */
  emit(
    op: string,
    inputs: readonly Tensor[],
    attributes: Readonly<Record<string, Attribute>>,
    shape: readonly number[],
  ): Tensor;
}

export interface BlocksInProgress extends Blocks {
  /** Says where a tensor of the original graph is, in one of its layouts. */
  place(tensor: Tensor, at: Placed): void;
}

/** A result in one of its layouts. */
export type Placed = { readonly blocked: Tensor } | { readonly plain: Tensor };

export function trackBlocks(
  { graph, block, forms, fused }: Pick<Blocks, "graph" | "block" | "forms" | "fused">,
  plainOf: Map<Tensor, Tensor>,
): BlocksInProgress {
  const blockedOf = new Map<Tensor, Tensor>();
  const channelsLastOf = new Map<Tensor, Tensor>();
  const emit: Blocks["emit"] = (op, inputs, attributes, shape) =>
    graph.emit(op, inputs, attributes, [{ shape, dtype: "float32" }])[0];

  const plain = (tensor: Tensor): Tensor =>
    remembered(plainOf, tensor, () =>
      emit(`${BLOCKED}ReorderOutput`, [blockedOf.get(tensor)!], { channels: tensor.shape[1] }, tensor.shape),
    );
  const blocked = (tensor: Tensor): Tensor =>
    remembered(blockedOf, tensor, () => emit(`${BLOCKED}ReorderInput`, [plainOf.get(tensor)!], {}, tensor.shape));
  const channelsLast = (tensor: Tensor): Tensor =>
    remembered(channelsLastOf, tensor, () => {
      const source = blockedOf.get(tensor);
      if (source === undefined) return transpose(plain(tensor), [0, 2, 3, 1]);
      const [batch, channels, height, width] = tensor.shape;
      const pixels = swapMiddle(reshape(source, [batch, channels / block, height * width, block]));
      return reshape(pixels, [batch, height, width, channels]);
    });
  return {
    ...{ graph, block, forms, fused, plain, blocked, channelsLast, emit },
    blockedAlready: (tensor) => blockedOf.get(tensor),
    fits: (tensor) => tensor.rank === 4 && tensor.shape[1] % block === 0,
    place: (tensor, at) => {
      if ("blocked" in at) blockedOf.set(tensor, at.blocked);
      else plainOf.set(tensor, at.plain);
    },
  };
}

function remembered(known: Map<Tensor, Tensor>, tensor: Tensor, make: () => Tensor): Tensor {
  const there = known.get(tensor);
  if (there !== undefined) return there;
  const made = make();
  known.set(tensor, made);
  return made;
}
