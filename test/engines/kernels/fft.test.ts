import { describe, expect, it } from "vitest";
import { planFft2 } from "../../../src/numerics/fft.ts";
import { Random } from "../../../src/random.ts";
import { tolerances } from "../../tolerances.ts";
import { planes } from "./planes.ts";

const noise = (n: number, seed: number): Float32Array => {
  const random = new Random(seed);
  return Float32Array.from({ length: 2 * n }, () => random.normal());
};

/** Unitary DFT with both origins at index 0, in float64. */
function exact(
  values: ArrayLike<number>,
  height: number,
  width: number,
  direction: "forward" | "inverse",
): Float64Array {
  const turned = new Float64Array(values.length);
  const [cy, cx] = [Math.floor(height / 2), Math.floor(width / 2)];
  const place = (i: number): number => {
    const [y, x] = [Math.floor(i / (2 * width)), i % (2 * width)];
    return 2 * width * ((y + cy) % height) + ((x + 2 * cx) % (2 * width));
  };
  for (let i = 0; i < values.length; i++) turned[place(i)] = values[i];
  const centred = planFft2([height, width])[direction](turned);
  return Float64Array.from(values, (_, i) => centred[place(i)]);
}

const norm = (a: ArrayLike<number>): number => Math.sqrt(Array.from(a).reduce((sum, value) => sum + value * value, 0));

const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  norm(Float64Array.from(a, (value, i) => value - b[i])) / norm(b);

/** Σ a* b. */
function inner(a: ArrayLike<number>, b: ArrayLike<number>): [number, number] {
  let [re, im] = [0, 0];
  for (let i = 0; i < a.length; i += 2) {
    re += a[i] * b[i] + a[i + 1] * b[i + 1];
    im += a[i] * b[i + 1] - a[i + 1] * b[i];
  }
  return [re, im];
}

/** Powers, mixed sizes, odd ones, primes with and without code of their own; square and not. */
const SIZES: readonly (readonly [number, number])[] = [
  ...[2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 16, 21, 25, 31, 32, 37, 49, 60, 64, 67, 96, 100, 128, 131].map(
    (n) => [n, n] as const,
  ),
  ...([
    [2, 9],
    [9, 2],
    [5, 64],
    [64, 5],
    [12, 35],
    [61, 34],
    [96, 100],
    [127, 128],
    [130, 66],
    [192, 81],
  ] as const),
];

describe("the transform of WebAssembly's planes", () => {
  it("is the unitary DFT along columns and rows for all lengths from 32 to 520", () => {
    const wrong: string[] = [];
    for (let n = 32; n <= 520; n++) {
      for (const [h, w] of [
        [n, 3],
        [3, n],
      ] as const) {
        const space = planes(h, w);
        const values = noise(h * w, n);
        space.fill(values);
        const off = distance(space.transform(), exact(values, h, w, "forward"));
        if (!(off < tolerances.float32Fft(h * w)) || !space.isClean()) wrong.push(`${h} × ${w}: ${off}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it.each(SIZES)("of %i × %i and its inverse agree with float64 and write nowhere else", (h, w) => {
    const space = planes(h, w);
    const values = noise(h * w, 7);
    for (const direction of ["forward", "inverse"] as const) {
      const expected = exact(values, h, w, direction);
      for (const inPlace of [false, true]) {
        space.fill(values);
        const found = space.transform({ inverse: direction === "inverse", inPlace });
        expect(distance(found, expected)).toBeLessThan(tolerances.float32Fft(h * w));
        expect(space.isClean()).toBe(true);
      }
      space.fill(values);
      const blocked = space.transformBlocked(direction === "inverse");
      expect(distance(blocked, expected)).toBeLessThan(tolerances.float32Fft(h * w));
      expect(space.isClean()).toBe(true);
    }
  });

  it.each([
    [64, 64],
    [100, 96],
    [77, 130],
    [37, 509],
    [1031, 12],
    [5, 1100],
    [1024, 4],
  ] as const)("of %i × %i: inverse is adjoint and undoes it, and light is kept", (h, w) => {
    const space = planes(h, w);
    const tolerance = tolerances.float32Fft(h * w);
    const [a, b] = [noise(h * w, 1), noise(h * w, 2)];
    space.fill(a);
    const forward = space.transform();
    space.fill(b);
    const back = space.transform({ inverse: true });
    const [left, right] = [inner(b, forward), inner(back, a)];
    expect(Math.hypot(left[0] - right[0], left[1] - right[1])).toBeLessThan(2 * tolerance * norm(a) * norm(b));
    expect(Math.abs(norm(forward) / norm(a) - 1)).toBeLessThan(tolerance);
    space.fill(forward);
    expect(distance(space.transform({ inverse: true }), a)).toBeLessThan(2 * tolerance);
  });

  it.each([
    [64, 48],
    [31, 45],
    [38, 74],
  ] as const)("of %i × %i: a point becomes a wave, a shift a ramp", (h, w) => {
    const space = planes(h, w);
    const [py, px] = [3, w - 2];
    const point = new Float32Array(2 * h * w);
    point[2 * (py * w + px)] = 1;
    space.fill(point);
    const wave = Float64Array.from({ length: 2 * h * w }, (_, i) => {
      const [y, x] = [Math.floor(i / 2 / w), (i >> 1) % w];
      const angle = -2 * Math.PI * ((y * py) / h + (x * px) / w);
      return (i % 2 === 0 ? Math.cos(angle) : Math.sin(angle)) / Math.sqrt(h * w);
    });
    expect(distance(space.transform(), wave)).toBeLessThan(tolerances.float32Fft(h * w));

    const values = noise(h * w, 5);
    space.fill(values);
    const spectrum = space.transform();
    space.fill(
      values.map((_, i) => {
        const [y, x] = [Math.floor(i / 2 / w), (i >> 1) % w];
        return values[2 * (((y + h - py) % h) * w + ((x + w - px) % w)) + (i % 2)];
      }),
    );
    const ramped = spectrum.map((_, i) => {
      const at = i & ~1;
      const [re, im] = [spectrum[at], spectrum[at + 1]];
      const scale = Math.sqrt(h * w);
      const [c, s] = [wave[at] * scale, wave[at + 1] * scale];
      return i % 2 === 0 ? re * c - im * s : re * s + im * c;
    });
    expect(distance(space.transform(), ramped)).toBeLessThan(2 * tolerances.float32Fft(h * w));
  });

  it.each([
    [64, 64],
    [100, 37],
    [13, 96],
    [130, 67],
  ] as const)("of %i × %i is the same to the last bit however threads share it", (h, w) => {
    const space = planes(h, w);
    for (const inverse of [false, true]) {
      space.fill(noise(h * w, 3));
      const whole = space.transform({ inverse });
      for (const threads of [2, 3, 7, 64]) expect(space.transform({ inverse, threads })).toEqual(whole);
      expect(space.isClean()).toBe(true);
    }
  });
});
