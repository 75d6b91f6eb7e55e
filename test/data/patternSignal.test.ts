import { describe, expect, it } from "vitest";
import { memoryPatterns } from "../../src/data/memoryPatterns.ts";
import { type PatternSignal, patternSignal, rootVariance } from "../../src/data/patternSignal.ts";
import { Random } from "../../src/random.ts";

const side = 32;
const size = side * side;
const patterns = 100;

/** Patterns that hold so many counts a pixel, each changed by a smooth image of its own, and then by `detector`. */
function signalOf(
  rate: number,
  change: number,
  detector: (counts: Float32Array) => Float32Array = (k) => k,
): PatternSignal {
  const random = new Random(3);
  const data = new Float32Array(patterns * size);
  for (let p = 0; p < patterns; p++) {
    const [u, v] = [2 * Math.PI * random.uniform(), 2 * Math.PI * random.uniform()];
    const counts = Float32Array.from({ length: size }, (_, i) => {
      const wave = Math.SQRT2 * Math.cos((2 * Math.PI * 2 * (i % side)) / side + u + v);
      return random.poisson(rate * (1 + change * wave) ** 2);
    });
    data.set(detector(counts), p * size);
  }
  const dataset = { patterns: memoryPatterns(data, [patterns, side, side]), measurement: "counts" as const };
  const frames = Array.from({ length: patterns }, (_, k) => k);
  // Network input x = 0.1 √k, so k = 100 x².
  return patternSignal({ dataset, scales: { inputScale: 0.1 }, frames }, 100) as PatternSignal;
}

describe("what of the patterns' spread is more than counting", () => {
  it.each([
    [20, 0.05],
    [100, 0.02],
    [8, 0.1],
  ])("is the change of the amplitudes that was put in: %d counts, %d", (rate, change) => {
    const signal = signalOf(rate, change);
    expect(signal.contrast / change).toBeCloseTo(1, 1);
    expect(signal.noise / (0.5 / Math.sqrt(rate))).toBeCloseTo(1, 0);
    expect(signal.deviations).toBeCloseTo(signal.contrast / signal.noise, 6);
    expect(signal.deviations).toBeGreaterThan(signal.seenFrom);
    // A wave of sixteen pixels: neighbours vary together, by less than each varies.
    expect(signal.shared).toBeLessThan(signal.excess);
    expect(signal.shared).toBeGreaterThan(0.7 * signal.excess);
  });

  it("is none where there is none", () => {
    for (const rate of [0.3, 3, 30]) {
      const { deviations, seenFrom, excess, shared } = signalOf(rate, 0);
      expect(deviations).toBeLessThan(seenFrom);
      expect(Math.abs(excess)).toBeLessThan(0.03);
      expect(Math.abs(shared)).toBeLessThan(0.03);
    }
  });

  it("shows a detector in which a particle gives counts in two pixels", () => {
    // Half of the counts again in the next pixel.
    const { shared, excess } = signalOf(20, 0, (counts) =>
      counts.map((k, i) => k + (i % side === 0 ? 0 : counts[i - 1])),
    );
    // Each count is of 2 pixels' particles: their covariance is half of the mean, and each still counts as Poisson does.
    expect(shared).toBeCloseTo(0.5, 1);
    expect(Math.abs(excess)).toBeLessThan(0.05);
  });

  it("says nothing of a single pattern", () => {
    const one = {
      patterns: memoryPatterns(new Float32Array(size).fill(4), [1, side, side]),
      measurement: "counts" as const,
    };
    expect(patternSignal({ dataset: one, scales: { inputScale: 1 }, frames: [0] }, 1)).toBeUndefined();
  });
});

it.each([
  [0.01, 0.01 - 0.01 ** 2, 4],
  [1, 1 - 0.7732 ** 2, 3],
  [49.9, 0.25 * (1 + 0.375 / 49.9), 3],
  [1e4, 0.25, 4],
])("the root of Poisson counts of mean %d has the variance %d", (rate, variance, digits) => {
  expect(rootVariance(rate)).toBeCloseTo(variance, digits);
});
