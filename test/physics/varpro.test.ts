import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Graph } from "../../src/graph/tensor.ts";
import { eigenSymmetric } from "../../src/numerics/eigenSymmetric.ts";
import { predictIntensity, rectangularScale } from "../../src/physics/predict.ts";
import { farField } from "../../src/physics/propagation/farField.ts";
import { accumulate, type BasisValues, bestScales, emptyNormalEquations } from "../../src/physics/varpro.ts";
import { Random } from "../../src/random.ts";
import { evaluate, maxDeviation, normals } from "../evaluate.ts";
import { basisIntensity, intensityBasis } from "../parity/reference/intensityBasis.ts";
import { leastSquares, nearestScales } from "../parity/reference/rankOneScales.ts";
import { tolerances } from "../tolerances.ts";
import { complexFeed, complexInput } from "./inputs.ts";

function randomBasis(seed: number, size = 200): BasisValues & { intensity(s1: number, s2: number): Float64Array } {
  const random = new Random(seed);
  const [a, b] = [normals(random, 2 * size), normals(random, 2 * size)];
  const power = (x: Float32Array, i: number): number => x[2 * i] ** 2 + x[2 * i + 1] ** 2;
  const of = (f: (i: number) => number): Float64Array => Float64Array.from({ length: size }, (_, i) => f(i));
  const basis = {
    real: of((i) => power(a, i)),
    imaginary: of((i) => power(b, i)),
    mixed: of((i) => 2 * (a[2 * i] * b[2 * i] + a[2 * i + 1] * b[2 * i + 1])),
  };
  return {
    ...basis,
    intensity: (s1, s2) => of((i) => s1 * s1 * basis.real[i] + s2 * s2 * basis.imaginary[i] + s1 * s2 * basis.mixed[i]),
  };
}

const scale = fc.double({ min: 0.2, max: 3, noNaN: true });

describe("scales of real and imaginary part", () => {
  it("are recovered from noise-free intensities, whatever they are", () => {
    fc.assert(
      fc.property(scale, scale, fc.boolean(), fc.integer(), (s1, size, negative, seed) => {
        const s2 = negative ? -size : size;
        const basis = randomBasis(seed);
        const equations = emptyNormalEquations();
        accumulate(equations, basis, basis.intensity(s1, s2));
        for (const found of [bestScales(equations), nearestScales(leastSquares(equations))]) {
          expect(found.s1).toBeCloseTo(s1, 6);
          expect(found.s2).toBeCloseTo(s2, 6);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("have the least squared error of all, in noise", () => {
    const random = new Random(2);
    const basis = randomBasis(1);
    const measured = basis.intensity(1.4, 0.7).map((value) => value + 2 * random.normal());
    const equations = emptyNormalEquations();
    accumulate(equations, basis, measured);
    const error = (s1: number, s2: number): number =>
      basis.intensity(s1, s2).reduce((total, value, i) => total + (value - measured[i]) ** 2, 0);
    const { s1, s2 } = bestScales(equations);
    for (let i = -40; i <= 40; i++) {
      for (let j = -40; j <= 40; j++) expect(error(s1, s2)).toBeLessThanOrEqual(error(i / 15, j / 15));
    }
    for (const d of [-1e-3, 1e-3]) {
      expect(error(s1 + d, s2)).toBeGreaterThan(error(s1, s2));
      expect(error(s1, s2 + d)).toBeGreaterThan(error(s1, s2));
    }
  });

  it("leave what the data do not determine at zero", () => {
    const { real } = randomBasis(3);
    const nothing = (real as Float64Array).map(() => 0);
    const equations = emptyNormalEquations();
    accumulate(
      equations,
      { real, imaginary: nothing, mixed: nothing },
      (real as Float64Array).map((x) => 4 * x),
    );
    const { s1, s2 } = nearestScales(leastSquares(equations));
    expect(s1).toBeCloseTo(2, 10);
    expect(s2).toBeCloseTo(0, 10);
    expect(nearestScales([-1, 0, -2])).toEqual({ s1: 0, s2: 0 });
  });

  it("add up batch by batch", () => {
    const basis = randomBasis(4);
    const measured = basis.intensity(1, 2);
    const [whole, parts] = [emptyNormalEquations(), emptyNormalEquations()];
    accumulate(whole, basis, measured);
    for (const [from, to] of [
      [0, 70],
      [70, 200],
    ] as const) {
      const cut = (x: ArrayLike<number>): number[] => Array.from(x).slice(from, to);
      accumulate(
        parts,
        { real: cut(basis.real), imaginary: cut(basis.imaginary), mixed: cut(basis.mixed) },
        measured.slice(from, to),
      );
    }
    expect(maxDeviation(parts.matrix, whole.matrix)).toBeLessThan(tolerances.float64Fft);
    expect(() => accumulate(whole, basis, measured.slice(1))).toThrow(/differ in length/);
  });

  it("belong to the basis that the graph computes", async () => {
    const [n, modes] = [9, 2];
    const graph = new Graph();
    const object = complexInput(graph, "o", [2, 1, n, n]);
    const probe = complexInput(graph, "p", [modes, n, n]);
    const random = new Random(6);
    const values = await evaluate(
      {
        assembled: basisIntensity(intensityBasis(object, probe, farField), 1.3, -0.4),
        direct: predictIntensity(rectangularScale(object, 1.3, -0.4), probe, farField),
      },
      {
        ...complexFeed("o", { re: normals(random, 2 * n * n), im: normals(random, 2 * n * n) }),
        ...complexFeed("p", { re: normals(random, modes * n * n), im: normals(random, modes * n * n) }),
      },
    );
    expect(maxDeviation(values.assembled, values.direct)).toBeLessThan(tolerances.otherSummationOrder);
  });
});

describe("eigenvalues of symmetric matrices", () => {
  it("decompose any 3 × 3 matrix", () => {
    const entry = fc.double({ min: -5, max: 5, noNaN: true });
    fc.assert(
      fc.property(fc.tuple(entry, entry, entry, entry, entry, entry), ([a, b, c, d, e, f]) => {
        const matrix = Float64Array.of(a, b, c, b, d, e, c, e, f);
        const { values, vectors } = eigenSymmetric(matrix, 3);
        for (let i = 0; i < 3; i++) {
          for (let j = 0; j < 3; j++) {
            let rebuilt = 0;
            let product = 0;
            for (let k = 0; k < 3; k++) {
              rebuilt += vectors[3 * i + k] * values[k] * vectors[3 * j + k];
              product += vectors[3 * k + i] * vectors[3 * k + j];
            }
            expect(Math.abs(rebuilt - matrix[3 * i + j])).toBeLessThan(tolerances.float64Fft * 10);
            expect(Math.abs(product - (i === j ? 1 : 0))).toBeLessThan(tolerances.float64Fft);
          }
        }
      }),
    );
  });
});
