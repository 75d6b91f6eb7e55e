import { afterEach, describe, expect, test } from "vitest";
import type { Images, Kernels, Shape, Waves } from "../../../src/engines/kernels/kernels.ts";
import { Random } from "../../../src/random.ts";
import { homes } from "./homes.ts";

const random = new Random(5);
const normal = (length: number): Float64Array => Float64Array.from({ length }, () => random.normal());

describe.each(Object.entries(homes))("operations of %s", (_, open) => {
  let kernels: Kernels;
  afterEach(() => kernels.close());

  const randomWaves = (shape: Shape): Waves => {
    const waves = kernels.waves(shape);
    kernels.write(waves, normal(2 * shape.reduce((a, b) => a * b)));
    return waves;
  };
  const randomImages = (shape: Shape): Images => {
    const images = kernels.images(shape);
    kernels.write(images, normal(shape.reduce((a, b) => a * b)).map(Math.abs));
    return images;
  };
  const inner = async (a: Waves, b: Waves): Promise<[number, number]> => {
    const [p, q] = [await kernels.read(a), await kernels.read(b)];
    let [re, im] = [0, 0];
    for (let i = 0; i < p.length; i += 2) {
      re += p[i] * q[i] + p[i + 1] * q[i + 1];
      im += p[i] * q[i + 1] - p[i + 1] * q[i];
    }
    return [re, im];
  };
  /** |⟨a, b⟩ − ⟨c, d⟩| over √(terms), which is what rounding of so many terms of order one leaves. */
  const expectSameInner = async (a: [Waves, Waves], b: [Waves, Waves]): Promise<void> => {
    const [[p, q], [r, s]] = [await inner(...a), await inner(...b)];
    const terms = a[0].shape.reduce((x, y) => x * y);
    expect(Math.hypot(p - r, q - s)).toBeLessThan(64 * kernels.epsilon * terms);
  };

  test.each([undefined, Float64Array.of(0, 0, 0.25, 0.5, 0.99, 0.01)])("paste is the adjoint of cut %#", async (f) => {
    kernels = await open();
    const [object, patches] = [randomWaves([1, 2, 21, 23]), randomWaves([3, 2, 9, 10])];
    const [cut, canvas] = [kernels.waves([3, 2, 9, 10]), kernels.waves([1, 2, 21, 23])];
    const windows = kernels.windows(3);
    kernels.place(windows, { corners: Int32Array.of(0, 0, 3, 5, 11, 12), ...(f && { fractions: f }) });
    kernels.cut(cut, object, windows);
    for (const part of [0.25, 0.75]) kernels.paste(canvas, patches, windows, part);
    await expectSameInner([patches, cut], [canvas, object]);
  });

  test.each([
    [8, 8],
    [9, 12],
    [7, 11],
  ])("the inverse Fourier transform of [%i, %i] is the adjoint, and brings waves back", async (h, w) => {
    kernels = await open();
    const [a, b] = [randomWaves([2, 2, h, w]), randomWaves([2, 2, h, w])];
    const [fa, ib] = [kernels.waves([2, 2, h, w]), kernels.waves([2, 2, h, w])];
    kernels.fourier(fa, a, "forward");
    kernels.fourier(ib, b, "inverse");
    await expectSameInner([b, fa], [ib, a]);
    kernels.fourier(fa, fa, "inverse");
    const [back, before] = [await kernels.read(fa), await kernels.read(a)];
    back.forEach((value, i) => {
      expect(Math.abs(value - before[i])).toBeLessThan(64 * kernels.epsilon);
    });
  });

  test("a Fourier ramp moves a plane by whole pixels as a roll does", async () => {
    kernels = await open();
    const [plane, moved, ramps] = [randomWaves([1, 1, 7, 8]), kernels.waves([1, 1, 7, 8]), kernels.waves([1, 1, 7, 8])];
    const shifts = kernels.numbers(1, 2);
    kernels.write(shifts, [2, -3]);
    kernels.ramps(ramps, shifts);
    kernels.fourier(moved, plane, "forward");
    kernels.product(moved, moved, ramps);
    kernels.fourier(moved, moved, "inverse");
    const [before, after] = [await kernels.read(plane), await kernels.read(moved)];
    for (let y = 0; y < 7; y++)
      for (let x = 0; x < 8; x++)
        for (let k = 0; k < 2; k++)
          expect(
            Math.abs(after[2 * (((y + 2) % 7) * 8 + ((x + 5) % 8)) + k] - before[2 * (8 * y + x) + k]),
          ).toBeLessThan(256 * kernels.epsilon);
  });

  test("extents of one repeat, and sum in a result", async () => {
    kernels = await open();
    const [patches, change, out] = [randomWaves([3, 1, 2, 2]), randomWaves([3, 2, 2, 2]), kernels.waves([1, 2, 2, 2])];
    kernels.product(out, patches, change, { conjugate: true });
    const [p, c, sums] = [await kernels.read(patches), await kernels.read(change), await kernels.read(out)];
    for (let mode = 0; mode < 2; mode++)
      for (let i = 0; i < 4; i++) {
        let re = 0;
        for (let frame = 0; frame < 3; frame++) {
          const [u, v] = [2 * (4 * frame + i), 2 * (4 * (2 * frame + mode) + i)];
          re += p[u] * c[v] + p[u + 1] * c[v + 1];
        }
        expect(Math.abs(sums[2 * (4 * mode + i)] - re)).toBeLessThan(64 * kernels.epsilon);
      }
  });

  test("the full step of each likelihood leads to the measured amplitudes where there is light", async () => {
    kernels = await open();
    const shape: Shape = [2, 1, 4, 5];
    const [expected, measured, factor] = [randomImages(shape), randomImages(shape), kernels.images(shape)];
    const misfit = kernels.numbers(2, 4);
    kernels.likelihood(factor, expected, measured, undefined, "gaussian", misfit);
    const [e, a, f] = [await kernels.read(expected), await kernels.read(measured), await kernels.read(factor)];
    f.forEach((value, i) => {
      expect((1 + value) * Math.sqrt(e[i])).toBeCloseTo(a[i], 5);
    });
    const sums = await kernels.read(misfit);
    expect(sums[3]).toBe(20);
    const energy = Array.from(a.subarray(0, 20)).reduce((sum, value) => sum + value * value, 0);
    expect(sums[1]).toBeCloseTo(energy, 4);
  });

  test("interference is what two waves add to each other's power", async () => {
    kernels = await open();
    const [a, b] = [randomWaves([3, 2, 4, 5]), randomWaves([3, 2, 4, 5])];
    const [sum, between] = [kernels.waves([3, 2, 4, 5]), kernels.images([3, 1, 4, 5])];
    kernels.combine(sum, 1, a, 1, b);
    const [all, first, second] = [sum, a, b].map((waves) => {
      const light = kernels.images([3, 1, 4, 5]);
      kernels.power(light, waves);
      return light;
    });
    kernels.interference(between, a, b);
    const [p, q, r, found] = await Promise.all([all, first, second, between].map((x) => kernels.read(x)));
    found.forEach((value, i) => {
      expect(Math.abs(value - (p[i] - q[i] - r[i]) / 2)).toBeLessThan(256 * kernels.epsilon);
    });
  });

  test("reciprocals, and Poisson's step, are of what is expected and the dark", async () => {
    kernels = await open();
    const [expected, measured] = [randomImages([2, 1, 3, 4]), randomImages([2, 1, 3, 4])];
    const [factor, inverse] = [kernels.images([2, 1, 3, 4]), kernels.images([2, 1, 3, 4])];
    const mask = kernels.images([1, 1, 3, 4]);
    kernels.write(mask, [1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1]);
    kernels.reciprocal(inverse, expected, 0.2);
    kernels.likelihood(factor, expected, measured, mask, "poisson", kernels.numbers(2, 4), 0.2);
    const [e, a, f, w] = await Promise.all([expected, measured, factor, inverse].map((x) => kernels.read(x)));
    e.forEach((value, i) => {
      expect(w[i]).toBeCloseTo(1 / (value + 0.2), 5);
      expect(f[i]).toBeCloseTo(i % 12 === 5 ? 0 : (a[i] ** 2 - value) / (value + 0.2), 4);
    });
  });
});
