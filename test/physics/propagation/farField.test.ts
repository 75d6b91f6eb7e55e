import { describe, expect, it } from "vitest";
import { Graph } from "../../../src/graph/tensor.ts";
import { planFft2 } from "../../../src/numerics/fft.ts";
import { farField } from "../../../src/physics/propagation/farField.ts";
import { Random } from "../../../src/random.ts";
import { evaluate, maxDeviation, norm, normals } from "../../evaluate.ts";
import { tolerances } from "../../tolerances.ts";
import { complexFeed, complexInput, type Parts } from "../inputs.ts";

async function propagate(
  shape: readonly number[],
  wave: Parts,
  along: "forward" | "adjoint" = "forward",
): Promise<Parts> {
  const result = farField[along](complexInput(new Graph(), "wave", shape));
  return evaluate({ re: result.re, im: result.im }, complexFeed("wave", wave));
}

function random(shape: readonly number[], seed = 1): Parts {
  const generator = new Random(seed);
  const size = shape.reduce((a, b) => a * b);
  return { re: normals(generator, size), im: normals(generator, size) };
}

/** The field f(y, x) on an n × n grid. */
function field(n: number, f: (y: number, x: number) => readonly [number, number]): Parts {
  const values = Array.from({ length: n * n }, (_, k) => f(Math.floor(k / n), k % n));
  return { re: Float32Array.from(values, ([re]) => re), im: Float32Array.from(values, ([, im]) => im) };
}

const energy = ({ re, im }: Parts): number => norm(re) ** 2 + norm(im) ** 2;

describe("far field", () => {
  it.each([
    [2, 8, 8],
    [1, 7, 7],
    [2, 64, 64],
    [1, 6, 9],
  ])("agrees with a float64 FFT: [%i, %i, %i]", async (count, height, width) => {
    const wave = random([count, height, width]);
    const far = await propagate([count, height, width], wave);
    const plan = planFft2([height, width]);
    const pixels = height * width;
    const expected = { re: [] as number[], im: [] as number[] };
    for (let k = 0; k < count; k++) {
      const values = new Float64Array(2 * pixels);
      for (let i = 0; i < pixels; i++) {
        values[2 * i] = wave.re[k * pixels + i];
        values[2 * i + 1] = wave.im[k * pixels + i];
      }
      const transformed = plan.forward(values);
      for (let i = 0; i < pixels; i++) {
        expected.re.push(transformed[2 * i]);
        expected.im.push(transformed[2 * i + 1]);
      }
    }
    expect(maxDeviation(far.re, expected.re)).toBeLessThan(tolerances.otherSummationOrder);
    expect(maxDeviation(far.im, expected.im)).toBeLessThan(tolerances.otherSummationOrder);
  });

  it("carries the exit wave's energy", async () => {
    const wave = random([3, 32, 32], 2);
    expect(energy(await propagate([3, 32, 32], wave)) / energy(wave)).toBeCloseTo(1, 6);
  });

  it.each([16, 15])("sends a plane wave into one pixel (n = %i)", async (n) => {
    const [fy, fx] = [3, -2];
    const centre = Math.floor(n / 2);
    const wave = field(n, (y, x) => {
      const phase = (2 * Math.PI * (fy * (y - centre) + fx * (x - centre))) / n;
      return [Math.cos(phase), Math.sin(phase)];
    });
    const expected = field(n, (y, x) => [y === centre + fy && x === centre + fx ? n : 0, 0]);
    const far = await propagate([n, n], wave);
    expect(maxDeviation(far.re, expected.re)).toBeLessThan(tolerances.otherSummationOrder);
    expect(norm(far.im) / n).toBeLessThan(tolerances.otherSummationOrder);
  });

  it("turns the shift of a Gaussian into a phase ramp", async () => {
    const [n, sigma, dy, dx] = [64, 5, 3, -7];
    const wave = field(n, (y, x) => [Math.exp(-((y - 32 - dy) ** 2 + (x - 32 - dx) ** 2) / (2 * sigma ** 2)), 0]);
    const expected = field(n, (u, v) => {
      const [p, q] = [(2 * Math.PI * (u - 32)) / n, (2 * Math.PI * (v - 32)) / n];
      const magnitude = ((2 * Math.PI * sigma ** 2) / n) * Math.exp((-(sigma ** 2) * (p ** 2 + q ** 2)) / 2);
      return [magnitude * Math.cos(p * dy + q * dx), -magnitude * Math.sin(p * dy + q * dx)];
    });
    const far = await propagate([n, n], wave);
    expect(maxDeviation(far.re, expected.re)).toBeLessThan(tolerances.otherSummationOrder);
    expect(maxDeviation(far.im, expected.im)).toBeLessThan(tolerances.otherSummationOrder);
  });

  it.each([12, 13])("is undone by the inverse (n = %i)", async (n) => {
    const wave = random([2, n, n], 3);
    const back = await propagate([2, n, n], await propagate([2, n, n], wave), "adjoint");
    expect(maxDeviation(back.re, wave.re)).toBeLessThan(tolerances.otherSummationOrder);
    expect(maxDeviation(back.im, wave.im)).toBeLessThan(tolerances.otherSummationOrder);
  });

  it("bakes its matrices into a graph once", () => {
    const graph = new Graph();
    const wave = complexInput(graph, "wave", [32, 32]);
    farField.forward(farField.adjoint(farField.forward(wave)));
    const matrices = new Set(
      graph.nodes.flatMap((node) => node.inputs.filter((input) => input.constant !== undefined && input.size > 64)),
    );
    expect(matrices.size).toBe(2);
  });
});
