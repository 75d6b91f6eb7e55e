import { div, mul, sub } from "../../ops/elementwise.ts";
import { PARITIES } from "../../ops/image.ts";
import { concat, pad, reshape, slice } from "../../ops/layout.ts";
import { sum } from "../../ops/reduce.ts";
import type { Node, Tensor } from "../../tensor.ts";
import type { Blocks, Placed } from "./blocks.ts";
import { hardSigmoid, STEEP } from "./elementwiseForms.ts";
import { BLOCKED } from "./packing.ts";

/** Operators on whole images, pixel by pixel or window by window, that stay in blocks. */

export function elementwise(
  node: Node,
  { graph, forms, fits, plain, blocked, blockedAlready }: Blocks,
): Placed | undefined {
  const result = node.outputs[0];
  const full = node.inputs.filter((input) => input.size > 1);
  if (!fits(result) || full.some((input) => input.shape.join() !== result.shape.join())) return undefined;
  if (!full.some((input) => blockedAlready(input) !== undefined)) return undefined;
  const inputs = node.inputs.map((input) => (input.size > 1 ? blocked(input) : plain(input)));
  return { blocked: forms[node.op]?.(inputs[0]) ?? graph.emit(node.op, inputs, node.attributes, [result])[0] };
}

export function pooling(node: Node, { fits, blockedAlready, emit }: Blocks): Placed | undefined {
  const x = blockedAlready(node.inputs[0]);
  if (x === undefined || !fits(node.inputs[0])) return undefined;
  return { blocked: emit(BLOCKED + node.op, [x], node.attributes, node.outputs[0].shape) };
}

export function upsample(node: Node, { fits, blockedAlready, emit }: Blocks): Placed | undefined {
  const x = blockedAlready(node.inputs[0]);
  if (x === undefined || !fits(node.inputs[0])) return undefined;
  return { blocked: emit(`${BLOCKED}Upsample`, [x], { scales: [1, 1, 2, 2] }, node.outputs[0].shape) };
}

/** Enlarged along rows only: columns of rows that lie together broadcast, which saves half of the memory. */
export function maxPoolGradient(node: Node, { block, blocked, blockedAlready, emit }: Blocks): Placed | undefined {
  const [x, pooled, gradient] = node.inputs;
  const source = blockedAlready(x);
  if (source === undefined) return undefined;
  const [batch, channels, height, width] = x.shape;
  const pairs = (batch * channels * height) / (2 * block);
  const enlarged = (image: Tensor): Tensor => {
    const columns = reshape(image, [(pairs * width) / 2, 1, block]);
    return reshape(concat([columns, columns], 1), [pairs, 1, width * block]);
  };
  // 0 at the maximum, which a steep slope down from 1 tells from everything below it.
  const below = sub(enlarged(blocked(pooled)), reshape(source, [pairs, 2, width * block]));
  const isMaximum = hardSigmoid(below, -STEEP, 1);
  const window = { kernel_shape: [2, 2], strides: [2, 2] };
  const part = emit(`${BLOCKED}AveragePool`, [reshape(isMaximum, x.shape)], window, pooled.shape);
  const share = div(mul(blocked(gradient), 0.25), part);
  return { blocked: reshape(mul(isMaximum, enlarged(share)), x.shape) };
}

export function channelSums(node: Node, { block, blockedAlready }: Blocks): Placed | undefined {
  const x = blockedAlready(node.inputs[0]);
  if (x === undefined) return undefined;
  const [batch, channels, height, width] = x.shape;
  const rows = sum(reshape(x, [(batch * channels * height) / block, width, block]), { axes: [1] });
  const total = sum(reshape(rows, [batch, channels / block, height, block]), { axes: [0, 2] });
  return { plain: reshape(total, [channels]) };
}

/** Pixels of all channels of a block lie together, so joining needs no transposition. */
export function joinParities(node: Node, { block, fits, blockedAlready }: Blocks): Placed | undefined {
  const result = node.outputs[0];
  const planes = blockedAlready(node.inputs[0]);
  if (planes === undefined || !fits(result)) return undefined;
  const [batch, out, height, width] = result.shape;
  const [rows, columns, groups] = [height / 2, width / 2, out / block];
  const apart = reshape(planes, [batch, 4, groups, rows + 1, (columns + 1) * block]);
  const parts = PARITIES.map(([a, b], parity) => {
    const plane = slice(apart, [
      { axis: 1, start: parity, end: parity + 1 },
      { axis: 3, start: a, end: a + rows },
      { axis: 4, start: b * block, end: (b + columns) * block },
    ]);
    return reshape(plane, [batch * groups * rows, columns, 1, block]);
  });
  const row = (a: number): Tensor =>
    reshape(concat(parts.slice(2 * a, 2 * a + 2), 2), [batch * groups * rows, 1, width * block]);
  return { blocked: reshape(concat([row(0), row(1)], 1), result.shape) };
}

export function splitParities(node: Node, { block, blockedAlready }: Blocks): Placed | undefined {
  const x = blockedAlready(node.inputs[0]);
  if (x === undefined) return undefined;
  const [batch, channels, height, width] = x.shape;
  const [rows, columns, groups] = [height / 2, width / 2, channels / block];
  const pixels = reshape(x, [batch * groups * rows, 2, columns, 2, block]);
  const planes = PARITIES.map(([a, b]) => {
    const plane = slice(pixels, [
      { axis: 1, start: a, end: a + 1 },
      { axis: 3, start: b, end: b + 1 },
    ]);
    return pad(reshape(plane, [batch, 1, groups, rows, columns * block]), [
      [a, 1 - a],
      [b * block, (1 - b) * block],
    ]);
  });
  return { blocked: reshape(concat(planes, 1), node.outputs[0].shape) };
}
