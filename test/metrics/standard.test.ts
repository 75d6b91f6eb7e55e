import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { meanAbsoluteError, meanSquaredError, pearson, psnr } from "../../src/metrics/differences.ts";
import { asComplex, dataRange, type Image } from "../../src/metrics/image.ts";
import { msSsim } from "../../src/metrics/msSsim.ts";
import { findShift } from "../../src/metrics/registration.ts";
import { ssim } from "../../src/metrics/ssim.ts";
import { tolerances } from "../tolerances.ts";
import { fourierShift } from "./fourierShift.ts";
import { imageOf } from "./images.ts";

/** Numbers of scikit-image and pytorch-msssim, made by `fixtures/standard.py`, which has the same formulas. */
interface Standard {
  readonly comparisons: readonly {
    readonly name: string;
    readonly shape: readonly [number, number];
    readonly truth: keyof typeof truths;
    readonly gain: number;
    readonly offset: number;
    readonly noise: number;
    readonly seed: number;
    readonly span: number;
    readonly expected: Readonly<Record<string, number>>;
  }[];
  readonly registrations: readonly {
    readonly shift: readonly [number, number];
    readonly found: readonly [number, number];
  }[];
}

const truths = {
  waves: (i: number, j: number) => Math.sin(0.31 * i) + Math.cos(0.0017 * i * j) + 0.02 * j,
  tiles: (i: number, j: number) => ((Math.floor(i / 9) + Math.floor(j / 13)) % 2) + 0.001 * i,
} as const;

/** Uniform in [−0.5, 0.5): 32-bit integers mixed, the same in every language. */
function noise(seed: number, index: number): number {
  let k = (index + Math.imul(seed, 0x9e3779b1)) >>> 0;
  for (const multiplier of [0x85ebca6b, 0xc2b2ae35]) k = Math.imul(k ^ (k >>> 15), multiplier) >>> 0;
  return ((k ^ (k >>> 16)) >>> 0) / 2 ** 32 - 0.5;
}

const standard = JSON.parse(
  readFileSync(new URL("./fixtures/standard.json", import.meta.url), "utf8"),
) as unknown as Standard;

describe.each(standard.comparisons)(
  "$name",
  ({ shape, truth, gain, offset, noise: strength, seed, span, expected }) => {
    const a = imageOf(shape, truths[truth]);
    const b: Image = { shape, data: a.data.map((value, k) => gain * value + offset + strength * noise(seed, k)) };
    const own: Readonly<Record<string, () => number>> = {
      mae: () => meanAbsoluteError(a.data, b.data),
      mse: () => meanSquaredError(a.data, b.data),
      psnr: () => psnr(a.data, b.data, span),
      ssim: () => ssim(a, b, { range: span }),
      ssimGaussian: () => ssim(a, b, { range: span, window: "gaussian" }),
      msSsim: () => msSsim(a, b, span),
      pearson: () => pearson(a.data, b.data),
    };

    test("the images are the same", () => {
      expect(dataRange(a.data)).toBeCloseTo(span, 12);
    });

    test.each(Object.entries(expected))("%s is %d", (name, value) => {
      const tolerance = name === "msSsim" ? tolerances.float32Window : tolerances.standardMetric;
      expect(Math.abs(own[name]() / value - 1)).toBeLessThan(tolerance);
    });
  },
);

test.each(standard.registrations)("registration finds what scikit-image finds: $found", ({ shift, found }) => {
  const waves = imageOf([64, 80], truths.waves);
  const image = asComplex({ shape: waves.shape, data: waves.data.map((value, k) => value + 4 * noise(7, k)) });
  const moved = fourierShift(image, shift);
  const ours = findShift(moved, image).shift;
  for (const axis of [0, 1] as const)
    expect(Math.abs(ours[axis] - found[axis])).toBeLessThan(tolerances.registrationFineGrid);
});
