import { beforeAll, describe, expect, it } from "vitest";
import { gradients } from "../../src/graph/gradients.ts";
import { buildModel } from "../../src/graph/onnx/model.ts";
import { add, gelu, mul, relu, sigmoid, square } from "../../src/graph/ops/elementwise.ts";
import { averagePool2x2, conv2d, joinParities, maxPool2x2, upsample2x } from "../../src/graph/ops/image.ts";
import { concat, reshape, slice } from "../../src/graph/ops/layout.ts";
import { mean, sum } from "../../src/graph/ops/reduce.ts";
import { Graph, type Tensor } from "../../src/graph/tensor.ts";
import { Random } from "../../src/random.ts";
import { findChannelBlock } from "../../src/runtime/node/channelBlock.ts";
import { evaluate, maxDeviation, normals, testRuntime } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";

let block = 0;
beforeAll(async () => {
  block = await findChannelBlock(testRuntime);
});

/** A network that meets every case of the blocked lowering, and the gradients of all its parameters. */
const networks: Readonly<Record<string, (parameter: (shape: number[]) => Tensor, x: Tensor) => Tensor>> = {
  "few → block, pool before ReLU": (p, x) => relu(maxPool2x2(conv2d(x, p([16, 3, 3, 3]), { bias: p([16]) }))),
  "pooling of a constant image": (p, x) =>
    maxPool2x2(conv2d(mul(x, 0), p([16, 3, 3, 3]), { bias: p([16]), padding: [1, 1] })),
  "fused ReLU, blocks → blocks": (p, x) =>
    relu(conv2d(relu(conv2d(x, p([32, 3, 3, 3]), { bias: p([32]) })), p([16, 32, 3, 3]), { bias: p([16]) })),
  "blocks → few": (p, x) => conv2d(relu(conv2d(x, p([16, 3, 3, 3]))), p([2, 16, 3, 3]), { bias: p([2]) }),
  "7×7 to one, few → one": (p, x) => sigmoid(conv2d(x, p([1, 3, 7, 7]))),
  "channels that no block divides": (p, x) =>
    relu(conv2d(relu(conv2d(x, p([24, 3, 3, 3]), { bias: p([24]) })), p([20, 24, 3, 3]), { bias: p([20]) })),
  "upsampling and pooling between blocks": (p, x) =>
    averagePool2x2(conv2d(upsample2x(relu(conv2d(x, p([16, 3, 3, 3])))), p([16, 16, 3, 3]))),
  "upsampling of few channels": (p, x) => conv2d(upsample2x(conv2d(x, p([1, 3, 3, 3]))), p([16, 1, 3, 3])),
  "attention: broadcasting over a blocked image": (p, x) => {
    const y = relu(conv2d(x, p([16, 3, 3, 3])));
    return mul(y, sigmoid(reshape(mul(mean(y, { axes: [2, 3] }), p([16])), [2, 16, 1, 1])));
  },
  "slices and joins of a blocked image": (p, x) => {
    const y = conv2d(x, p([32, 3, 3, 3]));
    const [left, right] = [slice(y, [{ axis: 1, start: 0, end: 16 }]), slice(y, [{ axis: 1, start: 16, end: 32 }])];
    return conv2d(concat([right, add(left, 1)], 1), p([16, 32, 3, 3]));
  },
  "a ReLU with a second reader of its convolution": (p, x) => {
    const y = conv2d(x, p([16, 3, 3, 3]));
    return add(relu(y), square(y));
  },
  "parities of blocks and of few channels": (p, x) => {
    const y = joinParities(conv2d(x, p([64, 3, 2, 2]), { padding: [1, 1] }));
    return joinParities(conv2d(y, p([4, 16, 2, 2]), { padding: [1, 1] }));
  },
  "an image so large that its weight gradient is its own": (p, x) =>
    conv2d(relu(conv2d(upsample2x(upsample2x(upsample2x(x))), p([16, 3, 3, 3]))), p([16, 16, 3, 3])),
  "GELU of blocks and of few channels": (p, x) =>
    gelu(conv2d(gelu(conv2d(gelu(x), p([16, 3, 3, 3]))), p([2, 16, 3, 3]), { bias: p([2]) })),
  "unpadded and oblong kernels": (p, x) => conv2d(conv2d(x, p([16, 3, 3, 3]), { padding: [0, 0] }), p([16, 16, 1, 3])),
};

describe("the lowering for the CPU computes what the portable one does", () => {
  it.each(Object.keys(networks))("%s", async (name) => {
    expect(block, "this processor's kernels").toBeGreaterThan(0);
    const random = new Random(3);
    const graph = new Graph();
    const x = graph.input("x", [2, 3, 8, 12]);
    const parameters: Tensor[] = [];
    const output = networks[name]((shape) => {
      parameters.push(graph.input(`p${parameters.length}`, shape));
      return parameters.at(-1)!;
    }, x);
    const outputs: Record<string, Tensor> = { output };
    for (const [i, g] of gradients(sum(square(output)), [x, ...parameters]).entries()) outputs[`g${i}`] = g;
    const feeds = Object.fromEntries([...graph.inputs].map(([key, tensor]) => [key, normals(random, tensor.size)]));

    const portable = await evaluate(outputs, feeds);
    // A model that predicts only may be computed in other ways than one that learns.
    for (const wanted of [outputs, { output }]) {
      const session = await testRuntime.load(buildModel({ outputs: wanted, target: { channelBlock: block } }));
      const results = await session.run(
        Object.fromEntries(
          session.inputNames.map((key) => [key, { data: feeds[key], shape: graph.inputs.get(key)!.shape }]),
        ),
      );
      await session.dispose();
      for (const key of Object.keys(wanted)) {
        expect(maxDeviation(results[key].data as Float32Array, portable[key]), key).toBeLessThan(
          tolerances.otherSummationOrder,
        );
      }
    }
  });
});
