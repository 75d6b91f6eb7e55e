import { describe, expect, it } from "vitest";
import type { NpyArray } from "../../../src/formats/npy.ts";
import { writeNpz } from "../../../src/formats/npz.ts";
import { correctedPositions } from "../../../src/scans/prepare/positions.ts";
import { readScanNpz } from "../../../src/scans/scanNpz.ts";
import type { ScanOptions } from "../../../src/scans/scanOptions.ts";

const N = 8;

/** A scan of patterns of ones at the places given, (y, x). */
function file(places: readonly (readonly [number, number])[] | undefined, leading: readonly number[], object = false) {
  const count = leading.reduce((product, n) => product * n, 1);
  const column = (axis: 0 | 1): NpyArray => ({
    shape: [count],
    dtype: "float64",
    data: Float64Array.from(places ?? [], (place) => place[axis]),
  });
  return writeNpz({
    diff3d: { shape: [...leading, N, N], dtype: "float32", data: new Float32Array(count * N * N).fill(1) },
    probeGuess: { shape: [N, N], dtype: "complex64", data: new Float32Array(2 * N * N).fill(1) },
    object_pixel_m: { shape: [], dtype: "float64", data: Float64Array.of(2e-10) },
    ...(places === undefined ? {} : { ycoords: column(0), xcoords: column(1) }),
    ...(object
      ? {
          objectGuess: {
            shape: [41, 61],
            dtype: "complex64",
            data: Float32Array.from({ length: 2 * 41 * 61 }, (_, i) => 1 + (i % 7) / 7),
          },
        }
      : {}),
  });
}

const pairs = (positions: Float64Array): [number, number][] =>
  Array.from({ length: positions.length / 2 }, (_, k) => [positions[2 * k], positions[2 * k + 1]]);
const read = (bytes: Uint8Array, options: ScanOptions) => readScanNpz(bytes, options);

describe("positions", () => {
  const corrected = (place: readonly [number, number], options: Parameters<typeof correctedPositions>[1]) =>
    pairs(correctedPositions(Float64Array.from(place), options, [10, 20]))[0];

  it("turn from +x towards +y: clockwise with rows going down", () => {
    // One to the right of the fixed point goes one below it.
    expect(corrected([10, 21], { positionRotation: 90 })).toEqual([11, 20]);
    expect(corrected([11, 20], { positionRotation: 90 })).toEqual([10, 19]);
    expect(corrected([10, 21], { positionRotation: -90 })).toEqual([9, 20]);
    expect(corrected([13, 24], { positionRotation: 180 })).toEqual([7, 16]);
    const [y, x] = corrected([10, 22], { positionRotation: 30 });
    expect(y).toBeCloseTo(11, 12);
    expect(x).toBeCloseTo(20 + Math.sqrt(3), 12);
  });

  it("are exchanged, turned round, scaled and rotated in this order", () => {
    expect(corrected([13, 21], { positionSwap: true })).toEqual([11, 23]);
    expect(corrected([13, 21], { positionFlip: "y" })).toEqual([7, 21]);
    expect(corrected([13, 21], { positionFlip: "x" })).toEqual([13, 19]);
    expect(corrected([13, 21], { positionScale: "2" })).toEqual([16, 22]);
    expect(corrected([13, 21], { positionScale: "2, 0.5" })).toEqual([16, 20.5]);
    // (3, 1) → (1, 3) → (−1, 3) → (−2, 1.5) → (1.5, 2)
    const all = { positionSwap: true, positionFlip: "y", positionScale: "2,0.5", positionRotation: 90 } as const;
    expect(corrected([13, 21], all)).toEqual([11.5, 22]);
  });

  it("come back: twice turned round, four times a quarter, there and back", () => {
    const places = Float64Array.from({ length: 20 }, (_, i) => (i * 37) % 11);
    const twice = (options: Parameters<typeof correctedPositions>[1]) =>
      correctedPositions(correctedPositions(places, options, [3, 4]), options, [3, 4]);
    expect(twice({ positionSwap: true })).toEqual(places);
    expect(twice({ positionFlip: "yx" })).toEqual(places);
    expect(twice({ positionRotation: 180 })).toEqual(places);
    const there = correctedPositions(places, { positionRotation: 33.3 }, [3, 4]);
    correctedPositions(there, { positionRotation: -33.3 }, [3, 4]).forEach((value, i) => {
      expect(value).toBeCloseTo(places[i], 12);
    });
  });

  it("keep the object's middle, wherever positions count from, and without an object the scan's", () => {
    const places = [
      [20, 30],
      [20, 33],
      [24, 30],
    ] as const;
    const wanted = [
      [20, 30],
      [23, 30],
      [20, 26],
    ];
    const turn = { positionRotation: 90 };
    expect(pairs(read(file(places, [3], true), turn).positions)).toEqual(wanted);
    const centred = places.map(([y, x]) => [y - 20, x - 30] as const);
    expect(pairs(read(file(centred, [3], true), { ...turn, positionOrigin: "centered" }).positions)).toEqual(wanted);
    const corners = places.map(([y, x]) => [y - N / 2, x - N / 2] as const);
    expect(pairs(read(file(corners, [3], true), { ...turn, positionReference: "corner" }).positions)).toEqual(wanted);
    const free = pairs(read(file(places, [3]), { positionFlip: "x" }).positions);
    expect(free).toEqual([
      [20, 33],
      [20, 30],
      [24, 33],
    ]);
  });

  it("say what was done", () => {
    const { provenance } = read(file([[5, 5]], [1]), { positionSwap: true, positionRotation: -126, positionFlip: "x" });
    expect(provenance.conversions.join()).toContain(
      "positions y and x exchanged, then x turned round, then rotated by -126° from +x towards +y",
    );
    expect(provenance.conventions).toMatchObject({ position_swap: "true", position_rotation: "-126" });
    expect(() => read(file([[5, 5]], [1]), { positionScale: "-1" })).toThrow(/no scale of positions/);
  });
});

describe("a raster", () => {
  it("is laid out row by row from the patterns' leading axes, two pixels inside", () => {
    const { positions, provenance } = read(file(undefined, [2, 3]), {
      scanStep: 6,
      positionUnit: "angstrom",
    });
    // Pixels of 2 Å, windows of 8: the first centre at 2 + 4.
    expect(pairs(positions)).toEqual([6, 9].flatMap((y) => [6, 9, 12].map((x) => [y, x])));
    expect(provenance.conversions.join()).toContain("positions of a raster of 2 × 3, 6 angstrom apart");
  });

  it("turns as positions do, and lies about the middle of an object", () => {
    const turned = pairs(read(file(undefined, [2, 3], true), { scanStep: 4, positionRotation: 90 }).positions);
    const rows = [-2, 2].flatMap((y) => [-4, 0, 4].map((x) => [20 + x, 30 - y]));
    expect(turned).toEqual(rows);
  });

  it("has one step along y and x, whatever the detector's sides before they are cut", () => {
    const wide = (extra: Record<string, NpyArray>): Uint8Array =>
      writeNpz({
        diff3d: { shape: [2, 3, N, 12], dtype: "float32", data: new Float32Array(6 * N * 12).fill(1) },
        probeGuess: { shape: [N, N], dtype: "complex64", data: new Float32Array(2 * N * N).fill(1) },
        ...extra,
      });
    const number = (value: number): NpyArray => ({ shape: [], dtype: "float64", data: Float64Array.of(value) });
    const steps = (bytes: Uint8Array, options: ScanOptions): number[] => {
      const [first, right, , below] = pairs(read(bytes, { cropTo: N, ...options }).positions);
      return [below[0] - first[0], right[1] - first[1]];
    };
    const close = (found: number[], wanted: number): void => {
      for (const value of found) expect(value).toBeCloseTo(wanted, 9);
    };
    // Of the window of 8: λ z / (8 p) = 2.5 nm, or as it is said to be.
    const known = wide({
      wavelength_m: number(1e-10),
      detector_distance_m: number(2),
      detector_pixel_m: number(1e-2),
    });
    close(steps(known, { scanStep: 10, positionUnit: "nm" }), 4);
    close(steps(wide({ object_pixel_m: number(5e-9) }), { scanStep: 10, positionUnit: "nm" }), 2);
    close(steps(known, { scanStep: 3 }), 3);
    expect(read(known, { cropTo: N, scanStep: 3 }).geometry?.objectPixelM).toBeCloseTo(2.5e-9, 15);
  });

  it("of frames in one row is told its shape", () => {
    const bytes = file(undefined, [6]);
    expect(() => read(bytes, { scanStep: 1 })).toThrow(/how many rows and columns/);
    expect(read(bytes, { scanStep: 1, scanShape: "3,2" }).positions.length).toBe(12);
    expect(() => read(bytes, { scanStep: 1, scanShape: "7,2" })).toThrow(/more positions than patterns/);
    expect(() => read(bytes, { scanShape: "3,2" })).toThrow(/needs its step/);
    expect(() => read(file([[5, 5]], [1]), { scanStep: 1 })).toThrow(/positions are stated twice/);
  });
});
