import { describe, expect, it } from "vitest";
import { planFft2 } from "../../src/numerics/fft.ts";
import { patternProbe } from "../../src/optics/patternProbe.ts";
import { makeProbe } from "../../src/optics/probes.ts";

const n = 64;

/** What a pattern of the bare beam shows, times a dose. */
function beam(defocus: number): { mean: Float64Array; field: Float32Array } {
  const { data } = makeProbe(n, { kind: "airy", pupilRadius: 14, defocus });
  const far = planFft2([n, n]).forward(data);
  return {
    mean: Float64Array.from({ length: n * n }, (_, i) => 1000 * (far[2 * i] ** 2 + far[2 * i + 1] ** 2)),
    field: data,
  };
}

describe("the probe of a mean pattern", () => {
  it.each([0, 40, -40])("is that of the lens, at a defocus of %d", (defocus) => {
    const { mean, field } = beam(defocus);
    const { shape, data } = patternProbe(mean, n, defocus);
    expect(shape).toEqual([1, n, n]);
    for (let i = 0; i < data.length; i++) expect(Math.abs(data[i] - field[i])).toBeLessThan(1e-5);
    const other = patternProbe(mean, n, -defocus - 10).data;
    expect(other.some((value, i) => Math.abs(value - field[i]) > 1e-2)).toBe(true);
  });

  it("fills what is masked from around it", () => {
    const { mean, field } = beam(0);
    const holed = mean.slice();
    const mask = new Float32Array(n * n).fill(1);
    for (const at of [32 * n + 30, 32 * n + 31, 33 * n + 30, 33 * n + 31]) {
      holed[at] = 1e6;
      mask[at] = 0;
    }
    const { data } = patternProbe(holed, n, 0, mask);
    // The pupil is even there.
    for (let i = 0; i < data.length; i++) expect(Math.abs(data[i] - field[i])).toBeLessThan(1e-3);
  });
});
