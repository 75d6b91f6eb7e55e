import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import type { Kernels } from "../../../src/engines/kernels/kernels.ts";
import { affineFit } from "../../../src/numerics/affineFit.ts";
import { homes } from "../kernels/homes.ts";
import { corrected, meanOf, rmsApart } from "../positionErrors.ts";
import { type Problem, simulatedProblem } from "../problem.ts";

const open = homes["wasm"] ?? homes["float64"];
let kernels: Kernels;
beforeEach(async () => {
  kernels = await open();
});
afterEach(() => kernels.close());

const exact = simulatedProblem();

test("the frame does not drift however long noise is fitted: shift, scale, rotation and shear stay", async () => {
  const problem = simulatedProblem({ photons: 1e5 });
  const truth = problem.scan.positions;
  const turns = (found: Float64Array) => {
    const [yy, yx, xy, xx] = affineFit(
      found.map((value, k) => value - truth[k]),
      truth,
    )?.matrix ?? [0, 0, 0, 0];
    return { scale: (yy + xx) / 2, rotation: (yx - xy) / 2, shear: yx + xy };
  };
  const found = await corrected(kernels, problem, truth.slice(), { epochs: 150 });
  expect(rmsApart(found, truth)).toBeLessThan(0.1);
  for (const axis of [0, 1]) expect(Math.abs(meanOf(found, axis) - meanOf(truth, axis))).toBeLessThan(1e-9);
  const { scale, rotation, shear } = turns(found);
  expect([Math.abs(scale) < 1e-3, Math.abs(rotation) < 4e-3, Math.abs(shear) < 4e-3]).toEqual([true, true, true]);
  // What is held: left to itself the scale grows.
  const free = await corrected(kernels, problem, truth.slice(), { epochs: 75, settings: { freeScale: true } });
  expect(turns(free).scale).toBeGreaterThan(0.01);
});

describe("a scan that as a whole is off", () => {
  /** Where the scan had frames whose true places are those of the matrix 1 + `matrix`. */
  function distorted({ scan }: Problem, [yy, yx, xy, xx]: readonly number[]): Float64Array {
    const centre = [meanOf(scan.positions, 0), meanOf(scan.positions, 1)];
    return scan.positions.map((value, k) => {
      const [y, x] = [0, 1].map((axis) => scan.positions[(k & ~1) + axis] - centre[axis]);
      return value - (k % 2 === 0 ? yy * y + yx * x : xy * y + xx * x);
    });
  }
  const degree = Math.PI / 180;

  it.each([
    ["a rotation of 1°", [0, -degree, degree, 0], ([, yx, xy]: readonly number[]) => (xy - yx) / 2 / degree, {}],
    ["a shear of 1 %", [0, 0.01, 0, 0], ([, yx, xy]: readonly number[]) => (yx + xy) / 0.01, {}],
    ["a scale of 1 %", [0.01, 0, 0, 0.01], ([yy, , , xx]: readonly number[]) => (yy + xx) / 0.02, { freeScale: true }],
  ])("is found by an affine model: %s", async (_, matrix, part, more) => {
    const begun = distorted(exact, matrix);
    const settings = { positionModel: "affine", ...more };
    // A probe that is free would bend with it: astigmatism for shear, defocus for scale.
    const found = await corrected(kernels, exact, begun, { epochs: 60, said: { probeStep: 0 }, settings });
    const fit = affineFit(
      found.map((value, k) => value - begun[k]),
      begun,
    );
    expect(Math.abs(part(fit?.matrix ?? []) - 1)).toBeLessThan(0.1);
    expect(rmsApart(found, exact.scan.positions)).toBeLessThan(0.03);
  });
});
