import { type InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
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
    expect(Array.from(above.data, Number)).toEqual([0, 0, 1, 1]);
    await session.dispose();
  });

  it("returns only what is fetched, and names an input that is not fed", async () => {
    const session = await testRuntime.load(model());
    expect(Object.keys(await session.run(feeds, ["above"]))).toEqual(["above"]);
    await expect(session.run({ x: feeds["x"] })).rejects.toThrow('graph input "indices" is not fed');
    await session.dispose();
  });

  it.each([true, false])("writes into memory that it is given (for all outputs: %s)", async (bringsMemory) => {
    const session = await testRuntime.load(model(), { bringsMemory });
    expect(session.outputNames).toEqual(["picked", "above"]);
    const memory = new Float32Array(5);
    const { picked } = await session.run(feeds, ["picked"], { picked: { data: memory.subarray(1, 4), shape: [3] } });
    expect([...memory]).toEqual([0, 12, 0, 6, 0]);
    expect([...picked.data]).toEqual([12, 0, 6]);
    await session.dispose();
  });

  it("refuses memory that does not fit, or that is not there", async () => {
    const small = { picked: { data: new Float32Array(2), shape: [2] } };
    const copying = await testRuntime.load(model());
    await expect(copying.run(feeds, ["picked"], small)).rejects.toThrow(/memory for graph output "picked"/);
    await copying.dispose();
    const writing = await testRuntime.load(model(), { bringsMemory: true });
    await expect(writing.run(feeds, ["picked"], small)).rejects.toThrow(/[Ii]nvalid dimensions for output/);
    await expect(writing.run(feeds)).rejects.toThrow('graph output "picked" has no memory to go to');
    await writing.dispose();
  });

  it("that returns nothing allocates nothing that grows with its outputs", async () => {
    const graph = new Graph();
    const x = graph.input("x", [2 ** 20]);
    const bytes = buildModel({ outputs: { y: mul(x, 2) } });
    const tensor = (): HostTensor => ({ data: new Float32Array(2 ** 20), shape: [2 ** 20] });
    const [from, to] = [tensor(), tensor()];
    const grown = async (bringsMemory: boolean): Promise<number> => {
      const session = await testRuntime.load(bytes, { bringsMemory });
      const before = process.memoryUsage().arrayBuffers;
      for (let i = 0; i < 4; i++) await session.run({ x: from }, ["y"], { y: to });
      const after = process.memoryUsage().arrayBuffers;
      await session.dispose();
      return after - before;
    };
    expect(await grown(false)).toBeGreaterThan(4 * 2 ** 20);
    expect(await grown(true)).toBeLessThan(2 ** 20);
  });

  it("does not take an error of a run that computed nothing for the end of one that did", async () => {
    const stop = { output: "stop", is: () => true };
    const run = async (): Promise<never> => {
      throw new Error("refused");
    };
    const inner = { inputNames: [], outputNames: ["stop", "y"], run } as unknown as InferenceSession;
    const session = new OrtSession(inner, { Tensor: OrtTensor, stop });
    await expect(session.run({}, ["y"], { y: { data: new Float32Array(3), shape: [3] } })).rejects.toThrow("refused");
  });

  it("refuses a damaged model", async () => {
    await expect(testRuntime.load(Uint8Array.of(1, 2, 3))).rejects.toThrow(/refuses the graph on provider cpu/);
  });
});
