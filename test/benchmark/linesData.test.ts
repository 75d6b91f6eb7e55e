import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { amplitudeOf, type ComplexArray, phaseOf } from "../../src/arrays.ts";
import { type GridGeometry, gridPositions } from "../../src/benchmark/geometry.ts";
import { benchmarkProbe, checkSetup, type LinesSetup, simulateSplit } from "../../src/benchmark/linesData.ts";
import { amplitudeUnit, linesImage, stacked } from "../../src/benchmark/linesObject.ts";
import { openNpz } from "../../src/formats/npz.ts";
import { extractPatch } from "../../src/optics/sampling.ts";
import { Random } from "../../src/random.ts";
import { diffract } from "../../src/simulation/diffraction.ts";
import { dataFile } from "../fixtures.ts";
import { probeFactor } from "../parity/reference/scaling.ts";
import { tolerances } from "../tolerances.ts";

const setup: LinesSetup = {
  ...{ n: 32, gridsize: 1, images: 2, size: 96, setPhi: true },
  ...{ probe: "ideal", probeScaling: "pad_extrapolate", probeSmoothing: 0.5, nphotons: 1e9, dataSeed: 5 },
};

interface Moments {
  readonly mean: number;
  readonly deviation: number;
}

function momentsOf(values: ArrayLike<number>): Moments {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    sum += values[i];
    squares += values[i] ** 2;
  }
  const mean = sum / values.length;
  return { mean, deviation: Math.sqrt(squares / values.length - mean ** 2) };
}

describe("images", () => {
  const image = linesImage(96, true, new Random(4));
  const [amplitude, phase] = [amplitudeOf(image), phaseOf(image)];

  it("have the phase π tanh((I − max/2) / (3 mean)) of their own amplitude", () => {
    const { mean } = momentsOf(amplitude);
    const highest = Math.max(...amplitude);
    phase.forEach((value, k) => {
      expect(value).toBeCloseTo(Math.PI * Math.tanh((amplitude[k] - highest / 2) / (3 * mean)), 5);
    });
  });

  it("have no phase unless asked for", () => {
    const flat = linesImage(96, false, new Random(4));
    expect(amplitudeOf(flat).every((value, k) => Math.abs(value - amplitude[k]) < 1e-5)).toBe(true);
    expect(phaseOf(flat).every((value) => value === 0)).toBe(true);
  });
});

describe("the unit of amplitude", () => {
  it.each([1, 2])("is the mean over groups of a group's largest amplitude, gridsize %i", (gridsize) => {
    const object = stacked([linesImage(60, false, new Random(1)), linesImage(60, false, new Random(2))]);
    const geometry: GridGeometry = { size: 60, n: 32, gridsize, images: 2, offset: 4, outerOffset: 8 };
    const amplitude = amplitudeOf(object);
    const window = 32 + 4 * (gridsize - 1);
    const largest: number[] = [];
    for (const image of [0, 60]) {
      for (let top = 0; top + window <= 60; top += 4) {
        for (let left = 0; left + window <= 60; left += 4) {
          let high = 0;
          for (let y = 0; y < window; y++) {
            for (let x = 0; x < window; x++) high = Math.max(high, amplitude[(image + top + y) * 60 + left + x]);
          }
          largest.push(high);
        }
      }
    }
    expect(amplitudeUnit(object, geometry)).toBeCloseTo(momentsOf(largest).mean, 6);
  });
});

describe("data", () => {
  const probe = benchmarkProbe(setup);
  const train = simulateSplit(setup, "train", probe);
  const test = simulateSplit(setup, "test", probe);

  it("have the dose that was asked for, and a unit object", () => {
    const { dataset } = train;
    const frames = [...Array(dataset.patterns.count).keys()];
    const values = new Float32Array(frames.length * 32 * 32);
    dataset.patterns.read(frames, values);
    const photons = values.reduce((sum, value) => sum + value * value, 0) / frames.length;
    // Hundreds of patterns of 1e9 photons: noise of 2e-6; float32 amplitudes.
    expect(photons / 1e9).toBeCloseTo(1, 4);
    expect(momentsOf(amplitudeOf(dataset.object!)).mean * train.amplitudeUnit).toBeCloseTo(
      momentsOf(amplitudeOf(stacked(imagesOf("train")))).mean,
      3,
    );
  });

  /** The images again, from the same seed by the same streams. */
  function imagesOf(split: "train" | "test"): ComplexArray[] {
    const root = new Random(setup.dataSeed);
    const streams = { train: root.fork(), test: root.fork() };
    streams[split].fork();
    return [0, 1].map(() => linesImage(96, true, streams[split].fork()));
  }

  it("test on other images than they train on, with the same probe", () => {
    expect(test.dataset.object!.data).not.toEqual(train.dataset.object!.data);
    expect(test.dataset.probe).toEqual(train.dataset.probe);
    expect(train.dataset.patterns.count).toBe(2 * 17 ** 2);
    expect(test.dataset.patterns.count).toBe(2 * 7 ** 2);
  });

  it("are fixed by their seed, and one image more leaves the first as it was", () => {
    expect(simulateSplit(setup, "test", probe).dataset.object).toEqual(test.dataset.object);
    const one = simulateSplit({ ...setup, images: 1 }, "test", probe);
    const scale = one.amplitudeUnit / test.amplitudeUnit;
    one.dataset.object!.data.forEach((value, k) => {
      expect(value * scale).toBeCloseTo(test.dataset.object!.data[k], 5);
    });
  });

  it("refuse settings out of range, and a measured probe without its file", () => {
    expect(() => checkSetup({ ...setup, images: 0 })).toThrow(/images/);
    expect(() => checkSetup({ ...setup, size: 20 })).toThrow(/at least 32/);
    expect(() => checkSetup({ ...setup, nphotons: 0 })).toThrow(/light/);
    expect(() => benchmarkProbe({ ...setup, probe: "experimental" })).toThrow(/probe_file/);
  });
});

const run1084 = dataFile("run1084_probe_object.npz");

describe("the published statistics of the N = 128 data", () => {
  /** Statistics of one set in the reference system's units: every 20th pixel's patterns, averaged over images. */
  function statistics(): { diffraction: Moments; illuminated: Moments; phase: Moments } {
    const [n, images] = [128, 2];
    const guess = openNpz(readFileSync(run1084!)).readNumbers("probeGuess");
    const measured: ComplexArray = { shape: [1, 64, 64], data: Float32Array.from(guess.data) };
    const given = benchmarkProbe({ ...setup, n, probe: "experimental" }, measured);
    const disk = Float64Array.from({ length: n * n }, (_, k) =>
      Math.hypot(Math.floor(k / n) - 63.5, (k % n) - 63.5) <= n / 4 ? 1 : 0,
    );
    const factor = probeFactor(given, 4, disk);
    const probe: ComplexArray = { shape: given.shape, data: given.data.map((value) => factor * value) };
    const random = new Random(1);
    const raw = stacked(Array.from({ length: images }, () => linesImage(392, true, random.fork())));
    const unit = amplitudeUnit(raw, { size: 392, n, gridsize: 1, images, offset: 4, outerOffset: 8 });
    const object: ComplexArray = { shape: raw.shape, data: raw.data.map((value) => value / unit) };
    const positions = gridPositions({ size: 392, n, gridsize: 1, images, offset: 4, outerOffset: 80 });
    const frames = positions.length / 2;
    const [illuminated, phase] = [new Float32Array(frames * n * n), new Float32Array(frames * n * n)];
    const amplitude = amplitudeOf(probe);
    for (let k = 0; k < frames; k++) {
      const patch = extractPatch(object, positions[2 * k], positions[2 * k + 1], n);
      for (let i = 0; i < n * n; i++) {
        illuminated[k * n * n + i] = Math.hypot(patch[2 * i], patch[2 * i + 1]) * amplitude[i];
        phase[k * n * n + i] = Math.atan2(patch[2 * i + 1], patch[2 * i]);
      }
    }
    // Parseval: a pattern holds the energy of its exit wave.
    const energy = illuminated.reduce((sum, value) => sum + value * value, 0) / frames;
    const { intensity } = diffract(object, probe, positions, energy);
    return {
      diffraction: momentsOf(intensity.map(Math.sqrt)),
      illuminated: momentsOf(illuminated),
      phase: momentsOf(phase),
    };
  }

  it.skipIf(run1084 === undefined)("come out in the means (run1084_probe_object.npz of PTYCHONAUT_DATA)", () => {
    const { diffraction, illuminated, phase } = statistics();
    const { publishedMean, publishedPhase } = tolerances.linesStatistics;
    expect(Math.abs(diffraction.mean - 0.3083)).toBeLessThan(publishedMean);
    expect(Math.abs(illuminated.mean - 0.2008)).toBeLessThan(publishedMean);
    expect(Math.abs(phase.mean - 0.1766)).toBeLessThan(publishedPhase);
    expect(Math.abs(phase.deviation - 0.2627)).toBeLessThan(publishedPhase);
  });
});
