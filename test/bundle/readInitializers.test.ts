import { describe, expect, it } from "vitest";
import { buildModel } from "../../src/graph/onnx/model.ts";
import { readInitializers } from "../../src/graph/onnx/readInitializers.ts";
import { add, mul } from "../../src/graph/ops/elementwise.ts";
import { gather } from "../../src/graph/ops/indexing.ts";
import { Graph } from "../../src/graph/tensor.ts";

/** A ModelProto written out by hand from onnx.proto: field number * 8 + wire type, length, content. */
const rawTensor = [
  ...[0x08, 0x02], // dims = 2 (varint)
  ...[0x08, 0x01], // dims = 1
  ...[0x10, 0x01], // data_type = FLOAT
  ...[0x42, 0x01, 0x77], // name = "w"
  ...[0x4a, 0x08, 0x00, 0x00, 0x80, 0x3f, 0x00, 0x00, 0x20, 0xc0], // raw_data = 1, -2.5
];
const floatTensor = [
  ...[0x0a, 0x02, 0x01, 0x02], // dims = 1, 2 (packed)
  ...[0x10, 0x01],
  ...[0x22, 0x08, 0x00, 0x00, 0x00, 0x3f, 0x00, 0x00, 0x40, 0x40], // float_data = 0.5, 3 (packed)
  ...[0x42, 0x02, 0xc2, 0xb5], // name = "µ"
];
const model = (...tensors: number[][]): Uint8Array => {
  const graph = [
    ...[0x12, 0x01, 0x67], // name = "g", skipped
    ...tensors.flatMap((tensor) => [0x2a, tensor.length, ...tensor]), // initializer
  ];
  return Uint8Array.from([0x08, 0x09, 0x3a, graph.length, ...graph, 0x42, 0x04, 0x0a, 0x00, 0x10, 0x14]);
};

describe("initializers of an ONNX model", () => {
  it("are read from bytes written by hand, as raw data and as float data", () => {
    const found = readInitializers(model(rawTensor, floatTensor));
    expect([...found.values()]).toEqual([
      { name: "w", shape: [2, 1], dtype: "float32", data: Float32Array.of(1, -2.5) },
      { name: "µ", shape: [1, 2], dtype: "float32", data: Float32Array.of(0.5, 3) },
    ]);
  });

  it("come back from the program's own writer with names, shapes, dtypes and values", () => {
    const graph = new Graph();
    const x = graph.input("x", [3, 2]);
    const weight = graph.input("head.weight", [2]);
    const table = graph.constant(Float32Array.of(7, 8, 9), [3, 1]);
    const picked = gather(add(mul(x, weight), table), graph.int64([2, 0]), 0);
    const bytes = buildModel({ outputs: { y: picked }, bind: { "head.weight": Float32Array.of(0.25, -4) } });
    const found = readInitializers(bytes);
    expect(found.has("x")).toBe(false);
    expect(found.get("head.weight")).toEqual({
      name: "head.weight",
      shape: [2],
      dtype: "float32",
      data: Float32Array.of(0.25, -4),
    });
    const others = [...found.values()].filter(({ name }) => name !== "head.weight");
    expect(others.find(({ dtype }) => dtype === "float32")).toMatchObject({ shape: [3, 1], data: table.constant });
    expect(others.find(({ dtype }) => dtype === "int64")?.data).toEqual(BigInt64Array.of(2n, 0n));
  });

  it("are refused when cut short, doubled, of the wrong size or of a foreign dtype", () => {
    const whole = model(rawTensor, floatTensor);
    for (const length of [1, 5, 20, whole.length - 1])
      expect(() => readInitializers(whole.subarray(0, length))).toThrow(/not a readable ONNX model/);
    expect(() => readInitializers(model(rawTensor, rawTensor))).toThrow(/two initializers are named "w"/);
    const short = rawTensor.with(1, 3);
    expect(() => readInitializers(model(short))).toThrow(/shape \[3, 1\] holds 8 bytes/);
    expect(() => readInitializers(model(rawTensor.with(5, 11)))).toThrow(/data type 11/);
    expect(() => readInitializers(new Uint8Array(0))).toThrow(/0 graphs/);
    expect(() => readInitializers(new TextEncoder().encode("PK no model at all"))).toThrow(/not a readable/);
  });
});
