import { expect, test } from "vitest";
import { memoryPatterns } from "../../src/data/memoryPatterns.ts";

test("reads frames in the order asked for, integers widened", () => {
  const data = new Uint16Array(3 * 2 * 2).map((_, i) => 65000 + i);
  const patterns = memoryPatterns(data, [3, 2, 2]);
  const out = new Float32Array(8);
  patterns.read([2, 0], out);
  expect(Array.from(out)).toEqual([65008, 65009, 65010, 65011, 65000, 65001, 65002, 65003]);
});

test("refuses arrays, outputs and frames that do not fit", () => {
  expect(() => memoryPatterns(new Float32Array(7), [2, 2, 2])).toThrow(/do not fill/);
  const patterns = memoryPatterns(new Float32Array(8), [2, 2, 2]);
  expect(() => patterns.read([0], new Float32Array(3))).toThrow(/wrong length/);
  expect(() => patterns.read([2], new Float32Array(4))).toThrow(/no such frame/);
  expect(() => patterns.read([-1], new Float32Array(4))).toThrow(/no such frame/);
});
