/**
 * An object of another program compared with a reference: found where it lies, and freed of what diffraction leaves open
 * (global phase, scale, phase ramp) before anything is measured.
 *
 *     npx tsx examples/score.ts
 */
import { type ComplexArray, evaluateReconstruction, simulate } from "ptychonaut";

const truth = simulate({ n: 64, patterns: 60, object: "deadLeaves", photons: 1e5, seed: 5 }).object;
if (truth === undefined) throw new Error("a simulated scan has its object");
const [height, width] = truth.shape as [number, number];

// What another program might leave: a part of the object, turned by half a radian, twice as bright, with a phase ramp.
const [top, left] = [21, 13];
const [rows, columns] = [height - 40, width - 40];
const theirs: ComplexArray = { shape: [rows, columns], data: new Float32Array(2 * rows * columns) };
for (let y = 0; y < rows; y++)
  for (let x = 0; x < columns; x++) {
    const angle = 0.5 + 0.02 * x - 0.01 * y;
    const [c, s] = [2 * Math.cos(angle), 2 * Math.sin(angle)];
    const from = 2 * ((y + top) * width + x + left);
    const to = 2 * (y * columns + x);
    const [re, im] = [truth.data[from], truth.data[from + 1]];
    theirs.data[to] = c * re - s * im;
    theirs.data[to + 1] = s * re + c * im;
  }

const metrics = evaluateReconstruction(theirs, truth, { locate: true });
console.log(`complex error ${metrics.complexError.toExponential(1)}, phase SSIM ${metrics.phase.ssim?.toFixed(4)}`);
console.log(metrics.gauge);
