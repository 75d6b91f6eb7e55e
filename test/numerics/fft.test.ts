import { describe, expect, test } from "vitest";
import { type Fft2, frequencies, planFft2 } from "../../src/numerics/fft.ts";
import { Random } from "../../src/random.ts";
import { tolerances } from "../tolerances.ts";

const tolerance = tolerances.float64Fft;

const noise = (n: number, seed: number): Float64Array => {
  const random = new Random(seed);
  return Float64Array.from({ length: 2 * n }, () => random.normal());
};

/** The definition, summed term by term. */
function bruteForce(x: Float64Array, [h, w]: readonly [number, number]): Float64Array {
  const out = new Float64Array(x.length);
  for (let u = 0; u < h; u++) {
    for (let v = 0; v < w; v++) {
      let re = 0;
      let im = 0;
      for (let i = 0; i < h; i++) {
        for (let j = 0; j < w; j++) {
          const turns =
            ((u - Math.floor(h / 2)) * (i - Math.floor(h / 2))) / h +
            ((v - Math.floor(w / 2)) * (j - Math.floor(w / 2))) / w;
          const c = Math.cos(2 * Math.PI * turns);
          const s = -Math.sin(2 * Math.PI * turns);
          const at = 2 * (i * w + j);
          re += x[at] * c - x[at + 1] * s;
          im += x[at] * s + x[at + 1] * c;
        }
      }
      out[2 * (u * w + v)] = re / Math.sqrt(h * w);
      out[2 * (u * w + v) + 1] = im / Math.sqrt(h * w);
    }
  }
  return out;
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let worst = 0;
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i] - b[i]));
  return worst;
}

/** Σ conj(a) b */
function inner(a: ArrayLike<number>, b: ArrayLike<number>): [re: number, im: number] {
  let re = 0;
  let im = 0;
  for (let i = 0; i < a.length; i += 2) {
    re += a[i] * b[i] + a[i + 1] * b[i + 1];
    im += a[i] * b[i + 1] - a[i + 1] * b[i];
  }
  return [re, im];
}

// 1, primes with and without a butterfly, powers of two, mixed, a prime factor that needs a convolution.
const shapes: readonly (readonly [number, number])[] = [
  [1, 1],
  [1, 7],
  [2, 3],
  [8, 8],
  [12, 10],
  [16, 9],
  [37, 5],
  [6, 74],
  [31, 32],
];

describe.each(shapes)("centred unitary transform of %d × %d", (h, w) => {
  const fft: Fft2 = planFft2([h, w]);
  const x = noise(h * w, h * 100 + w);

  test("is the sum in its definition", () => {
    expect(largestDifference(fft.forward(x), bruteForce(x, [h, w]))).toBeLessThan(tolerance);
  });

  test("is undone by its inverse, in place too", () => {
    const y = Float64Array.from(x);
    fft.forward(y, y);
    fft.inverse(y, y);
    expect(largestDifference(x, y)).toBeLessThan(tolerance);
  });

  test("keeps energy (Parseval) and has the inverse as its adjoint", () => {
    const y = noise(h * w, 5);
    const forward = fft.forward(x);
    expect(inner(forward, forward)[0] / inner(x, x)[0]).toBeCloseTo(1, 12);
    const [re, im] = inner(forward, y);
    const [adjointRe, adjointIm] = inner(x, fft.inverse(y));
    expect(Math.hypot(re - adjointRe, im - adjointIm)).toBeLessThan(tolerance * h * w);
  });
});

test("a shift in space is a phase ramp in frequency", () => {
  const [h, w] = [10, 12];
  const [dy, dx] = [3, -2];
  const fft = planFft2([h, w]);
  const x = noise(h * w, 1);
  const moved = new Float64Array(x.length);
  for (let i = 0; i < h; i++) {
    for (let j = 0; j < w; j++) {
      const to = 2 * (((i + dy + h) % h) * w + ((j + dx + w) % w));
      moved[to] = x[2 * (i * w + j)];
      moved[to + 1] = x[2 * (i * w + j) + 1];
    }
  }
  const expected = fft.forward(x);
  const [fy, fx] = [frequencies(h), frequencies(w)];
  for (let u = 0; u < h; u++) {
    for (let v = 0; v < w; v++) {
      const angle = -2 * Math.PI * (fy[u] * dy + fx[v] * dx);
      const at = 2 * (u * w + v);
      const [re, im] = [expected[at], expected[at + 1]];
      expected[at] = re * Math.cos(angle) - im * Math.sin(angle);
      expected[at + 1] = re * Math.sin(angle) + im * Math.cos(angle);
    }
  }
  expect(largestDifference(fft.forward(moved), expected)).toBeLessThan(tolerance);
});

test("a constant ends up in the pixel at floor(n / 2)", () => {
  const y = planFft2([5, 4]).forward(new Float64Array(40).map((_, i) => (i % 2 === 0 ? 1 : 0)));
  expect(y[2 * (2 * 4 + 2)]).toBeCloseTo(Math.sqrt(20), 12);
  expect(inner(y, y)[0]).toBeCloseTo(20, 12);
});

test("refuses sizes and arrays that do not fit", () => {
  expect(() => planFft2([0, 4])).toThrow(/positive integer/);
  expect(() => planFft2([4, 4]).forward(new Float64Array(16))).toThrow(/does not fit/);
});
