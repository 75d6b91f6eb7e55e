import { expect, it } from "vitest";
import { add, exp, mul } from "../../src/graph/ops/elementwise.ts";
import { sum } from "../../src/graph/ops/reduce.ts";
import { peakBytes } from "../../src/graph/peakBytes.ts";
import { Graph } from "../../src/graph/tensor.ts";

it("counts inputs throughout and values from their node to their last reader", () => {
  const graph = new Graph();
  const x = graph.input("x", [10]);
  // 40 bytes of x; a chain holds two links at a time, however long it is.
  let y = exp(x);
  for (let i = 0; i < 5; i++) y = exp(y);
  expect(peakBytes([sum(y)])).toBe(3 * 40 + 8); // and the axis of the sum
  expect(peakBytes([y])).toBe(3 * 40);
});

it("keeps what is read later, and results to the end", () => {
  const graph = new Graph();
  const x = graph.input("x", [10]);
  const early = exp(x);
  let y = exp(early);
  for (let i = 0; i < 5; i++) y = exp(y);
  // x, `early`, and two links of the chain; the product comes when only one link is left.
  expect(peakBytes([mul(early, y)])).toBe(4 * 40);
  // As a result `early` is held beside the product too.
  expect(peakBytes([early, mul(early, y)])).toBe(4 * 40);
  expect(peakBytes([early, y, add(early, y), mul(early, y)])).toBe(5 * 40);
});

it("counts constants once and dtypes by their size", () => {
  const graph = new Graph();
  const c = graph.constant(Float32Array.of(1, 2, 3), [3]);
  const n = graph.constant(BigInt64Array.of(1n, 2n), [2]);
  expect(peakBytes([mul(c, c), add(c, c)])).toBe(12 + 12 + 12);
  expect(peakBytes([n])).toBe(16);
});
