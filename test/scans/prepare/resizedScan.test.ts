import { describe, expect, it } from "vitest";
import type { ComplexArray } from "../../../src/arrays.ts";
import type { Dataset } from "../../../src/data/dataset.ts";
import { openNpz, writeNpz } from "../../../src/formats/npz.ts";
import { extractPatch } from "../../../src/optics/sampling.ts";
import { patchDiffraction } from "../../../src/physics/patchDiffraction.ts";
import { farField } from "../../../src/physics/propagation/farField.ts";
import { inspectScan } from "../../../src/scans/inspect/inspectScan.ts";
import { readScanNpz } from "../../../src/scans/scanNpz.ts";
import type { ScanOptions } from "../../../src/scans/scanOptions.ts";
import { writeScanNpz } from "../../../src/scans/writeScanNpz.ts";
import { simulateScan } from "../../../src/simulation/simulate.ts";
import { tolerances } from "../../tolerances.ts";

/**
 * One experiment, in units of length: a smooth object, a beam, positions. A detector of n pixels of a given pitch has an
 * object pixel of `window / n`, and the window is the same for every n.
 */
const WINDOW = 64;
const EXTENT = 128;

/** Without symmetry, smooth to about six units. */
const objectAt = (y: number, x: number): [re: number, im: number] => {
  const phase = 0.8 * Math.sin(y / 7 + 0.3) * Math.cos(x / 9) + 0.5 * Math.exp(-((y - 70) ** 2 + (x - 50) ** 2) / 200);
  const amplitude = 0.8 + 0.2 * Math.cos(x / 8 + y / 15);
  return [amplitude * Math.cos(phase), amplitude * Math.sin(phase)];
};

/** A Gaussian beam with a curved wave front, from the middle of its window. */
const beamAt = (y: number, x: number): [re: number, im: number] => {
  const r2 = y * y + 1.3 * x * x + 0.2 * y * x;
  return [Math.exp(-r2 / 120) * Math.cos(r2 / 90), Math.exp(-r2 / 120) * Math.sin(r2 / 90)];
};

function sampled(
  [rows, columns]: readonly [number, number],
  at: (row: number, column: number) => [number, number],
): ComplexArray {
  const data = new Float32Array(2 * rows * columns);
  for (let i = 0; i < rows * columns; i++) data.set(at(Math.floor(i / columns), i % columns), 2 * i);
  return { shape: [rows, columns], data };
}

const places = Float64Array.from({ length: 2 * 12 }, (_, i) => 40 + ((i * 37) % 44) + (i % 3) * 0.25);

/** The experiment on a detector of n pixels. */
function experiment(n: number, photons = 1e6): Dataset {
  const pixel = WINDOW / n;
  const half = Math.floor(n / 2);
  const side = EXTENT / pixel;
  const probe = sampled([n, n], (row, column) => beamAt((row - half) * pixel, (column - half) * pixel));
  return simulateScan({
    object: sampled([side, side], (row, column) => objectAt(row * pixel, column * pixel)),
    probe: { shape: [1, n, n], data: probe.data },
    positions: places.map((place) => place / pixel),
    photons,
    measurement: "amplitude",
  });
}

const read = (dataset: Dataset, options: ScanOptions): Dataset => readScanNpz(writeScanNpz(dataset), options);

/** R of the amplitudes that object, probe and positions predict against the patterns, over valid pixels, each scaled freely. */
function misfit(dataset: Dataset, positions: Float64Array = dataset.positions): number {
  const n = dataset.patterns.width;
  const { object, mask } = dataset;
  if (object === undefined) throw new Error("no object");
  const predict = patchDiffraction(dataset.probe, farField);
  const measured = new Float32Array(n * n);
  let [difference, total] = [0, 0];
  for (let k = 0; k < dataset.patterns.count; k++) {
    const predicted = predict(extractPatch(object, positions[2 * k], positions[2 * k + 1], n)).map(Math.sqrt);
    dataset.patterns.read([k], measured);
    const valid = (i: number): number => (mask === undefined ? 1 : mask.data[i]);
    let [own, sum] = [0, 0];
    for (let i = 0; i < n * n; i++) {
      own += valid(i) * measured[i];
      sum += valid(i) * predicted[i];
    }
    for (let i = 0; i < n * n; i++) {
      difference += valid(i) * Math.abs(measured[i] - (predicted[i] * own) / sum);
      total += valid(i) * measured[i];
    }
  }
  return difference / total;
}

describe("patterns on another detector", () => {
  it.each([
    ["cut from 64 to 32", 64, { cropTo: 32 }, 32],
    ["cut from 64 to 40", 64, { cropTo: 40 }, 40],
    ["filled up from 32 to 64", 32, { padTo: 64 }, 64],
    ["filled up from 36 to 40", 36, { padTo: 40 }, 40],
  ] as [string, number, ScanOptions, number][])(
    "%s are predicted by the object, probe and positions that go with them",
    (_, n, options, side) => {
      const dataset = read(experiment(n), options);
      expect(dataset.patterns).toMatchObject({ height: side, width: side });
      expect(dataset.probe.shape).toEqual([1, side, side]);
      expect(misfit(dataset)).toBeLessThan(tolerances.resampledPrediction);
      // Positions that still count the old pixels, or are off by half of one, do not.
      const shifted = dataset.positions.map((value) => value + 0.5);
      expect(misfit(dataset, shifted)).toBeGreaterThan(2 * misfit(dataset));
      const back = dataset.positions.map((value) => (value * n) / side);
      expect(
        misfit(
          dataset,
          back.map((value) => Math.min(value, (EXTENT * side) / WINDOW - side / 2)),
        ),
      ).toBeGreaterThan(2 * misfit(dataset));
    },
  );

  it("have the object and the probe of the experiment as that detector would see them", () => {
    const [cut, direct] = [read(experiment(64), { cropTo: 32 }), experiment(32)];
    expect(cut.positions).toEqual(direct.positions);
    expect(correlation(cut.probe, direct.probe)).toBeGreaterThan(0.999);
    expect(cut.object?.shape).toEqual(direct.object?.shape);
    expect(correlation(cut.object, direct.object)).toBeGreaterThan(0.999);
    const [filled, fine] = [read(experiment(32), { padTo: 64 }), experiment(64)];
    expect(correlation(filled.probe, fine.probe)).toBeGreaterThan(0.999);
    expect(correlation(filled.object, fine.object)).toBeGreaterThan(0.999);
  });

  it("keep what was measured, and mask what was not", () => {
    const source = experiment(32);
    const frame = (dataset: Dataset): Float32Array => {
      const { width } = dataset.patterns;
      const out = new Float32Array(width * width);
      dataset.patterns.read([3], out);
      return out;
    };
    const [before, after] = [frame(source), read(source, { padTo: 48 })];
    const filled = frame(after);
    for (let i = 0; i < 48 * 48; i++) {
      const [y, x] = [Math.floor(i / 48) - 8, (i % 48) - 8];
      const inside = y >= 0 && y < 32 && x >= 0 && x < 32;
      expect(after.mask?.data[i]).toBe(inside ? 1 : 0);
      expect(filled[i]).toBe(inside ? before[y * 32 + x] : 0);
    }
  });

  it("that are not square become so", () => {
    const npz = openNpz(writeScanNpz(experiment(64)), "scan");
    const arrays = Object.fromEntries(npz.keys.map((key) => [key, npz.read(key)]));
    const rows = 48;
    const cutRows = (data: Float32Array, each: number): Float32Array =>
      Float32Array.from({ length: (data.length / 64) * rows }, (_, i) => {
        const [frame, within] = [Math.floor(i / (rows * each)), i % (rows * each)];
        return data[frame * 64 * each + 8 * each + within];
      });
    const diff3d = arrays["diff3d"];
    const wide = writeNpz({
      ...arrays,
      diff3d: { shape: [12, rows, 64], dtype: "float32", data: cutRows(diff3d.data as Float32Array, 64) },
      // Only its size matters to what inspection says.
      probeGuess: {
        shape: [rows, 64],
        dtype: "complex64",
        data: cutRows(arrays["probeGuess"].data as Float32Array, 128),
      },
    });
    const errors = inspectScan(wide).findings.filter(({ severity }) => severity === "error");
    expect(errors).toMatchObject([
      {
        what: "patterns are not square",
        flag: "`crop_to=48`, or `pad_to=64`",
        evidence: expect.stringMatching(/48 × 64/),
      },
    ]);
    expect(readScanNpz(wide, { cropTo: 48 }).patterns).toMatchObject({ height: 48, width: 48 });
    expect(inspectScan(wide, { cropTo: 48 }).findings.filter(({ severity }) => severity === "error")).toEqual([]);
    const filled = readScanNpz(wide, { padTo: 64 });
    const original = experiment(64);
    // Along x nothing changed; along y the pixel is smaller by 48 / 64.
    expect(filled.positions[1]).toBeCloseTo(original.positions[1], 10);
    expect(filled.positions[0]).toBeCloseTo((original.positions[0] * 64) / 48, 10);
  });

  it("state what was done, and how much of a stated dose is left", () => {
    const source = experiment(64);
    const dataset = read(source, { cropTo: 32 });
    expect(dataset.provenance.conversions[0]).toMatch(/64 × 64 made 32 × 32 about their zero frequency.*0\.5 and 0\.5/);
    const [whole, cut] = [new Float32Array(64 * 64), new Float32Array(32 * 32)];
    let [all, inside] = [0, 0];
    for (let k = 0; k < 12; k++) {
      source.patterns.read([k], whole);
      dataset.patterns.read([k], cut);
      all += whole.reduce((sum, value) => sum + value * value, 0);
      inside += cut.reduce((sum, value) => sum + value * value, 0);
    }
    expect(dataset.photonsPerPattern).toBeCloseTo((1e6 * inside) / all, 0);
  });

  it("refuse impossible sides", () => {
    const source = experiment(32);
    expect(() => read(source, { cropTo: 40 })).toThrow(/too small to be cut; .*at most 32/);
    expect(() => read(source, { padTo: 24 })).toThrow(/too large to be filled up; .*at least 32/);
    for (const padTo of [513, 100_000, 1e9]) {
      expect(() => read(source, { padTo })).toThrow(/cannot be filled up so far; .*at most 512; got/);
    }
    expect(() => read(source, { cropTo: 1e9 })).toThrow(/too small to be cut; .*at most 32/);
    expect(() => read(source, { padTo: 40, cropTo: 24 })).toThrow(/cut or filled up; .*one of them/);
  });

  it("inspection names the sides for a size that no network takes", () => {
    const errors = (n: number) =>
      inspectScan(writeScanNpz(experiment(n))).findings.filter(({ severity }) => severity === "error");
    expect(errors(36)).toMatchObject([
      { what: "no network takes patterns of this size", flag: "`crop_to=32`, or `pad_to=40`" },
    ]);
    expect(errors(16)).toMatchObject([{ flag: "`pad_to=32`" }]);
    expect(errors(32)).toEqual([]);
  });
});

/** |⟨a, b⟩| / (|a| |b|): one for the same field, whatever its scale and phase. */
function correlation(a: ComplexArray | undefined, b: ComplexArray | undefined): number {
  if (a === undefined || b === undefined) return 0;
  expect(a.shape).toEqual(b.shape);
  let [re, im, first, second] = [0, 0, 0, 0];
  for (let i = 0; i < a.data.length; i += 2) {
    re += a.data[i] * b.data[i] + a.data[i + 1] * b.data[i + 1];
    im += a.data[i + 1] * b.data[i] - a.data[i] * b.data[i + 1];
    first += a.data[i] ** 2 + a.data[i + 1] ** 2;
    second += b.data[i] ** 2 + b.data[i + 1] ** 2;
  }
  return Math.hypot(re, im) / Math.sqrt(first * second);
}

it("a probe of the size that patterns are filled up to is taken as it is", () => {
  const whole = openNpz(writeScanNpz(experiment(32)));
  const arrays = Object.fromEntries(whole.keys.map((key) => [key, whole.read(key)]));
  const patterns = whole.readNumbers("diff3d");
  const narrow = Float32Array.from({ length: 12 * 32 * 24 }, (_, i) => {
    const [row, column] = [Math.floor(i / 24), i % 24];
    return patterns.data[row * 32 + column + 4];
  });
  const file = writeNpz({ ...arrays, diff3d: { shape: [12, 32, 24], dtype: "float32", data: narrow } });
  const advice = inspectScan(file).findings.flatMap(({ flag }) => (flag === undefined ? [] : [flag]));
  expect(advice).toContain("`pad_to=32`");
  expect(() => readScanNpz(file)).toThrow(/the probe does not fit/);
  const { probe, patterns: padded, provenance } = readScanNpz(file, { padTo: 32 });
  expect([padded.height, padded.width]).toEqual([32, 32]);
  expect(probe.data).toEqual(readScanNpz(writeNpz(arrays)).probe.data);
  expect(provenance.conversions.join()).toContain("the probe is of that size in the file");
});
