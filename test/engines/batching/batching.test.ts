import { describe, expect, test } from "vitest";
import { batchings } from "../../../src/engines/batching/batching.ts";
import { Random } from "../../../src/random.ts";

const SIDE = 20;

/** A raster with jitter, in no order. */
function raster(seed: number, count = SIDE * SIDE): Float64Array {
  const random = new Random(seed);
  const order = random.shuffle(Array.from({ length: count }, (_, k) => k));
  return Float64Array.from({ length: 2 * count }, (_, i) => {
    const k = order[i >> 1];
    return 5 * (i % 2 === 0 ? Math.floor(k / SIDE) : k % SIDE) + 0.5 * random.normal();
  });
}

const every = (count: number): Int32Array => Int32Array.from({ length: count }, (_, k) => k);

/** Mean distance from a frame to the nearest of its batch. */
function nearestInBatch(batches: readonly Int32Array[], positions: Float64Array): number {
  let [sum, count] = [0, 0];
  for (const batch of batches)
    for (const a of batch) {
      let least = Number.POSITIVE_INFINITY;
      for (const b of batch)
        if (a !== b)
          least = Math.min(
            least,
            Math.hypot(positions[2 * a] - positions[2 * b], positions[2 * a + 1] - positions[2 * b + 1]),
          );
      sum += least;
      count++;
    }
  return sum / count;
}

/** Mean squared distance from the batch's centre. */
function spread(batches: readonly Int32Array[], positions: Float64Array): number {
  let [sum, count] = [0, 0];
  for (const batch of batches)
    for (let axis = 0; axis < 2; axis++) {
      const values = Array.from(batch, (frame) => positions[2 * frame + axis]);
      const mean = values.reduce((a, b) => a + b) / values.length;
      sum += values.reduce((total, value) => total + (value - mean) ** 2, 0);
      count += values.length / 2;
    }
  return sum / count;
}

describe.each(Object.entries(batchings))("%s batches", (_, batches) => {
  test.each([
    [400, 40],
    [397, 40],
    [25, 7],
    [3, 10],
    [1, 1],
  ])("of %i frames have each once, in sizes that differ by one at most", (count, size) => {
    const positions = raster(1, Math.max(count, 2));
    const frames = every(count).filter((frame) => count < 30 || frame % 3 !== 0);
    const made = batches(frames, positions, size, new Random(4));
    expect(made.flatMap((batch) => [...batch]).toSorted((a, b) => a - b)).toEqual([...frames]);
    const sizes = made.map(({ length }) => length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(size);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  });

  test("are those of the random numbers, and others in the next epoch", () => {
    const [positions, random] = [raster(2), new Random(5)];
    const first = batches(every(400), positions, 50, random);
    expect(batches(every(400), positions, 50, new Random(5))).toEqual(first);
    expect(batches(every(400), positions, 50, random)).not.toEqual(first);
  });

  test("may be of frames that all lie at one place", () => {
    const made = batches(every(50), new Float64Array(100), 10, new Random(1));
    expect(made.flatMap((batch) => [...batch]).toSorted((a, b) => a - b)).toEqual([...every(50)]);
  });
});

describe("on a jittered raster of step 5", () => {
  const positions = raster(3);
  const make = (name: string, size: number): Int32Array[] =>
    batchings[name](every(400), positions, size, new Random(7));

  test("uniform batches keep frames as far apart as a lattice of their number would, nearly", () => {
    // 400 frames of 25 pixels² in batches of 20: a square lattice has 22 pixels between them; random ones 11.
    expect(nearestInBatch(make("uniform", 20), positions)).toBeGreaterThan(0.6 * 22);
    expect(nearestInBatch(make("random", 20), positions)).toBeLessThan(0.6 * 22);
  });

  test("frames of compact batches lie within a disk of their number, nearly", () => {
    // A disk of 20 × 25 pixels² has a mean square radius of area / 2π.
    const disk = (20 * 25) / (2 * Math.PI);
    expect(spread(make("compact", 20), positions)).toBeLessThan(1.25 * disk);
    expect(spread(make("random", 20), positions)).toBeGreaterThan(10 * disk);
  });
});

test.each(Object.keys(batchings))("%s batches cost about linearly in frames", (name) => {
  const seconds = (count: number): number => {
    const positions = Float64Array.from({ length: 2 * count }, (_, i) => 500 * new Random(i).uniform());
    const start = performance.now();
    batchings[name](every(count), positions, 50, new Random(1));
    return performance.now() - start;
  };
  seconds(2000);
  // Eight times the frames: 64 times the time if it were quadratic.
  expect(Math.min(seconds(16000), seconds(16000)) / Math.max(seconds(2000), 2)).toBeLessThan(32);
});
