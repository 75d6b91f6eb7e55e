import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { buildModel } from "../../src/graph/onnx/model.ts";
import { greater, mul } from "../../src/graph/ops/elementwise.ts";
import { gather } from "../../src/graph/ops/indexing.ts";
import { Graph } from "../../src/graph/tensor.ts";
import { OrtSession } from "../../src/runtime/ortSession.ts";
import type { HostTensor } from "../../src/runtime/runtime.ts";
import { testRuntime } from "../evaluate.ts";

/** picked = 3 x[indices]; above = x > 1. */
function model(): Uint8Array {
  const graph = new Graph();
  const x = graph.input("x", [4]);
  const picked = mul(gather(x, graph.input("indices", [3], "int64")), 3);
  return buildModel({ outputs: { picked, above: greater(x, 1) } });
}

const feeds: Readonly<Record<string, HostTensor>> = {
  x: { data: Float32Array.of(0, 1, 2, 4), shape: [4] },
  indices: { data: BigInt64Array.of(3n, 0n, 2n), shape: [3] },
};

describe("a session", () => {
  it("takes and returns float32, int64 and booleans", async () => {
    const session = await testRuntime.load(model());
    expect([...session.inputNames].sort()).toEqual(["indices", "x"]);
    const { picked, above } = await session.run(feeds);
    expect(picked).toEqual({ data: Float32Array.of(12, 0, 6), shape: [3] });
    expect(Array.from(above!.data, Number)).toEqual([0, 0, 1, 1]);
    await session.dispose();
  });

  it("returns only what is fetched, and names an input that is not fed", async () => {
    const session = await testRuntime.load(model());
    expect(Object.keys(await session.run(feeds, ["above"]))).toEqual(["above"]);
    await expect(session.run({ x: feeds["x"]! })).rejects.toThrow('graph input "indices" is not fed');
    await session.dispose();
  });

  it.each([true, false])("writes into memory that it is given (by itself: %s)", async (writesInto) => {
    const inner = await InferenceSession.create(model(), { executionProviders: ["cpu"] });
    const session = new OrtSession(inner, { Tensor: OrtTensor, writesInto });
    const memory = new Float32Array(5);
    const { picked } = await session.run(feeds, ["picked"], { picked: { data: memory.subarray(1, 4), shape: [3] } });
    expect([...memory]).toEqual([0, 12, 0, 6, 0]);
    expect([...picked!.data]).toEqual([12, 0, 6]);
    await session.dispose();
  });

  it("refuses memory that does not fit where it copies", async () => {
    const inner = await InferenceSession.create(model(), { executionProviders: ["cpu"] });
    const session = new OrtSession(inner, { Tensor: OrtTensor, writesInto: false });
    const small = { picked: { data: new Float32Array(2), shape: [2] } };
    await expect(session.run(feeds, ["picked"], small)).rejects.toThrow(/memory for graph output "picked"/);
    await session.dispose();
  });

  it("refuses a damaged model", async () => {
    await expect(testRuntime.load(Uint8Array.of(1, 2, 3))).rejects.toThrow(/refuses the graph on provider cpu/);
  });
});
