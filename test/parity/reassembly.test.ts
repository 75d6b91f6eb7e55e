import { describe, expect, it } from "vitest";
import { each } from "../../src/graph/complex.ts";
import { Graph } from "../../src/graph/tensor.ts";
import { extractGroup, mergeGroup, type PatchWeighting } from "../../src/physics/group.ts";
import { farField } from "../../src/physics/propagation/farField.ts";
import { translate } from "../../src/physics/translate.ts";
import { evaluate } from "../evaluate.ts";
import { complexNames, describeFixtures, type FixtureArrays, itWith } from "../fixtures.ts";
import { complexInput, fixtureProbe } from "../physics/inputs.ts";
import { tolerances } from "../tolerances.ts";
import { canvasSide } from "./reference/canvasSide.ts";
import { predictAmplitude } from "./reference/predictAmplitude.ts";

/** Relative coordinates (x, y) = −(r − r̄) of the reference as our (y, x) offsets r − r̄. */
function offsetsOf(arrays: FixtureArrays, name: string): Float32Array {
  const { data } = arrays.get(name);
  return Float32Array.from(data, (_, i) => -data[i % 2 === 0 ? i + 1 : i - 1]);
}

/** Stands for "do not compare". */
const UNSEEN = 1e6;
const everywhere: ArrayLike<number> = [tolerances.parityMerge];

/**
 * Deviation to allow at each canvas pixel, relative to the largest value. Where the count is under a fraction of its
 * maximum thresholds act on rounding errors: not compared. The reference's bilinear weights carry the rounding δ of a
 * canvas coordinate, which the damped quotient count / (count + ε) magnifies at the fringe to δ ε / (count (count + ε)).
 */
function allowedByCount(count: ArrayLike<number>, side: number, damping: number): Float32Array {
  const least = tolerances.parityMergeCount * Math.max(...Array.from(count));
  const weightRounding = side * tolerances.parityMergeCoordinate;
  return Float32Array.from(count, (c) =>
    c > least ? tolerances.parityMerge + (weightRounding * damping) / (c * (c + damping)) : UNSEEN,
  );
}

/** @param allowed repeats over the values when shorter */
function expectWithin(actual: Float32Array, expected: ArrayLike<number>, allowed: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  let scale = 0;
  for (let i = 0; i < actual.length; i++) {
    if (allowed[i % allowed.length] < UNSEEN / 2) scale = Math.max(scale, Math.abs(expected[i]));
  }
  let [compared, worst] = [0, 0];
  for (let i = 0; i < actual.length; i++) {
    if (allowed[i % allowed.length] < 10 * tolerances.parityMerge) compared++;
    const difference = Math.abs(actual[i] - expected[i]);
    // Two exact zeros are equal, where all there is is zero.
    if (difference !== 0) worst = Math.max(worst, difference / (scale * allowed[i % allowed.length]));
  }
  expect(compared).toBeGreaterThan(actual.length / 8);
  expect(worst).toBeLessThan(1);
}

describeFixtures("reassembly", ({ entry, arrays }) => {
  const { shape, re, im } = arrays.complex("patches");
  const [batch, channels, n] = shape as [number, number, number, number];
  const side = canvasSide(n, entry["gridsize"] as number, entry["maxNeighborDistance"] as number);
  const graph = new Graph();
  const patches = complexInput(graph, "patches", shape);
  const offsets = graph.input("offsets", [batch, channels, 2]);
  const tolerance = graph.input("allowed", [batch, side, side]);
  const probe = fixtureProbe(graph, entry, arrays, "probe_modes");
  const feeds = { patches_re: re, patches_im: im, offsets: offsetsOf(arrays, "coords_relative") };

  it("computes the canvas's side", () => {
    expect(side).toBe(arrays.scalar("padded_size"));
    const table = arrays.get("size_table").data;
    for (let row = 0; row < table.length; row += 4) {
      expect(canvasSide(table[row], table[row + 1], table[row + 2])).toBe(table[row + 3]);
    }
  });

  it("has relative coordinates of the sign that the file's global ones give", () => {
    const positions = arrays.get("coords_global").data;
    const centres = arrays.get("coords_com").data;
    const expected = Float32Array.from(positions, (_, i) => {
      const swapped = i % 2 === 0 ? i + 1 : i - 1;
      const group = Math.floor(i / (2 * channels));
      return positions[swapped] - centres[2 * group + (swapped % 2)];
    });
    expectWithin(feeds.offsets, expected, everywhere);
  });

  it("shifts patches onto the canvas", async () => {
    const placed = each(patches, (part) => translate(part, offsets, [side, side]));
    const values = await evaluate({ re: placed.re, im: placed.im }, feeds);
    expectWithin(values.re, arrays.get("translated_re").data, everywhere);
    expectWithin(values.im, arrays.get("translated_im").data, everywhere);
  });

  describe.each<PatchWeighting>(["central_mask", "probe", "uniform"])("weighting %s", (weighting) => {
    const merged = mergeGroup(patches, offsets, { side, weighting, probe });
    const extracted = extractGroup(merged.canvas, offsets, n);
    const count = arrays.get(weighting === "probe" ? "count_probe" : "count_central").data as Float32Array;

    const damping = weighting === "central_mask" ? 0.001 : 0;
    const allowed = allowedByCount(count, side, damping);

    it("merges", async () => {
      const values = await evaluate({ re: merged.canvas.re, im: merged.canvas.im, count: merged.count }, feeds);
      expectWithin(values.count, count, everywhere);
      expectWithin(values.re, arrays.get(`merged_${weighting}_re`).data, allowed);
      expectWithin(values.im, arrays.get(`merged_${weighting}_im`).data, allowed);
      const supported = values.re.map((value, i) => (value === 0 && values.im[i] === 0 ? 0 : 1));
      expectWithin(supported, arrays.get(`support_${weighting}`).data, allowed);
    });

    it("extracts, and predicts amplitudes", async () => {
      // What a window's pixel may deviate by is interpolated from the canvas as the pixel itself is.
      const windows = extractGroup({ re: tolerance, im: tolerance }, offsets, n).re;
      const { ofWindows } = await evaluate({ ofWindows: windows }, { allowed, offsets: feeds.offsets });
      const amplitude = predictAmplitude(extracted, probe, { propagator: farField, probeScale: 4, outputScale: 1 });
      const values = await evaluate({ re: extracted.re, im: extracted.im, amplitude }, feeds);
      expectWithin(values.re, arrays.get(`extracted_${weighting}_re`).data, ofWindows);
      expectWithin(values.im, arrays.get(`extracted_${weighting}_im`).data, ofWindows);
      expectWithin(values.amplitude, arrays.get(`amplitude_${weighting}`).data, everywhere);
    });
  });

  itWith(arrays, ["shift_offsets"], "translates with zeros outside, far shifts included", async () => {
    const single = new Graph();
    const image = arrays.complex("shift_in");
    const shifts = arrays.get("shift_offsets");
    const d = single.input("d", shifts.shape);
    const input = complexInput(single, "image", [1, ...image.shape]);
    const moved = each(input, (part) => translate(part, d));
    const yx = Float32Array.from(shifts.data, (_, i) => shifts.data[i % 2 === 0 ? i + 1 : i - 1]);
    const values = await evaluate({ re: moved.re, im: moved.im }, { image_re: image.re, image_im: image.im, d: yx });
    expectWithin(values.re, arrays.get("shift_out_re").data, everywhere);
    expectWithin(values.im, arrays.get("shift_out_im").data, everywhere);
  });

  const known = ["geo_coords", "geo_relative", "geo_padded", "geo_count", ...complexNames("geo_object")];
  itWith(arrays, known, "places whole-pixel windows of a known object where they came from", async () => {
    const object = arrays.complex("geo_object");
    const coords = arrays.get("geo_coords").data;
    const [height, width] = object.shape as [number, number];
    const members = coords.length / 2;
    const canvas = arrays.scalar("geo_padded");
    const window = (part: Float32Array, top: number, left: number, size: number): number[] =>
      Array.from({ length: size * size }, (_, k) => part[(top + Math.floor(k / size)) * width + left + (k % size)]);
    const cut = (part: Float32Array): Float32Array =>
      Float32Array.from(
        Array.from({ length: members }, (_, k) =>
          window(part, coords[2 * k + 1] - n / 2, coords[2 * k] - n / 2, n),
        ).flat(),
      );
    const geometry = new Graph();
    const d = geometry.input("d", [1, members, 2]);
    const merged = mergeGroup(complexInput(geometry, "patches", [1, members, n, n]), d, {
      side: canvas,
      weighting: "central_mask",
    });
    const values = await evaluate(
      { re: merged.canvas.re, im: merged.canvas.im, count: merged.count },
      { d: offsetsOf(arrays, "geo_relative"), patches_re: cut(object.re), patches_im: cut(object.im) },
    );
    const mean = (axis: number): number =>
      Array.from({ length: members }, (_, k) => coords[2 * k + axis]).reduce((a, b) => a + b) / members;
    const [top, left] = [mean(1) - canvas / 2, mean(0) - canvas / 2];
    expect(Number.isInteger(top) && Number.isInteger(left) && top + canvas <= height).toBe(true);
    const damping = values.count.map((count) => count / (count + 0.001));
    const inside = values.count.map((value) => (value > 0.5 ? tolerances.parityMerge : UNSEEN));
    expectWithin(values.count, arrays.get("geo_count").data, everywhere);
    for (const [part, name] of [
      [object.re, "re"],
      [object.im, "im"],
    ] as const) {
      const truth = window(part, top, left, canvas).map((value, i) => value * damping[i]);
      expectWithin(values[name], truth, inside);
      expectWithin(values[name], arrays.get(`geo_merged_${name}`).data, inside);
    }
  });
});
