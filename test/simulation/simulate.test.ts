import { describe, expect, test } from "vitest";
import { complexZeros } from "../../src/arrays.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { geometricPowers, withHermiteModes } from "../../src/optics/probeModes.ts";
import { makeProbe } from "../../src/optics/probes.ts";
import { Random } from "../../src/random.ts";
import { diffract } from "../../src/simulation/diffraction.ts";
import { objectNames, probeNames, scanNames } from "../../src/simulation/options.ts";
import { simulate, simulateScan } from "../../src/simulation/simulate.ts";
import { tolerances } from "../tolerances.ts";

const n = 32;
const frames = (dataset: Dataset): Float32Array => {
  const { count, height, width } = dataset.patterns;
  const out = new Float32Array(count * height * width);
  dataset.patterns.read(
    Array.from({ length: count }, (_, k) => k),
    out,
  );
  return out;
};
const sum = (data: ArrayLike<number>): number => {
  let total = 0;
  for (let i = 0; i < data.length; i++) total += data[i];
  return total;
};
const energy = (data: ArrayLike<number>): number => {
  let total = 0;
  for (let i = 0; i < data.length; i++) total += data[i] ** 2;
  return total;
};

/** A smooth object without symmetry. */
function testObject(side: number): ReturnType<typeof complexZeros> {
  const object = complexZeros([side, side]);
  for (let i = 0; i < side; i++) {
    for (let j = 0; j < side; j++) {
      const phase = 0.8 * Math.sin(i / 5 + (j * j) / 900);
      const amplitude = 0.8 + 0.2 * Math.cos(j / 7);
      object.data[2 * (i * side + j)] = amplitude * Math.cos(phase);
      object.data[2 * (i * side + j) + 1] = amplitude * Math.sin(phase);
    }
  }
  return object;
}

describe("diffraction", () => {
  const object = testObject(64);
  const positions = Float64Array.of(30, 31, 28, 40);
  const probe = withHermiteModes(makeProbe(n, { kind: "gaussian", fwhm: 7, defocus: 20 }), geometricPowers(2, 0.4));

  test("is the sum over modes of |F(O P)|², by brute force", () => {
    const { intensity, probe: scaled } = diffract(object, probe, positions, 1e4);
    for (const [frame, u, v] of [
      [0, 16, 16],
      [1, 13, 18],
      [1, 20, 9],
    ] as const) {
      let expected = 0;
      for (let m = 0; m < 2; m++) {
        let [re, im] = [0, 0];
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < n; j++) {
            const o = 2 * ((positions[2 * frame] - 16 + i) * 64 + positions[2 * frame + 1] - 16 + j);
            const p = 2 * ((m * n + i) * n + j);
            const wr = object.data[o] * scaled.data[p] - object.data[o + 1] * scaled.data[p + 1];
            const wi = object.data[o] * scaled.data[p + 1] + object.data[o + 1] * scaled.data[p];
            const angle = (-2 * Math.PI * ((u - 16) * (i - 16) + (v - 16) * (j - 16))) / n;
            re += wr * Math.cos(angle) - wi * Math.sin(angle);
            im += wr * Math.sin(angle) + wi * Math.cos(angle);
          }
        }
        expected += (re * re + im * im) / (n * n);
      }
      expect(intensity[(frame * n + u) * n + v] / expected).toBeCloseTo(1, 4);
    }
  });

  test("has the dose asked for on average, and the scaled probe carries it through an empty object", () => {
    const { intensity } = diffract(object, probe, positions, 1e4);
    expect(sum(intensity) / 2 / 1e4).toBeCloseTo(1, 6);
    const empty = complexZeros([64, 64]);
    for (let i = 0; i < 64 * 64; i++) empty.data[2 * i] = 1;
    const direct = diffract(empty, probe, positions, 5e3);
    expect(energy(direct.probe.data) / 5e3).toBeCloseTo(1, 5);
  });

  test("refuses darkness", () => {
    expect(() => diffract(complexZeros([64, 64]), probe, positions, 1e4)).toThrow(/needs light/);
    expect(() => diffract(object, probe, positions, 0)).toThrow(/needs light/);
  });
});

describe("a flickering beam", () => {
  const options = { n: 32, patterns: 400, seed: 5, photons: 2e4, noise: false } as const;

  test("has the deviation asked for, mean one, and shows in the patterns' totals", () => {
    const steady = simulate(options);
    const flickering = simulate({ ...options, intensityJitter: 0.2 });
    const factors = flickering.frameIntensities!;
    expect(steady.frameIntensities).toBeUndefined();
    expect(factors.reduce((a, b) => a + b, 0) / 400).toBeCloseTo(1, 10);
    const deviation = Math.sqrt(factors.reduce((a, b) => a + (b - 1) ** 2, 0) / 400);
    // The standard error of a standard deviation of 400 numbers is 1/√800 of it; four of them, and the long tail.
    expect(Math.abs(deviation / 0.2 - 1)).toBeLessThan(4 / Math.sqrt(800) + 0.05);
    const [plain, bright] = [new Float32Array(32 * 32), new Float32Array(32 * 32)];
    for (const frame of [0, 17, 399]) {
      steady.patterns.read([frame], plain);
      flickering.patterns.read([frame], bright);
      expect(sum(bright) / sum(plain)).toBeCloseTo(factors[frame], 5);
    }
  });
});

describe("a simulated dataset", () => {
  const options = { n, patterns: 40, seed: 5, photons: 2e4 } as const;

  test.each(objectNames.flatMap((object) => probeNames.map((probe) => [object, probe] as const)))(
    "of %s under %s has the dose, counts and truth it should",
    (object, probe) => {
      const dataset = simulate({ ...options, object, probe });
      const counts = frames(dataset);
      expect(dataset.patterns).toMatchObject({ count: 40, height: n, width: n });
      expect(counts.every((k) => Number.isInteger(k) && k >= 0)).toBe(true);
      // The total of all patterns is one Poisson number of mean 8e5: five standard deviations.
      expect(Math.abs(sum(counts) - 8e5)).toBeLessThan(5 * Math.sqrt(8e5));
      expect(dataset.photonsPerPattern).toBe(2e4);
      expect(dataset.object).toBeDefined();
    },
  );

  test("is fixed by its seed; noise does not change object or scan", () => {
    const a = simulate(options);
    const quiet = simulate({ ...options, noise: false });
    expect(frames(simulate(options))).toEqual(frames(a));
    expect(frames(simulate({ ...options, seed: 6 }))).not.toEqual(frames(a));
    expect(quiet.object).toEqual(a.object);
    expect(quiet.positions).toEqual(a.positions);
  });

  test("is reproduced by its own object, probe and positions", () => {
    const dataset = simulate({ ...options, noise: false, modes: 3, scan: "raster" });
    expect(dataset.probe.shape).toEqual([3, n, n]);
    const again = diffract(dataset.object!, dataset.probe, dataset.positions, 2e4);
    const counts = frames(dataset);
    const largest = counts.reduce((a, b) => Math.max(a, b));
    const worst = counts.reduce((most, k, i) => Math.max(most, Math.abs(k - again.intensity[i])), 0);
    expect(worst / largest).toBeLessThan(tolerances.float32Rounding);
  });

  test("has Poisson noise: the variance of counts is their mean", () => {
    const expected = frames(simulate({ ...options, noise: false }));
    const counts = frames(simulate(options));
    let [chi2, bright] = [0, 0];
    for (let i = 0; i < counts.length; i++) {
      if (expected[i] < 5) continue;
      chi2 += (counts[i] - expected[i]) ** 2 / expected[i];
      bright++;
    }
    // Mean of χ² per pixel is 1 with a standard deviation of about √(2/bright).
    expect(bright).toBeGreaterThan(1000);
    expect(Math.abs(chi2 / bright - 1)).toBeLessThan(5 * Math.sqrt(2 / bright));
  });

  test("as amplitude is the square root of the counts", () => {
    const counts = frames(simulate(options));
    expect(frames(simulate({ ...options, measurement: "amplitude" }))).toEqual(counts.map(Math.sqrt));
  });

  test("has a beamstop that is dark and masked", () => {
    const dataset = simulate({ ...options, beamstop: 4 });
    const counts = frames(dataset);
    const { data } = dataset.mask!;
    // Pixels at most 2 away from the centre: 13.
    expect(data.length - sum(data)).toBe(13);
    expect(data[16 * n + 16]).toBe(0);
    for (let i = 0; i < counts.length; i++) if (data[i % (n * n)] === 0) expect(counts[i]).toBe(0);
  });

  test("reports nominal positions that differ from the true ones by the stage's error", () => {
    const exact = simulate({ ...options, noise: false });
    const dataset = simulate({ ...options, noise: false, positionError: 0.5 });
    expect(exact.nominalPositions).toBeUndefined();
    expect(frames(dataset)).toEqual(frames(exact));
    const errors = dataset.nominalPositions!.map((value, k) => value - dataset.positions[k]);
    expect(Math.sqrt(energy(errors) / errors.length)).toBeCloseTo(0.5, 1);
  });

  test.each(scanNames)("keeps every window of a %s scan inside the object", (scan) => {
    const { positions, object } = simulate({ ...options, scan });
    for (let k = 0; k < positions.length; k++) {
      expect(positions[k] - n / 2).toBeGreaterThanOrEqual(0);
      expect(positions[k] + n / 2).toBeLessThanOrEqual(object!.shape[k % 2]);
    }
  });

  test("of 1000 patterns of 64² takes about a second", () => {
    const start = performance.now();
    simulate({ n: 64, patterns: 1000, seed: 3 });
    // Ten times the time of an idle core, so that a busy machine does not fail it.
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

test("a single pattern of a given object and probe can be simulated too", () => {
  const dataset = simulateScan({
    object: testObject(48),
    probe: makeProbe(n, { kind: "airy", pupilRadius: 5 }),
    positions: Float64Array.of(24, 24),
    photons: 1e3,
    noise: new Random(1),
  });
  expect(dataset.patterns.count).toBe(1);
});

test("refuses options that make no sense", () => {
  expect(() => simulate({ n, patterns: 0 })).toThrow(/patterns/);
  expect(() => simulate({ n: 4.5, patterns: 3 })).toThrow(/^n: out of range for a simulation/);
  expect(() => simulate({ n, patterns: 3, object: "line" as "lines" })).toThrow(/did you mean "lines"/i);
  expect(() => simulate({ n, patterns: 3, jitter: 0.1 })).toThrow(/raster/);
  expect(() => simulate({ n, patterns: 3, modePowerRatio: 0.1 })).toThrow(/one mode/);
  expect(() => simulate({ n, patterns: 3, positionError: -1 })).toThrow(/positionError.*from 0 to/);
  expect(() => simulate({ n, patterns: 30, objectSize: [32, 32] })).toThrow(/does not fit the object/);
});

test.each([
  [{ n: 100_000 }, /^n: out of range for a simulation; expected an integer from 8 to 4096; got 100000/],
  [{ patterns: 1e9 }, /^patterns/],
  [{ photons: 1e308 }, /^photons/],
  [{ photons: Number.NaN }, /^photons/],
  [{ photons: 0 }, /^photons/],
  [{ modes: 100_000 }, /^modes/],
  [{ modes: 900, n: 1024 }, /probe of this simulation would not fit/],
  [{ step: 1e308 }, /^step/],
  [{ step: 1e5, patterns: 400 }, /object of this simulation would not fit/],
  [{ smoothing: Number.POSITIVE_INFINITY }, /^smoothing/],
  [{ intensityJitter: 1e300 }, /^intensityJitter/],
  [{ beamstop: -1 }, /^beamstop/],
  [{ seed: 1e17 }, /^seed/],
  [{ contrast: { phase: [0, 1e300] as [number, number] } }, /^contrast/],
])("refuses what no machine can hold: %j", (options, message) => {
  expect(() => simulate({ n: 32, patterns: 4, ...options })).toThrow(message);
});
