import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { openArrayFile } from "../../../src/formats/containers.ts";
import { scanParts } from "../../../src/scans/registry.ts";
import { dataFile } from "../../fixtures.ts";
import { complex, fileOf, real } from "./handMade.ts";

const [N, SIDE] = [4, 21];
const pixel = 1e-8;
/** Corners of windows that an object of that side with as much room on all sides has, (row, column). */
const corners = [
  [5, 5],
  [12, 5],
  [8, 11.25],
];

/** Where the optics went, in a laboratory in which rows go down along −y and columns along −x, from anywhere. */
function written(axes: readonly (readonly [number, number, number])[]) {
  const moved = corners.map(([row, column]) =>
    [0, 1, 2].map((k) => pixel * (axes[0][k] * (row - 40) + axes[1][k] * (column + 7))),
  );
  return fileOf({
    basis: real(
      [3, 2],
      [0, 1, 2].flatMap((k) => [axes[0][k] * pixel, axes[1][k] * pixel]),
    ),
    translation: real([3, 3], moved.flat()),
    probe: complex([2, N, N], new Float32Array(4 * N * N).fill(1)),
    obj: complex([SIDE, SIDE], new Float32Array(2 * SIDE * SIDE).fill(1)),
    weights: real([1, 3], [1, 2, 1]),
    wavelength: real([1, 1], [2e-9]),
    background: real([N, N], new Array(N * N).fill(3)),
  });
}

it.each([
  [
    "as usual",
    [
      [0, -1, 0],
      [-1, 0, 0],
    ],
  ],
  [
    "turned",
    [
      [1, 0, 0],
      [0, 1, 0],
    ],
  ],
] as const)("a reconstruction of cdtools: windows where the object has them, axes %s", (_, axes) => {
  const { format, parts } = scanParts(written(axes), {}, "recon.mat");
  expect(format.name).toBe("cdtools");
  const positions = parts.positions!.read();
  for (const [k, [row, column]] of corners.entries()) {
    expect(positions[2 * k]).toBeCloseTo(row, 6);
    expect(positions[2 * k + 1]).toBeCloseTo(column, 6);
  }
  expect(parts.says).toMatchObject({ positionUnit: "px", positionReference: "corner", positionsAre: "probe" });
  expect(parts.geometry).toEqual({ wavelengthM: 2e-9, objectPixelM: expect.closeTo(pixel, 15) });
  // A factor 2 of one wave of three is 4 of its intensity, of 2 in the mean.
  expect([...parts.frames!(3).frameIntensities!]).toEqual([0.5, 2, 0.5]);
  expect(parts.warnings).toEqual([expect.stringContaining("background_file=recon.mat::background")]);
});

const gold = dataFile("gold_balls_recon.mat");
it.skipIf(gold === undefined)("the gold balls: windows cover what was reconstructed", async () => {
  const file = await openArrayFile(readFileSync(gold!), "gold_balls_recon.mat");
  const { parts } = scanParts(file, {}, "gold_balls_recon.mat");
  const positions = parts.positions!.read();
  const { data, shape } = parts.object!.read();
  const [rows, columns] = shape;
  const side = parts.probe!.shape!.at(-1)!;
  const covered = new Uint8Array(rows * columns);
  for (let k = 0; k < positions.length; k += 2)
    for (let y = 0; y < side; y++) {
      const start = (Math.round(positions[k]) + y) * columns + Math.round(positions[k + 1]);
      covered.fill(1, start, start + side);
    }
  // What no window reaches keeps the value that it started with, 1; a pixel of room is for shifts below a pixel.
  let [touched, outside] = [0, 0];
  for (let i = 0; i < covered.length; i++) {
    if (Math.hypot(data[2 * i] - 1, data[2 * i + 1]) < 1e-6) continue;
    touched++;
    const near = [0, 1, columns, columns + 1].some((step) => covered[i + step] || covered[i - step]);
    if (!near) outside++;
  }
  expect(touched).toBeGreaterThan(40_000);
  expect(outside).toBe(0);
});
