import type { Node } from "../../tensor.ts";
import type { Blocks, Placed } from "./blocks.ts";
import { convolution } from "./convolutions.ts";
import { channelSums, elementwise, joinParities, maxPoolGradient, pooling, splitParities, upsample } from "./images.ts";
import { weightGradient } from "./weightGradient.ts";

/**
 * How operators are computed on blocked images, one entry an operator: the result in whichever layout it comes in, or
 * undefined to leave the node to the ordinary rules, as every operator without an entry is.
 */
export type BlockedRule = (node: Node, blocks: Blocks) => Placed | undefined;

export const blockedRules: Readonly<Record<string, BlockedRule>> = {
  Conv: (node, blocks) => convolution(node, blocks),
  ConvWeightGradient: (node, blocks) => ({ plain: weightGradient(node, blocks) }),
  /** Applied by the convolution's kernel before it stores, where nothing else wants that convolution. */
  Relu: (node, blocks) => {
    const source = blocks.fused.get(node);
    return source === undefined ? elementwise(node, blocks) : convolution(source, blocks, node);
  },
  ChannelSums: channelSums,
  MaxPool: pooling,
  AveragePool: pooling,
  MaxPoolGradient: maxPoolGradient,
  Upsample2x: upsample,
  JoinParities: joinParities,
  SplitParities: splitParities,

  Neg: elementwise,
  Exp: elementwise,
  Log: elementwise,
  Sqrt: elementwise,
  Reciprocal: elementwise,
  Abs: elementwise,
  Sign: elementwise,
  Floor: elementwise,
  Sin: elementwise,
  Cos: elementwise,
  Tanh: elementwise,
  Sigmoid: elementwise,
  Erf: elementwise,
  Heaviside: elementwise,
  NormalCdf: elementwise,
  Gelu: elementwise,
  Identity: elementwise,
  Cast: elementwise,
  Add: elementwise,
  Sub: elementwise,
  Mul: elementwise,
  Div: elementwise,
  Pow: elementwise,
  Max: elementwise,
  Min: elementwise,
  Greater: elementwise,
  Less: elementwise,
  GreaterOrEqual: elementwise,
  Equal: elementwise,
  Where: elementwise,
};
