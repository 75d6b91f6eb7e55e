import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { logLimits } from "../../src/pictures/axisScale.ts";
import { colormap } from "../../src/pictures/colormap.ts";
import { complexColourOf } from "../../src/pictures/panelImage.ts";
import { valuesAtRanks } from "../../src/pictures/ranks.ts";

describe("values at ranks", () => {
  it("are those of the sorted values that are finite and not masked", () => {
    const floats = fc.float32Array({ maxLength: 200 });
    const valid = fc.uint8Array({ minLength: 200, maxLength: 200, max: 1 });
    fc.assert(
      fc.property(floats, valid, (values, mask) => {
        const sorted = values.filter((value, i) => Number.isFinite(value) && mask[i] === 1).sort();
        const ranks = [0, Math.floor(sorted.length / 3), sorted.length - 1];
        expect(valuesAtRanks(values, mask, () => ranks)).toEqual(
          sorted.length === 0 ? undefined : ranks.map((rank) => sorted[rank]),
        );
      }),
    );
  });

  it("are found in a part of a larger array", () => {
    const all = Float32Array.of(9, -1, -3, 2, 8);
    expect(valuesAtRanks(all.subarray(1, 4), undefined, (count) => [0, count - 1])).toEqual([-3, 2]);
  });
});

describe("colours", () => {
  it("of complex values have the hue of the phase and the brightness of the amplitude", () => {
    const hues = colormap("cyclic");
    expect(complexColourOf(hues, 0.3, 0, [0, 2])).toEqual([0, 0, 0]);
    expect(complexColourOf(hues, -Math.PI, 5, [0, 2])).toEqual([...hues.subarray(0, 3)]);
    expect(complexColourOf(hues, Math.PI, 1, [0, 2])).toEqual(
      Array.from(hues.subarray(0, 3), (v) => Math.round(v / 2)),
    );
  });

  it("of counts on a logarithmic scale begin at a count, a millionth or a tenth of the brightest", () => {
    expect(logLimits(1e4)).toEqual([1, 1e4]);
    expect(logLimits(1e8)).toEqual([100, 1e8]);
    expect(logLimits(0.5)).toEqual([0.05, 0.5]);
    expect(logLimits(0)[1]).toBeGreaterThan(logLimits(0)[0]);
  });
});
