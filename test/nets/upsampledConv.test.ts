import { expect, it } from "vitest";
import { gradients } from "../../src/graph/gradients.ts";
import { mul } from "../../src/graph/ops/elementwise.ts";
import { conv2d, upsample2x } from "../../src/graph/ops/image.ts";
import { sum } from "../../src/graph/ops/reduce.ts";
import { Graph, type Tensor } from "../../src/graph/tensor.ts";
import { parityConv, upsampledConv } from "../../src/nets/upsampledConv.ts";
import { Random } from "../../src/random.ts";
import { evaluate, maxDeviation, normals } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";

it.each([
  { channels: 5, out: 3, size: [6, 4] },
  { channels: 4, out: 4, size: [1, 3] },
  { channels: 2, out: 6, size: [5, 5] },
])("equals enlarging and convolving, gradients too: $channels to $out channels of $size pixels", async (test) => {
  const graph = new Graph();
  const x = graph.input("x", [2, test.channels, ...test.size]);
  const weights = graph.input("w", [test.out, test.channels, 3, 3]);
  const bias = graph.input("b", [test.out]);
  const cotangent = graph.input("c", [2, test.out, 2 * test.size[0], 2 * test.size[1]]);
  const withGradients = (y: Tensor): Tensor[] => [y, ...gradients(sum(mul(y, cotangent)), [x, weights, bias])];
  const actual = withGradients(upsampledConv(x, weights, bias));
  const expected = withGradients(conv2d(upsample2x(x), weights, { bias }));
  const random = new Random(4);
  const feeds = Object.fromEntries([...graph.inputs].map(([name, { size }]) => [name, normals(random, size)]));
  const named = (prefix: string, tensors: readonly Tensor[]) => tensors.map((t, i) => [`${prefix}${i}`, t] as const);
  const values: Record<string, Float32Array> = await evaluate(
    Object.fromEntries([...named("actual", actual), ...named("expected", expected)]),
    feeds,
  );
  for (const i of actual.keys()) {
    expect(maxDeviation(values[`actual${i}`], values[`expected${i}`])).toBeLessThan(tolerances.float32Convolution);
  }
});

it("with a kernel for each parity is a transposed convolution: pixels spread 4×4 weights, two apart", async () => {
  const [height, width] = [3, 5];
  const graph = new Graph();
  const x = graph.input("x", [1, 1, height, width]);
  const kernels = graph.input("k", [4, 1, 2, 2]);
  const random = new Random(6);
  const feeds = { x: normals(random, x.size), k: normals(random, 16) };
  const { out } = await evaluate({ out: parityConv(x, kernels) }, feeds);
  const expected = new Float32Array(4 * height * width);
  // A pixel of the output, seen from the first of the 4×4 that a pixel spreads to, tells parity and place in the kernel.
  for (let i = 0; i < height * width; i++) {
    const [y, xx] = [Math.floor(i / width), i % width];
    for (let p = 0; p < 16; p++) {
      const [py, px] = [p >> 2, p & 3];
      const [row, column] = [2 * y + py - 1, 2 * xx + px - 1];
      if (row < 0 || column < 0 || row >= 2 * height || column >= 2 * width) continue;
      const [a, b] = [row & 1, column & 1];
      const [u, v] = [(3 - a - py) / 2, (3 - b - px) / 2];
      expected[row * 2 * width + column] += feeds.x[i] * feeds.k[4 * (2 * a + b) + 2 * u + v];
    }
  }
  expect(maxDeviation(out, expected)).toBeLessThan(tolerances.float32Convolution);
});
