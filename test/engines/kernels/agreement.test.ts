import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { float64Kernels } from "../../../src/engines/kernels/float64.ts";
import type {
  Images,
  Kernels,
  LikelihoodKind,
  Numbers,
  Shape,
  Waves,
  Windows,
} from "../../../src/engines/kernels/kernels.ts";
import { Random } from "../../../src/random.ts";
import { tolerances } from "../../tolerances.ts";
import { homes } from "./homes.ts";

/** Makes operands of seeded float32 numbers, the same in every home. */
class Maker {
  readonly kernels: Kernels;
  readonly #random = new Random(11);
  constructor(kernels: Kernels) {
    this.kernels = kernels;
  }
  #normal(length: number): Float32Array {
    return Float32Array.from({ length }, () => this.#random.normal());
  }
  waves(...shape: Shape): Waves {
    const waves = this.kernels.waves(shape);
    this.kernels.write(waves, this.#normal(2 * size(shape)));
    return waves;
  }
  /** Of any sign, or from 0 on with every seventh 0. */
  images(shape: Shape, sign: "any" | "positive" = "positive"): Images {
    const images = this.kernels.images(shape);
    const values = this.#normal(size(shape));
    const positive = values.map((value, i) => (i % 7 === 3 ? 0 : Math.abs(value)));
    this.kernels.write(images, sign === "any" ? values : positive);
    return images;
  }
  numbers(frames: number, each = 1): Numbers {
    const numbers = this.kernels.numbers(frames, each);
    this.kernels.write(numbers, this.#normal(frames * each).map(Math.abs));
    return numbers;
  }
  /** Windows of `[height, width]` that lie on a canvas of `[rows, columns]`, all over it. */
  windows(frames: number, room: readonly [number, number], between: boolean): Windows {
    const windows = this.kernels.windows(frames);
    const fractions = Float64Array.from({ length: 2 * frames }, (_, k) => (k === 1 ? 0 : this.#random.uniform()));
    const corners = Int32Array.from({ length: 2 * frames }, (_, k) =>
      Math.floor(this.#random.uniform() * (room[k % 2] + (between ? 0 : 1))),
    );
    this.kernels.place(windows, { corners, ...(between ? { fractions } : {}) });
    return windows;
  }
}

const size = (shape: Shape): number => shape.reduce((a, b) => a * b);
type Result = Waves | Images | Numbers;

const shapes: readonly Shape[] = [
  [1, 1, 8, 8],
  [3, 2, 5, 7],
  [2, 3, 13, 6],
  [5, 1, 9, 16],
  [2, 2, 3, 133],
];

describe.each(Object.entries(homes).filter(([name]) => name !== "float64"))("%s against float64", (_, open) => {
  let kernels: Kernels;
  beforeAll(async () => {
    kernels = await open();
  });
  afterAll(() => kernels.close());

  /** Holds both homes' results equal up to `roundings` of numbers as large as `magnitude`, by default as the largest result. */
  async function expectSame(
    roundings: number,
    compute: (make: Maker, kernels: Kernels) => Result,
    magnitude?: number,
  ): Promise<void> {
    const oracle = float64Kernels();
    const [got, expected] = [compute(new Maker(kernels), kernels), compute(new Maker(oracle), oracle)];
    const [a, b] = [await kernels.read(got), await oracle.read(expected)];
    expect(a.length).toBe(b.length);
    const largest = Array.from(b).reduce(
      (most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most),
      1e-30,
    );
    const bound = roundings * kernels.epsilon * (magnitude ?? largest);
    let worst = 0;
    for (let i = 0; i < b.length; i++) {
      if (!Number.isFinite(b[i])) expect(a[i]).toBe(b[i]);
      else worst = Math.max(worst, Number.isNaN(a[i]) ? Number.POSITIVE_INFINITY : Math.abs(a[i] - b[i]));
    }
    expect(worst).toBeLessThanOrEqual(bound);
  }

  describe.each(shapes)("[%i, %i, %i, %i]", (B, M, h, w) => {
    test.each([
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ])("products repeat and sum, conjugate %s, add %s", async (conjugate, add) => {
      const how = { conjugate, add };
      await expectSame(tolerances.kernelSum(1), (make, k) => {
        const [out, patch, probe] = [make.waves(B, M, h, w), make.waves(B, 1, h, w), make.waves(1, M, h, w)];
        k.product(out, patch, probe, how);
        return out;
      });
      await expectSame(tolerances.kernelSum(B), (make, k) => {
        const [out, patch, change] = [make.waves(1, M, h, w), make.waves(B, 1, h, w), make.waves(B, M, h, w)];
        k.product(out, patch, change, how);
        return out;
      });
      await expectSame(tolerances.kernelSum(B * M), (make, k) => {
        const [out, probe, change] = [make.waves(1, 1, h, w), make.waves(1, M, h, w), make.waves(B, M, h, w)];
        k.product(out, probe, change, how);
        return out;
      });
    });

    test.each([false, true])("power, scale and product of images, add %s", async (add) => {
      await expectSame(tolerances.kernelSum(M), (make, k) => {
        const [out, waves] = [make.images([B, 1, h, w]), make.waves(B, M, h, w)];
        k.power(out, waves, { add });
        return out;
      });
      await expectSame(tolerances.kernelSum(B), (make, k) => {
        const [out, waves, images] = [make.waves(1, M, h, w), make.waves(1, M, h, w), make.images([B, 1, h, w])];
        k.scale(out, waves, images, { add });
        return out;
      });
      await expectSame(tolerances.kernelSum(B), (make, k) => {
        const [out, a, b] = [make.images([1, M, h, w]), make.images([B, M, h, w], "any"), make.images([B, 1, h, w])];
        k.multiplyImages(out, a, b, { add });
        return out;
      });
    });

    test("interference and reciprocals", async () => {
      await expectSame(tolerances.kernelSum(2 * M), (make, k) => {
        const [out, a, b] = [make.images([B, 1, h, w]), make.waves(1, M, h, w), make.waves(B, M, h, w)];
        k.interference(out, a, b, { add: true });
        return out;
      });
      await expectSame(tolerances.kernelDivision, (make, k) => {
        const images = make.images([B, M, h, w]);
        k.reciprocal(images, images, 0.3);
        return images;
      });
    });

    test("sums of multiples, with factors of all frames and of each", async () => {
      await expectSame(tolerances.kernelSum(2), (make, k) => {
        const [out, a, b] = [make.waves(B, M, h, w), make.waves(B, 1, h, w), make.waves(1, M, h, w)];
        k.combine(out, make.numbers(B), a, -1.5, b);
        k.combine(out, make.numbers(1), out, 0.25, a);
        return out;
      });
      await expectSame(tolerances.kernelSum(2), (make, k) => {
        const a = make.images([B, M, h, w], "any");
        k.combine(a, 0.5, a, make.numbers(B), a);
        return a;
      });
    });

    test.each(["linear", "quadrature"] as const)("division by weights, %s", async (form) => {
      for (const alpha of [0, 0.3, 1])
        for (const add of [false, true])
          await expectSame(tolerances.kernelDivision, (make, k) => {
            const [out, above, weights] = [make.waves(B, M, h, w), make.waves(B, M, h, w), make.images([B, 1, h, w])];
            // Weights well above 0, or 0: the bound is of the largest quotient.
            k.multiplyImages(weights, weights, weights, { add: true });
            k.divide(out, above, weights, { form, alpha, most: make.numbers(B) }, { step: make.numbers(1), add });
            k.divide(out, out, weights, { form, alpha, most: 2.5 });
            return out;
          });
    });

    test("constants", async () => {
      await expectSame(1, (make, k) => {
        const waves = make.waves(B, M, h, w);
        k.fill(k.modes(waves, M - 1, 1), 0.1);
        return waves;
      });
      await expectSame(1, (make, k) => {
        const numbers = make.numbers(B, 3);
        k.fill(k.frames(numbers, B - 1, 1), 7);
        return numbers;
      });
    });

    test.each([false, true])("patches and canvases, between pixels %s", async (between) => {
      const [rows, columns] = [h + 6, w + 9];
      await expectSame(tolerances.kernelSum(4), (make, k) => {
        const [out, object, windows] = [
          make.waves(B, M, h, w),
          make.waves(1, M, rows, columns),
          make.windows(B, [6, 9], between),
        ];
        k.cut(out, object, windows);
        return out;
      });
      await expectSame(tolerances.kernelSum(4 * B), (make, k) => {
        const [canvas, patches, windows] = [
          make.waves(1, M, rows, columns),
          make.waves(B, M, h, w),
          make.windows(B, [6, 9], between),
        ];
        k.paste(canvas, patches, windows);
        return canvas;
      });
      await expectSame(tolerances.kernelSum(4 * B), (make, k) => {
        const [canvas, image, windows] = [
          make.images([1, 1, rows, columns]),
          make.images([1, 1, h, w]),
          make.windows(B, [6, 9], between),
        ];
        k.pasteImages(canvas, image, windows);
        return canvas;
      });
      await expectSame(tolerances.kernelSum(4), (make, k) => {
        const [out, canvas, windows] = [
          make.images([B, 1, h, w]),
          make.images([1, 1, rows, columns]),
          make.windows(B, [6, 9], between),
        ];
        k.cutImages(out, canvas, windows);
        return out;
      });
    });

    test("Fourier transforms and ramps", async () => {
      for (const direction of ["forward", "inverse"] as const)
        await expectSame(tolerances.kernelFourier, (make, k) => {
          const [out, waves] = [k.waves([B, M, h, w]), make.waves(B, M, h, w)];
          k.fourier(out, waves, direction);
          k.fourier(k.frames(out, 0, 1), k.frames(waves, B - 1, 1), direction);
          return out;
        });
      await expectSame(tolerances.kernelSum(2), (make, k) => {
        const out = k.waves([B, M, h, w]);
        k.ramps(out, make.numbers(B, 2));
        return out;
      });
    });

    test.each(["gaussian", "poisson", "intensity"] as const)("likelihood %s", async (kind: LikelihoodKind) => {
      for (const masked of [false, true]) {
        const compare =
          (result: "factor" | "misfit") =>
          (make: Maker, k: Kernels): Result => {
            const [factor, misfit] = [k.images([B, 1, h, w]), k.numbers(B, 4)];
            const [light, measured] = [make.images([B, 1, h, w]), make.images([B, 1, h, w])];
            // Intensities of one pixel with light are not much weaker than of others.
            k.multiplyImages(light, light, light, { add: true });
            k.likelihood(factor, light, measured, masked ? make.images([1, 1, h, w]) : undefined, kind, misfit, 0.1);
            return result === "factor" ? factor : misfit;
          };
        await expectSame(tolerances.kernelDivision, compare("factor"));
        await expectSame(tolerances.kernelDivision, compare("misfit"));
      }
    });

    test("numbers of planes", async () => {
      const terms = M * h * w;
      await expectSame(
        tolerances.kernelSum(8),
        (make, k) => {
          const out = k.numbers(B, 2);
          k.dot(out, make.waves(B, M, h, w), make.waves(1, M, h, w));
          return out;
        },
        8 * terms,
      );
      await expectSame(tolerances.kernelSum(8), (make, k) => {
        const out = k.numbers(B);
        k.sum(out, make.images([B, M, h, w]));
        return out;
      });
      await expectSame(tolerances.kernelSum(8), (make, k) => {
        const out = k.numbers(B);
        k.sum(out, make.images([B, M, h, w]), make.images([1, 1, h, w]));
        return out;
      });
      await expectSame(0, (make, k) => {
        const [out, images] = [k.numbers(1), make.images([B, M, h, w], "any")];
        k.combine(images, -1, images, 0, images);
        k.largest(out, images);
        return out;
      });
    });

    test("parts of planes are in the same memory", async () => {
      await expectSame(tolerances.kernelSum(2), (make, k) => {
        const all = make.waves(B, M, h, w);
        const part = k.frames(k.modes(all, M - 1, 1), B - 1, 1);
        k.product(part, part, part);
        const first = k.frames(k.modes(all, 0, 1), 0, 1);
        k.combine(first, 2, first, 1, part);
        return all;
      });
    });
  });

  test("division by 0 and NaN are as defined", async () => {
    await expectSame(0, (_, k) => {
      const [out, above, weights] = [k.waves([1, 1, 3, 5]), k.waves([1, 1, 3, 5]), k.images([1, 1, 3, 5])];
      k.fill(above, 1);
      k.write(weights, [0, 1, -1, Number.NaN, 2, ...new Array(10).fill(0)]);
      k.divide(out, above, weights, { form: "linear", alpha: 0, most: 0 });
      return out;
    });
    await expectSame(0, (_, k) => {
      const [out, images] = [k.numbers(1), k.images([1, 1, 3, 5])];
      k.write(images, [...new Array(14).fill(0), Number.NaN]);
      k.largest(out, images);
      return out;
    });
    await expectSame(tolerances.kernelDivision, (make, k) => {
      const [factor, zero, misfit] = [k.images([1, 1, 3, 5]), k.images([1, 1, 3, 5]), k.numbers(1, 4)];
      k.likelihood(factor, zero, make.images([1, 1, 3, 5]), undefined, "gaussian", misfit);
      return factor;
    });
  });

  test("what is written later does not reach what was recorded before", async () => {
    const [a, out] = [kernels.waves([1, 1, 4, 4]), kernels.waves([1, 1, 4, 4])];
    kernels.fill(a, 1);
    kernels.combine(out, 1, a, 0, a);
    kernels.write(a, new Float32Array(32).fill(9));
    expect((await kernels.read(out))[0]).toBe(1);
    kernels.combine(out, 1, a, 1, a);
    kernels.release(a);
    const fresh = kernels.waves([1, 1, 4, 4]);
    expect((await kernels.read(out))[0]).toBe(18);
    expect((await kernels.read(fresh)).every((value) => value === 0)).toBe(true);
  });

  test("a window that leaves its canvas is refused", async () => {
    const [canvas, patch, windows] = [kernels.waves([1, 1, 8, 8]), kernels.waves([1, 1, 4, 4]), kernels.windows(1)];
    for (const [y, x, fraction] of [
      [5, 0, 0],
      [0, -1, 0],
      [0, 4, 0.5],
    ]) {
      kernels.place(windows, { corners: Int32Array.of(y, x), fractions: Float64Array.of(0, fraction) });
      expect(() => kernels.cut(patch, canvas, windows)).toThrow("leaves its canvas");
      expect(() => kernels.paste(canvas, patch, windows)).toThrow("leaves its canvas");
    }
  });
});
