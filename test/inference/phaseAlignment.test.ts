import { describe, expect, it } from "vitest";
import { type ComplexArray, complexZeros } from "../../src/arrays.ts";
import { createAssembler } from "../../src/inference/assemble.ts";
import { planCanvas } from "../../src/inference/canvas.ts";
import { uniformWeights } from "../../src/inference/patchWeights.ts";
import {
  alignPhases,
  type PhaseAlignment,
  type PhaseAlignmentOptions,
  rotatePatches,
} from "../../src/inference/phaseAlignment.ts";
import { Random } from "../../src/random.ts";
import { tolerances } from "../tolerances.ts";

const n = 12;
const trim = 10;

const align = (
  patches: ComplexArray,
  positions: Float64Array,
  more: Partial<PhaseAlignmentOptions> = {},
): Promise<PhaseAlignment> =>
  alignPhases(patches, positions, {
    canvas: planCanvas(positions, trim),
    trim,
    weights: uniformWeights(trim),
    ...more,
  });

/** A smooth object given by a formula, so that windows at any sub-pixel position are exact. */
const objectAt = (y: number, x: number): [number, number] => {
  const amplitude = 1 + 0.3 * Math.sin(0.31 * y) * Math.cos(0.17 * x);
  const phase = 0.8 * Math.sin(0.13 * y + 0.21 * x);
  return [amplitude * Math.cos(phase), amplitude * Math.sin(phase)];
};

function windows(positions: Float64Array): ComplexArray {
  const patches = complexZeros([positions.length / 2, n, n]);
  for (let k = 0; k < positions.length / 2; k++)
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++)
        patches.data.set(
          objectAt(positions[2 * k] - n / 2 + i, positions[2 * k + 1] - n / 2 + j),
          2 * ((k * n + i) * n + j),
        );
  return patches;
}

function raster(random: Random, rows: number, columns: number, step: number): Float64Array {
  const positions = new Float64Array(2 * rows * columns);
  for (let k = 0; k < rows * columns; k++) {
    positions[2 * k] = 20 + step * Math.floor(k / columns) + 0.8 * random.uniform();
    positions[2 * k + 1] = 20 + step * (k % columns) + 0.8 * random.uniform();
  }
  return positions;
}

const turn = (a: number): number => Math.abs(Math.atan2(Math.sin(a), Math.cos(a)));

describe("phase alignment from overlaps", () => {
  it("finds scrambled phases up to one common phase, and with them the object", async () => {
    const random = new Random(5);
    const positions = raster(random, 6, 7, 4);
    const scrambled = Float64Array.from({ length: 42 }, () => 2 * Math.PI * random.uniform());
    const patches = windows(positions);
    rotatePatches(patches, scrambled);
    const { phases, components, converged } = await align(patches, positions);
    expect(components).toBe(1);
    expect(converged).toBe(true);
    const common = phases[0] + scrambled[0];
    for (let k = 0; k < 42; k++) expect(turn(phases[k] + scrambled[k] - common)).toBeLessThan(tolerances.alignedPhase);
  });

  it("puts no ramp where there was none: alike patches that are tilted stay where they are, and level", async () => {
    const tilt = [0.03, -0.02] as const;
    for (const scrambled of [0, 0.2]) {
      const random = new Random(3);
      const positions = raster(random, 9, 11, 4);
      const patches = complexZeros([99, n, n]);
      for (let k = 0; k < 99; k++) {
        const own = scrambled * random.normal();
        for (let i = 0; i < n; i++)
          for (let j = 0; j < n; j++) {
            const phase = tilt[0] * i + tilt[1] * j + 0.01 * ((i - 5.5) ** 2 - (j - 5.5) ** 2) + own;
            patches.data.set([Math.cos(phase), Math.sin(phase)], 2 * ((k * n + i) * n + j));
          }
      }
      const { phases, ramp } = await align(patches, positions, { tolerance: 1e-6 });
      expect(Math.hypot((ramp?.[0] ?? 0) - tilt[0], (ramp?.[1] ?? 0) - tilt[1])).toBeLessThan(0.005);
      // What is left are the patches' own phases, and no plane.
      expect(Math.max(...phases.map(turn))).toBeLessThan(scrambled === 0 ? 0.05 : 1);
      const assembler = createAssembler({
        ...{ canvas: planCanvas(positions, trim), trim, weights: uniformWeights(trim) },
        ...{ phaseAlignment: true, patches: 99 },
      });
      assembler.add(patches, positions);
      const { stitched } = await assembler.finish();
      const { width } = stitched.canvas;
      let [re, im] = [0, 0];
      // From one place to another far away, where the same patches lie: no phase.
      for (let k = 0; k < stitched.weight.length - 20 * width; k++) {
        const far = k + 20 * width;
        if (stitched.weight[k] === 0 || stitched.weight[far] === 0) continue;
        const { data } = stitched.object;
        re += data[2 * far] * data[2 * k] + data[2 * far + 1] * data[2 * k + 1];
        im += data[2 * far + 1] * data[2 * k] - data[2 * far] * data[2 * k + 1];
      }
      expect(Math.abs(Math.atan2(im, re))).toBeLessThan(0.1 * 20 * tilt[0]);
    }
  });

  it("leaves patches alone that already agree", async () => {
    const positions = raster(new Random(6), 4, 4, 4);
    const { phases } = await align(windows(positions), positions);
    for (const phase of phases) expect(turn(phase)).toBeLessThan(tolerances.alignedPhase);
  });

  it("minimises the stated sum over pairs on integer positions: no phase can be improved", async () => {
    const random = new Random(7);
    const positions = raster(random, 3, 4, 4).map(Math.round);
    const patches = windows(positions);
    for (let i = 0; i < patches.data.length; i++) patches.data[i] += 0.5 * random.normal();
    const { phases } = await align(patches, positions, { tolerance: 1e-9, maxSweeps: 500 });
    const best = pairSum(patches, positions, phases);
    for (let k = 0; k < phases.length; k++)
      for (const step of [-0.01, 0.01]) {
        const moved = phases.slice();
        moved[k] += step;
        expect(pairSum(patches, positions, moved)).toBeGreaterThan(best);
      }
  });

  it("counts parts of a scan that do not overlap and aligns each by itself", async () => {
    const random = new Random(8);
    const near = raster(random, 3, 3, 4);
    const positions = Float64Array.from([...near, ...near.map((value) => value + 100)]);
    const patches = windows(positions);
    const scrambled = Float64Array.from({ length: 18 }, () => 2 * Math.PI * random.uniform());
    rotatePatches(patches, scrambled);
    const { phases, components } = await align(patches, positions);
    expect(components).toBe(2);
    for (const first of [0, 9])
      for (let k = first; k < first + 9; k++)
        expect(turn(phases[k] + scrambled[k] - phases[first] - scrambled[first])).toBeLessThan(tolerances.alignedPhase);
  });
});

/** The objective written out, pixel by pixel, for integer positions and equal weights; the rim takes no part. */
function pairSum(patches: ComplexArray, positions: Float64Array, phases: Float64Array): number {
  const turned = { shape: patches.shape, data: patches.data.slice() };
  rotatePatches(turned, phases);
  const top = (n - trim) / 2 + 1;
  const bottom = (n + trim) / 2;
  let sum = 0;
  for (let k = 0; k < phases.length; k++)
    for (let l = 0; l < k; l++)
      for (let i = top; i < bottom; i++)
        for (let j = top; j < bottom; j++) {
          const y = i + positions[2 * k] - positions[2 * l];
          const x = j + positions[2 * k + 1] - positions[2 * l + 1];
          if (y < top || y >= bottom || x < top || x >= bottom) continue;
          const a = 2 * ((k * n + i) * n + j);
          const b = 2 * ((l * n + y) * n + x);
          sum += (turned.data[a] - turned.data[b]) ** 2 + (turned.data[a + 1] - turned.data[b + 1]) ** 2;
        }
  return sum;
}
