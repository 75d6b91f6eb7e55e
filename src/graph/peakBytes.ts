import type { DType, Node, Tensor } from "./tensor.ts";

const bytesOf: Readonly<Record<DType, number>> = { float32: 4, float64: 8, int64: 8, int32: 4, bool: 1 };

/**
 * Bytes of all values that are held at once while a graph computes `outputs`, at most: inputs and constants throughout, every
 * other value from the node that makes it to the last one that reads it, results to the end. The nodes run as ONNX Runtime
 * runs them, what the last result depends on first. What kernels take for themselves, and what an allocator keeps back, comes
 * on top.
 */
export function peakBytes(outputs: readonly Tensor[]): number {
  const order = runOrder(outputs);
  const readers = new Map<Tensor, number>();
  for (const node of order) for (const input of node.inputs) readers.set(input, (readers.get(input) ?? 0) + 1);
  // Results are read once more, at the end.
  for (const output of outputs) readers.set(output, (readers.get(output) ?? 0) + 1);
  let held = [...readers.keys()].reduce(
    (sum, tensor) => sum + (tensor.node === undefined ? sizeInBytes(tensor) : 0),
    0,
  );
  let peak = held;
  for (const node of order) {
    for (const made of node.outputs) if (readers.has(made)) held += sizeInBytes(made);
    peak = Math.max(peak, held);
    for (const input of node.inputs) {
      const left = (readers.get(input) ?? 0) - 1;
      readers.set(input, left);
      if (left === 0 && input.node !== undefined) held -= sizeInBytes(input);
    }
  }
  return peak;
}

const sizeInBytes = (tensor: Tensor): number => tensor.size * bytesOf[tensor.dtype];

function runOrder(outputs: readonly Tensor[]): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  // Each entry is a node and how many of its inputs have been looked at: chains are too long for recursion.
  const path: [Node, number][] = [];
  const enter = ({ node }: Tensor): void => {
    if (node === undefined || seen.has(node)) return;
    seen.add(node);
    path.push([node, 0]);
  };
  for (const output of outputs.toReversed()) {
    enter(output);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const [node, next] = top;
      if (next < node.inputs.length) {
        top[1]++;
        enter(node.inputs[next]);
      } else {
        order.push(node);
        path.pop();
      }
    }
  }
  return order;
}
