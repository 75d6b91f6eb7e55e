import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { NpyArray } from "../../src/formats/npy.ts";
import { writeNpz } from "../../src/formats/npz.ts";
import { nodeHome } from "../../src/node/home.ts";
import { readScan, scanFiles } from "../../src/runs/inputs/scans.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-pair-"));
afterAll(() => rmSync(folder, { recursive: true }));

const numbers = (shape: readonly number[], data: ArrayLike<number>): NpyArray => ({
  shape,
  dtype: "float64",
  data: Float64Array.from(data),
});
const ones = (...shape: number[]): NpyArray => ({
  shape,
  dtype: "complex64",
  data: new Float32Array(2 * shape.reduce((product, extent) => product * extent, 1)).fill(1),
});

function write(name: string, arrays: Record<string, NpyArray>): string {
  mkdirSync(join(folder, "in"), { recursive: true });
  const path = join(folder, "in", name);
  writeFileSync(path, writeNpz(arrays));
  return path;
}

const parameters: Record<string, NpyArray> = {
  probe_position_x_m: numbers([3], [0, 1e-8, 2e-8]),
  probe_position_y_m: numbers([3], [0, 0, 3e-8]),
  probe: ones(1, 16, 16),
  probe_pixel_width_m: numbers([], [1e-8]),
  object: ones(1, 32, 32),
  object_pixel_width_m: numbers([], [1e-8]),
};
const patterns = write("a_patterns.npz", {
  patterns: numbers(
    [3, 16, 16],
    Array.from({ length: 768 }, (_, i) => i % 5),
  ),
  indexes: numbers([3], [0, 1, 2]),
});
const product = write("a_product.npz", parameters);

describe("a pair of files is a scan", () => {
  it.each([
    ["its patterns", patterns, product],
    ["its parameters", product, patterns],
  ])("given %s alone, the other is found beside it", async (_, given, other) => {
    const { patterns, positions, object, provenance } = await readScan(given, {}, nodeHome);
    expect([patterns.count, patterns.height]).toEqual([3, 16]);
    for (const [i, value] of [16, 16, 16, 17, 19, 18].entries()) expect(positions[i]).toBeCloseTo(value, 9);
    expect(object?.shape).toEqual([32, 32]);
    expect(provenance.conversions[0]).toBe(`read together with ${other}`);
  });

  it("a folder with both has one scan", async () => {
    expect(await scanFiles(join(folder, "in"), nodeHome.store)).toEqual([patterns]);
  });

  it("alone, it says what is missing", async () => {
    const alone = write("b_product.npz", parameters);
    await expect(readScan(alone, {}, nodeHome)).rejects.toThrow(/no patterns[\s\S]*patterns=FILE::ARRAY/);
    rmSync(alone);
  });
});
