import { describe, expect, test } from "vitest";
import { bitThreshold, frc } from "../../src/metrics/frc.ts";
import { applyGauge } from "../../src/metrics/gauge.ts";
import type { ComplexImage } from "../../src/metrics/image.ts";
import { tukey } from "../../src/metrics/taper.ts";
import { frequencies, planFft2 } from "../../src/numerics/fft.ts";
import { makeObject } from "../../src/optics/objects.ts";
import { Random } from "../../src/random.ts";

const n = 128;

/** White noise with frequencies up to `cutoff` (cycles per pixel) from one seed and those beyond from another. */
function bandNoise(cutoff: number, inner: number, outer: number): ComplexImage {
  const [a, b] = [new Random(inner), new Random(outer)];
  const f = frequencies(n);
  const spectrum = new Float64Array(2 * n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const values = [a.normal(), a.normal(), b.normal(), b.normal()];
      const from = Math.hypot(f[i], f[j]) <= cutoff ? 0 : 2;
      spectrum[2 * (i * n + j)] = values[from];
      spectrum[2 * (i * n + j) + 1] = values[from + 1];
    }
  }
  return { shape: [n, n], data: planFft2([n, n]).inverse(spectrum) };
}

/** A weak phase object, whose mean is far above its structure. */
function lines(): ComplexImage {
  const object = makeObject({ kind: "lines" }, [n, n], new Random(7));
  return { shape: [n, n], data: Float64Array.from(object.data) };
}

describe("ring correlation", () => {
  test("is one for equal images and resolves Nyquist", () => {
    const image = bandNoise(1, 1, 2);
    const { curve, halfBit, oneBit } = frc(image, image);
    expect(curve.correlation).toHaveLength(n / 2 + 1);
    for (const value of curve.correlation) expect(value).toBeCloseTo(1, 12);
    expect(curve.frequency.at(-1)).toBe(0.5);
    expect([halfBit, oneBit]).toEqual([2, 2]);
  });

  test("finds the frequency up to which two images agree", () => {
    const cutoff = 0.25;
    const { halfBit, oneBit } = frc(bandNoise(cutoff, 1, 2), bandNoise(cutoff, 1, 3), { taper: 0 });
    expect(Math.abs(1 / (halfBit ?? 0) - cutoff)).toBeLessThan(1.5 / n);
    expect(Math.abs(1 / (oneBit ?? 0) - cutoff)).toBeLessThan(1.5 / n);
  });

  test("is not decided by the lowest rings, where objects like a Siemens star have hardly any power", () => {
    // Alike in a band, and not below it: as if rings 1 to 3 held nothing but noise.
    const cutoff = 0.25;
    const without = (image: ComplexImage, seed: number): ComplexImage => {
      const f = frequencies(n);
      const fft = planFft2([n, n]);
      const spectrum = fft.forward(image.data);
      const random = new Random(seed);
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++)
          if (Math.hypot(f[i], f[j]) * n < 3.5) spectrum.set([random.normal(), random.normal()], 2 * (i * n + j));
      return { shape: [n, n], data: fft.inverse(spectrum) };
    };
    const pair = [without(bandNoise(cutoff, 1, 2), 5), without(bandNoise(cutoff, 1, 3), 6)] as const;
    const { halfBit, curve } = frc(...pair, { taper: 0 });
    expect(Math.min(...curve.correlation.slice(1, 4))).toBeLessThan(0.3);
    expect(Math.abs(1 / (halfBit ?? 0) - cutoff)).toBeLessThan(1.5 / n);
  });

  test("that is below the threshold from the start is no resolution, and the images are not called flat", () => {
    expect(frc(bandNoise(1, 1, 2), bandNoise(1, 3, 4), { taper: 0 })).toMatchObject({
      ...{ halfBit: null, oneBit: null, flat: false },
    });
  });

  test("of unrelated images is as small as chance: 1/√pixels of the ring", () => {
    const { curve } = frc(bandNoise(1, 1, 2), bandNoise(1, 3, 4), { taper: 0 });
    for (let r = 10; r <= n / 2; r++)
      expect(Math.abs(curve.correlation[r])).toBeLessThan(4 / Math.sqrt(2 * Math.PI * r));
  });

  test("can take a phase ramp out first", () => {
    const image = bandNoise(1, 1, 2);
    const tilted = applyGauge(image, { scale: 3, phase: 1, ramp: [0.21, -0.13], conjugated: false });
    expect(frc(tilted, image).halfBit).toBeNull();
    expect(frc(tilted, image, { removeGauge: true }).halfBit).toBe(2);
  });

  test("of flat images is zero, not undefined", () => {
    const zero = { shape: [n, n], data: new Float64Array(2 * n * n) } as const;
    expect(frc(zero, zero).curve.correlation.every((value) => value === 0)).toBe(true);
  });

  test("of an image without structure is no resolution", () => {
    const image = lines();
    for (const level of [0, 1, 0.37]) {
      // As a file keeps it, and as the gauge leaves it.
      const flat = { shape: [n, n] as const, data: new Float64Array(2 * n * n).fill(Math.fround(level)) };
      const tilted = applyGauge(flat, { scale: 1.7, phase: 0.3, ramp: [0.1, -0.07], conjugated: false });
      for (const [a, b] of [
        [flat, image],
        [image, flat],
        [tilted, image],
        [flat, flat],
      ]) {
        expect(frc(a, b)).toMatchObject({ halfBit: null, oneBit: null, flat: true });
      }
    }
  });

  test("is not made by the fading of nearly flat images", () => {
    const random = new Random(3);
    const image = lines();
    const nearlyFlat = {
      shape: [n, n] as const,
      data: image.data.map((_, i) => (i % 2 === 0 ? 1 : 0) + 1e-4 * random.normal()),
    };
    const { curve, halfBit } = frc(nearlyFlat, image);
    // What unrelated noise correlates by chance: 1/√pixels of the ring, of which fading leaves about half.
    for (let r = 5; r <= n / 2; r++)
      expect(Math.abs(curve.correlation[r])).toBeLessThan(4 * Math.sqrt(2 / (2 * Math.PI * r)));
    expect(halfBit).toBeNull();
  });
});

test("thresholds are the numbers of van Heel & Schatz", () => {
  for (const pixels of [8, 50, 400]) {
    const root = Math.sqrt(pixels);
    expect(bitThreshold(0.5, pixels)).toBeCloseTo((0.2071 + 1.9102 / root) / (1.2071 + 0.9102 / root), 4);
    expect(bitThreshold(1, pixels)).toBeCloseTo((0.5 + 2.4142 / root) / (1.5 + Math.SQRT2 / root), 4);
  }
  expect(bitThreshold(0.5, 1)).toBeCloseTo(1, 12);
});

test("a Tukey window rises as a raised cosine and is a Hann window at full width", () => {
  const window = tukey(16, 4);
  expect(window[0]).toBe(0);
  expect(window[2]).toBeCloseTo(0.5 * (1 - Math.cos((Math.PI * 2) / 3.75)), 12);
  expect(Array.from(window.slice(4, 12))).toEqual(new Array(8).fill(1));
  const hann = tukey(16, 8);
  hann.forEach((value, i) => {
    expect(value).toBeCloseTo(Math.sin((Math.PI * i) / 15) ** 2, 12);
  });
});

describe("split data", () => {
  /** White noise whose power falls as exp(−f / f₀) from one seed, with white noise of power `floor` from another. */
  function half(f0: number, floor: number, seed: number): ComplexImage {
    const [signal, noise] = [new Random(1), new Random(seed)];
    const f = frequencies(side);
    const spectrum = new Float64Array(2 * side * side);
    for (let k = 0; k < spectrum.length; k++) {
      const radius = Math.hypot(f[Math.floor(k / 2 / side)], f[(k >> 1) % side]);
      spectrum[k] = Math.exp(-radius / f0 / 2) * signal.normal() + Math.sqrt(floor) * noise.normal();
    }
    return { shape: [side, side], data: planFft2([side, side]).inverse(spectrum) };
  }
  const side = 256;

  test("correlates as S / (S + N), and the half-bit threshold stands where a half's S / N is (√2 − 1)/2", () => {
    const [f0, floor] = [0.1, 0.2];
    const { curve, halfBit } = frc(half(f0, floor, 2), half(f0, floor, 3), { taper: 0 });
    for (let r = 8; r <= side / 2; r += 8) {
      const signal = Math.exp(-r / side / f0);
      const expected = signal / (signal + floor);
      // Five standard deviations of the correlation of n independent pairs.
      expect(Math.abs(curve.correlation[r] - expected)).toBeLessThan((5 * (1 - expected ** 2)) / Math.sqrt(6 * r));
    }
    const snr = (Math.SQRT2 - 1) / 2;
    const frequency = -f0 * Math.log(snr * floor);
    // The threshold of a finite ring is higher, by about 2 S^½ + 1 over the root of its pixels: an earlier crossing.
    expect(1 / (halfBit ?? 0)).toBeLessThan(frequency);
    expect(1 / (halfBit ?? Number.POSITIVE_INFINITY)).toBeGreaterThan(0.8 * frequency);
  });
});
