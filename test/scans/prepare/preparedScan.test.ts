import { describe, expect, it } from "vitest";
import type { Dataset } from "../../../src/data/dataset.ts";
import { type OrientationName, orientations } from "../../../src/data/orientations.ts";
import type { NpyArray } from "../../../src/formats/npy.ts";
import { openNpz, writeNpz } from "../../../src/formats/npz.ts";
import { extractPatch } from "../../../src/optics/sampling.ts";
import { patchDiffraction } from "../../../src/physics/patchDiffraction.ts";
import { farField } from "../../../src/physics/propagation/farField.ts";
import { readScanNpz } from "../../../src/scans/scanNpz.ts";
import type { ScanOptions } from "../../../src/scans/scanOptions.ts";
import { writeScanNpz } from "../../../src/scans/writeScanNpz.ts";
import type { SimulationOptions } from "../../../src/simulation/options.ts";
import { simulate } from "../../../src/simulation/simulate.ts";
import { tolerances } from "../../tolerances.ts";

const N = 64;
const COUNT = 12;

function simulated(options: Partial<SimulationOptions> = {}): Dataset {
  const geometry = { energyKev: 8, detectorDistanceM: 2, detectorPixelM: 75e-6 };
  return simulate({ n: N, patterns: COUNT, noise: false, photons: 1e6, seed: 3, geometry, ...options });
}

const dataset = simulated();
const arrays = (source: Dataset): Record<string, NpyArray> => {
  const npz = openNpz(writeScanNpz(source), "scan");
  return Object.fromEntries(npz.keys.map((key) => [key, npz.read(key)]));
};
const patternsKey = Object.keys(arrays(dataset)).find((key) => /^diff/.test(key)) ?? "";

/** The scan's file with frames made of its own, `[height, width]`. */
function planted(
  [height, width]: readonly [number, number],
  make: (frame: Float32Array, out: Float32Array) => void,
  others: Record<string, NpyArray> = {},
  source = dataset,
): Uint8Array {
  const all = arrays(source);
  const data = new Float32Array(COUNT * height * width);
  const frame = new Float32Array(N * N);
  for (let k = 0; k < COUNT; k++) {
    source.patterns.read([k], frame);
    make(frame, data.subarray(k * height * width, (k + 1) * height * width));
  }
  return writeNpz({ ...all, [patternsKey]: { shape: [COUNT, height, width], dtype: "float32", data }, ...others });
}

/** With its counts as they are; the contract's file would have their roots. */
const counts = (source: Dataset, others: Record<string, NpyArray> = {}): Uint8Array =>
  planted([N, N], (frame, out) => out.set(frame), others, source);

const read = (bytes: Uint8Array, options: ScanOptions): Dataset =>
  readScanNpz(bytes, { measurement: "counts", ...options });

function withoutObject(bytes: Uint8Array): Uint8Array {
  const npz = openNpz(bytes, "scan");
  const keys = npz.keys.filter((key) => key !== "objectGuess");
  return writeNpz(Object.fromEntries(keys.map((key) => [key, npz.read(key)])));
}

function frames({ patterns }: Dataset): Float32Array {
  const out = new Float32Array(patterns.count * patterns.height * patterns.width);
  patterns.read([...Array(patterns.count).keys()], out);
  return out;
}

/** Relative difference of predicted and measured amplitudes over valid pixels. */
function misfit(scan: Dataset, probe = scan.probe): number {
  const n = scan.patterns.width;
  const predict = patchDiffraction(probe, farField);
  const measured = frames(scan);
  let [difference, total] = [0, 0];
  for (let k = 0; k < COUNT; k++) {
    if (scan.object === undefined) throw new Error("no object");
    const predicted = predict(extractPatch(scan.object, scan.positions[2 * k], scan.positions[2 * k + 1], n));
    for (let i = 0; i < n * n; i++) {
      if (scan.mask?.data[i] === 0) continue;
      difference += Math.abs(Math.sqrt(measured[k * n * n + i]) - Math.sqrt(predicted[i]));
      total += Math.sqrt(measured[k * n * n + i]);
    }
  }
  return difference / total;
}

describe("the beam's centre", () => {
  // 80 × 90 pixels with the zero frequency at (37, 52), fewer on one side than a window of 64 wants below.
  const bytes = planted(
    [80, 90],
    (frame, out) => {
      for (let y = 0; y < N; y++) for (let x = 0; x < N; x++) out[(y + 5) * 90 + x + 20] = frame[y * N + x];
    },
    { probeGuess: arrays(dataset)["probeGuess"] },
  );

  it("is where it is said to be: the cut is that of the pattern before", () => {
    const scan = read(bytes, { cropTo: N, beamCenter: "37.4,51.8" });
    expect(frames(scan)).toEqual(frames(dataset));
    expect(scan.provenance.conversions.join()).toContain(
      "the beam's centre, said to be (37.4, 51.8): pixel (37, 52) goes to index floor(n/2); the rest of (0.4, -0.2) pixels",
    );
    expect(scan.mask).toBeUndefined();
  });

  it("is found by the mean pattern", () => {
    const { conversions } = read(bytes, { cropTo: N, beamCenter: "found" }).provenance;
    const [, y, x] = /found at \(([\d.]+), ([\d.]+)\)/.exec(conversions.join()) ?? [];
    // The object scatters a little to one side.
    expect(Math.hypot(Number(y) - 37, Number(x) - 52)).toBeLessThan(0.5);
    expect(frames(read(bytes, { cropTo: N, beamCenter: "found" }))).toEqual(frames(dataset));
  });

  it("at the detector's edge leaves masked pixels, also without a cut", () => {
    const shifted = planted([N, N], (frame, out) => {
      for (let y = 0; y < N - 4; y++) for (let x = 0; x < N; x++) out[y * N + x] = frame[(y + 4) * N + x];
    });
    const scan = read(shifted, { beamCenter: "28,32" });
    expect(scan.mask?.data.reduce((sum, value) => sum + value, 0)).toBe((N - 4) * N);
    expect(scan.positions).toEqual(dataset.positions);
    expect(frames(scan).slice(4 * N, N * N)).toEqual(frames(dataset).slice(4 * N, N * N));
    expect(scan.provenance.pixelRatio).toBeUndefined();
  });

  it("that is none is refused", () => {
    expect(() => read(bytes, { cropTo: N, beamCenter: "80,4" })).toThrow(/no centre of the beam.*80 x 90/);
    const dark = planted([N, N], () => {});
    expect(() => read(dark, { beamCenter: "found" })).toThrow(/no light to find the beam's centre by/);
  });
});

describe("bins", () => {
  const tight = simulated({ probe: { kind: "gaussian", fwhm: 5 }, step: 2 });
  const bytes = counts(tight);

  it("add counts; the object's pixel stays, the window shrinks, the detector's pixel grows", () => {
    const scan = read(bytes, { binBy: 2 });
    const [fine, coarse] = [frames(tight), frames(scan)];
    expect(coarse[0]).toBeCloseTo(fine[0] + fine[1] + fine[N] + fine[N + 1], 3);
    expect(scan.probe.shape).toEqual([1, 32, 32]);
    expect(scan.positions).toEqual(tight.positions);
    expect(scan.object?.data).toEqual(tight.object?.data);
    expect(scan.geometry).toEqual({ ...tight.geometry, detectorPixelM: 150e-6 });
    expect(scan.photonsPerPattern).toBeCloseTo(1e6, 0);
  });

  it.each([2, 4])(
    "of %d pixels are predicted by the probe in its smaller window, tilted to the bins' middles",
    (binBy) => {
      const scan = read(bytes, { binBy });
      const side = N / binBy;
      const cut = new Float32Array(2 * side * side);
      const start = N / 2 - side / 2;
      for (let y = 0; y < side; y++)
        cut.set(
          tight.probe.data.subarray(2 * ((y + start) * N + start), 2 * ((y + start) * N + start + side)),
          2 * y * side,
        );
      const untilted = { shape: [1, side, side], data: cut };
      // A bin is the mean over its width, not the middle's value: what is left goes as the variance of places in it.
      expect(misfit(scan)).toBeLessThan(tolerances.binnedPrediction * (binBy ** 2 - 1));
      expect(misfit(scan, untilted)).toBeGreaterThan(2 * misfit(scan));
    },
  );

  it("say what of the probe is cut off, and leave no rest", () => {
    const wide = read(counts(dataset), { binBy: 4 });
    expect(wide.provenance.warnings.join()).toMatch(
      /[\d.]+ % of the probe's energy lies outside the window of 16 × 16/,
    );
    expect(() => read(bytes, { binBy: 3 })).toThrow(/bins leave a rest; .*`crop_to=63`/);
    const odd = read(bytes, { cropTo: 63, binBy: 3 });
    expect(odd.patterns.width).toBe(21);
    expect(misfit(odd)).toBeLessThan(tolerances.binnedPrediction * (3 ** 2 - 1));
  });
});

describe("the detector's orientation", () => {
  const names = Object.keys(orientations) as OrientationName[];
  /** Where a pixel of the turned image is from, by the definition in words: exchange, then turn round about floor(n/2). */
  const source = (name: OrientationName, y: number, x: number): [number, number] => {
    const { transposed, flippedY, flippedX } = orientations[name];
    const [row, column] = [flippedY ? (N - y) % N : y, flippedX ? (N - x) % N : x];
    return transposed ? [column, row] : [row, column];
  };

  it.each(names)("%s undoes a detector that is turned the other way; probe, positions and object stay", (name) => {
    const bytes = planted([N, N], (frame, out) => {
      for (let y = 0; y < N; y++)
        for (let x = 0; x < N; x++) {
          const [row, column] = source(name, y, x);
          out[row * N + column] = frame[y * N + x];
        }
    });
    const scan = read(bytes, { detectorOrientation: name });
    expect(frames(scan)).toEqual(frames(dataset));
    expect([scan.positions, scan.probe.data, scan.object?.data]).toEqual([
      dataset.positions,
      dataset.probe.data,
      dataset.object?.data,
    ]);
    expect(misfit(scan)).toBeLessThan(tolerances.samePrediction);
    expect(misfit(read(bytes, {}))).toBeGreaterThan(0.05);
  });

  it("transposed with positions exchanged is the scan of the object transposed", () => {
    const transposed = (image: { shape: readonly number[]; data: Float32Array }): NpyArray => {
      const [height, width] = image.shape.slice(-2);
      const data = new Float32Array(2 * height * width);
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++)
          for (const part of [0, 1]) data[2 * (x * height + y) + part] = image.data[2 * (y * width + x) + part];
      return { shape: [width, height], dtype: "complex64", data };
    };
    if (dataset.object === undefined) throw new Error("no object");
    // Without an object positions turn about the scan's middle: the shift is put back.
    const npz = withoutObject(counts(dataset, { probeGuess: transposed(dataset.probe) }));
    const turned = read(npz, { detectorOrientation: "transpose", positionSwap: true });
    const middle = [0, 1].map((axis) => {
      const own = dataset.positions.filter((_, i) => i % 2 === axis);
      return (Math.max(...own) + Math.min(...own)) / 2;
    });
    const positions = turned.positions.map((value, i) => value + middle[1 - (i % 2)] - middle[i % 2]);
    const object = transposed(dataset.object);
    const scan = { ...turned, positions, object: { shape: object.shape, data: object.data as Float32Array } };
    expect(misfit(scan)).toBeLessThan(tolerances.samePrediction);
    expect(misfit({ ...scan, positions: dataset.positions })).toBeGreaterThan(0.05);
  });

  it("of a quarter needs square patterns", () => {
    const bytes = planted([N, 80], () => {}, { probeGuess: { ...arrays(dataset)["probeGuess"], shape: [N, N] } });
    expect(() => read(bytes, { detectorOrientation: "rotate90" })).toThrow(/only square patterns.*`crop_to=64`/);
  });
});

describe("values", () => {
  it("lose a background, and it is said how much", () => {
    const bytes = planted([N, N], (frame, out) => out.set(frame.map((value) => value + 7)));
    const scan = read(bytes, { background: 7 });
    const [found, wanted] = [frames(scan), frames(dataset)];
    for (let i = 0; i < found.length; i += 97) expect(found[i]).toBeCloseTo(wanted[i], 1);
    const total = wanted.reduce((sum, value) => sum + value, 0);
    const share = (100 * (7 * wanted.length)) / (total + 7 * wanted.length);
    expect(scan.provenance.conversions.join()).toContain(
      `background of 7 counts taken off, never below zero: ${share.toPrecision(3)} % of the counts`,
    );
    expect(scan.photonsPerPattern).toBeCloseTo(1e6 * (1 - share / 100), -3);
  });

  it("below a threshold are zero, and counts become photons", () => {
    const scan = read(counts(dataset), { threshold: 50, countsPerPhoton: 10 });
    expect(frames(scan)).toEqual(frames(dataset).map((value) => (value < 50 ? 0 : value / 10)));
    expect(scan.provenance.conversions.join()).toMatch(/fewer than 50 counts made zero: [\d.]+ % of the counts/);
    expect(scan.provenance.conventions).toMatchObject({ threshold: "50", counts_per_photon: "10" });
  });

  it("of bad pixels are masked where they are found", () => {
    const bytes = planted([N, N], (frame, out) => {
      out.set(frame);
      out[30 * N + 28] = 0;
      out[2 * N + 3] = 4000;
      out.fill(0, 36 * N, 38 * N);
    });
    const scan = read(bytes, { findBadPixels: true });
    expect(scan.mask?.data.filter((value) => value === 0).length).toBe(2 * N + 2);
    expect(scan.provenance.conversions.join()).toContain(
      "bad pixels found in the patterns and masked: 1 dead pixel, 1 hot pixel, rows 36 to 37",
    );
    // Before the patterns are turned.
    const turned = read(bytes, { findBadPixels: true, detectorOrientation: "transpose" });
    expect(turned.mask?.data[28 * N + 30]).toBe(0);
    expect(read(counts(dataset), { findBadPixels: true }).mask).toBeUndefined();
  });
});

it("near fields are not cut, binned or turned", () => {
  const { propagation: _, ...others } = arrays(dataset);
  const bytes = writeNpz({ ...others, propagation: { shape: [], dtype: "string", data: ["near-field"] } });
  for (const options of [{ cropTo: 32 }, { binBy: 2 }, { detectorOrientation: "flip_x" }] as const)
    expect(() => read(bytes, options)).toThrow(/only far fields can be cut, filled up, binned or turned/);
});
