import { expect, it } from "vitest";
import type { ComplexArray } from "../../src/arrays.ts";
import { joinComplex } from "../../src/arrays.ts";
import { planCanvas } from "../../src/inference/canvas.ts";
import { probeWeights, uniformWeights } from "../../src/inference/patchWeights.ts";
import { createStitcher, type Stitched, scaleParts } from "../../src/inference/stitch.ts";
import { describeFixtures, type FixtureArrays } from "../fixtures.ts";
import { tolerances } from "../tolerances.ts";
import { mergeCropped } from "./reference/mergeCropped.ts";

describeFixtures("stitch", ({ arrays }) => {
  const patches = stackOf(arrays, "patches");
  const positions = swapXy(arrays.get("coords_global").data);
  const trim = arrays.scalar("middle_trim");
  const canvas = planCanvas(positions, trim, { centre: "mean" });
  const probe = joinedComplex(arrays, "probe_modes");

  /** In batches, as the reference accumulated. */
  function stitch(weights: Float64Array, on = canvas): Stitched {
    const stitcher = createStitcher({ canvas: on, trim, weights });
    const count = patches.shape[0];
    for (let start = 0; start < count; start += 7) {
      const stop = Math.min(count, start + 7);
      stitcher.add(slice(patches, start, stop), positions.slice(2 * start, 2 * stop));
    }
    return stitcher.finish();
  }
  const results = { probe: stitch(probeWeights(probe, trim)), uniform: stitch(uniformWeights(trim)) };

  it("plans the same canvas", () => {
    expect([canvas.height, canvas.width]).toEqual(Array.from(arrays.get("canvas_shape").data));
    const offset = arrays.get("canvas_origin_offset").data;
    expect(Math.abs(-canvas.origin.x - offset[0])).toBeLessThan(tolerances.stitchedPosition);
    expect(Math.abs(-canvas.origin.y - offset[1])).toBeLessThan(tolerances.stitchedPosition);
    const expected = arrays.get("canvas_positions").data;
    for (let k = 0; k < expected.length / 2; k++) {
      expect(Math.abs(positions[2 * k] - canvas.origin.y - expected[2 * k + 1])).toBeLessThan(
        tolerances.stitchedPosition,
      );
      expect(Math.abs(positions[2 * k + 1] - canvas.origin.x - expected[2 * k])).toBeLessThan(
        tolerances.stitchedPosition,
      );
    }
  });

  for (const name of ["probe", "uniform"] as const) {
    it(`averages with ${name} weights`, () => {
      const weight = arrays.get(`weight_${name}`).data;
      expectClose(results[name].weight, weight, weight, 1);
      expectClose(results[name].object.data, joinedComplex(arrays, `canvas_${name}`).data, weight, 2);
    });
    it(`applies the two global scales to the canvas with ${name} weights`, () => {
      const [s1, s2] = arrays.get(`s1s2_${name}`).data as Float64Array;
      const scaled = scaleParts(results[name].object, s1, s2);
      expectClose(
        scaled.data,
        joinedComplex(arrays, `canvas_${name}_scaled`).data,
        arrays.get(`weight_${name}`).data,
        2,
      );
    });
  }

  it("finds which patches would touch the rim of a canvas without margin", () => {
    const tight = {
      height: canvas.height - trim,
      width: canvas.width - trim,
      origin: { y: canvas.origin.y + trim / 2, x: canvas.origin.x + trim / 2 },
    };
    const { patches: placed, atRim } = stitch(uniformWeights(trim), tight);
    expect([placed - atRim, placed]).toEqual(Array.from(arrays.get("tight_accepted").data));
    expect(results.uniform.atRim).toBe(0);
  });

  it.skipIf(!arrays.has("cli_crop_size"))("merges equal-weight crops on a square canvas, un-mirrored", () => {
    const merged = mergeCropped(patches, positions, arrays.scalar("cli_crop_size"));
    expect(merged.object.shape).toEqual(arrays.get("cli_uniform_unmirrored_re").shape.slice(-2));
    expectClose(merged.object.data, joinedComplex(arrays, "cli_uniform_unmirrored").data, merged.weight, 2);
  });
});

describeFixtures("reassembly", ({ arrays }) => {
  it.skipIf(!arrays.has("merged_crop_re"))("merges the crops of one group", () => {
    const channels = arrays.get("patches_re").shape[1];
    const patches = slice(stackOf(arrays, "patches"), 0, channels);
    const positions = swapXy(arrays.get("coords_global").data.slice(0, 2 * channels));
    const merged = mergeCropped(patches, positions, arrays.scalar("crop_size"));
    expect(merged.object.shape[0]).toBe(arrays.scalar("crop_padded_size"));
    expectClose(merged.object.data, joinedComplex(arrays, "merged_crop").data, merged.weight, 2);
  });
});

/** Compares where the weight is above 1e-4 of its maximum; below, the reference's rounding decides. */
function expectClose(
  got: ArrayLike<number>,
  expected: ArrayLike<number>,
  weight: ArrayLike<number>,
  valuesPerPixel: number,
): void {
  expect(got.length).toBe(expected.length);
  const heaviest = Array.from(weight).reduce((a, b) => Math.max(a, b), 0);
  let largest = 0;
  let worst = 0;
  let compared = 0;
  for (let i = 0; i < got.length; i++) {
    if (weight[Math.floor(i / valuesPerPixel)] <= 1e-4 * heaviest) continue;
    compared++;
    largest = Math.max(largest, Math.abs(expected[i]));
    worst = Math.max(worst, Math.abs(got[i] - expected[i]));
  }
  expect(compared).toBeGreaterThan(got.length / 10);
  expect(worst).toBeLessThanOrEqual(tolerances.stitchedObject * largest);
}

function joinedComplex(arrays: FixtureArrays, name: string): ComplexArray {
  const { shape, re, im } = arrays.complex(name);
  return joinComplex(shape, re, im);
}

/** `[group, channel, y, x]` as `[patch, y, x]`. */
function stackOf(arrays: FixtureArrays, name: string): ComplexArray {
  const { shape, data } = joinedComplex(arrays, name);
  return { shape: [shape[0] * shape[1], shape[2], shape[3]], data };
}

function slice(patches: ComplexArray, start: number, stop: number): ComplexArray {
  const [, height, width] = patches.shape as [number, number, number];
  const size = 2 * height * width;
  return { shape: [stop - start, height, width], data: patches.data.slice(start * size, stop * size) };
}

/** The fixtures hold (x, y); the project holds (y, x). */
function swapXy(coordinates: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: coordinates.length }, (_, i) => coordinates[i ^ 1]);
}
