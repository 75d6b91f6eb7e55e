import { describe, expect, it } from "vitest";
import type { Dataset } from "../../src/data/dataset.ts";
import { memoryPatterns } from "../../src/data/memoryPatterns.ts";
import { computeScales, energyOf, normalisePatterns, scaledProbe } from "../../src/data/normalisation.ts";
import { Random } from "../../src/random.ts";

const N = 8;
const COUNT = 6;

function scan(change: Partial<Dataset> = {}): { dataset: Dataset; counts: Float32Array } {
  const random = new Random(5);
  const counts = Float32Array.from({ length: COUNT * N * N }, () => random.poisson(20));
  const dataset: Dataset = {
    name: "test",
    patterns: memoryPatterns(counts, [COUNT, N, N]),
    measurement: "counts",
    positions: new Float64Array(2 * COUNT),
    probe: { shape: [2, N, N], data: Float32Array.from({ length: 4 * N * N }, () => random.normal()) },
    provenance: { conversions: [], warnings: [] },
    ...change,
  };
  return { dataset, counts };
}

const everything = [0, 1, 2, 3, 4, 5];
const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((total, value) => total + value, 0);

describe("the one normalisation", () => {
  it("gives input and probe the energy (N/2)², and counts back from the input", () => {
    const { dataset, counts } = scan();
    const scales = computeScales(dataset, everything);
    const x = counts.slice();
    normalisePatterns(x, "counts", scales);
    expect(sum(x.map((value) => value ** 2)) / COUNT).toBeCloseTo((N / 2) ** 2, 4);
    expect(energyOf(scaledProbe(dataset.probe, scales))).toBeCloseTo((N / 2) ** 2, 4);
    const back = x.map((value) => value ** 2 * scales.countsPerUnit);
    for (let i = 0; i < back.length; i++) expect(back[i]).toBeCloseTo(counts[i], 3);
  });

  it("is the same for counts and for their square roots", () => {
    const { dataset, counts } = scan();
    const amplitudes = memoryPatterns(Float64Array.from(counts, Math.sqrt), [COUNT, N, N]);
    const fromCounts = computeScales(dataset, everything);
    const fromAmplitudes = computeScales({ ...dataset, patterns: amplitudes, measurement: "amplitude" }, everything);
    expect(fromAmplitudes.inputScale).toBeCloseTo(fromCounts.inputScale, 6);
    expect(fromAmplitudes.countsPerUnit / fromCounts.countsPerUnit).toBeCloseTo(1, 6);
  });

  it("uses the training patterns only", () => {
    const { dataset, counts } = scan();
    const before = computeScales(dataset, [0, 2]);
    counts.fill(1e6, N * N, 2 * N * N);
    expect(computeScales(dataset, [0, 2])).toEqual(before);
    expect(computeScales(dataset, [0, 1]).inputScale).not.toBe(before.inputScale);
  });

  it("sums in float64: many bright pixels do not lose the faint ones", () => {
    const data = new Float32Array(3 * N * N).fill(1);
    data[0] = 2 ** 25;
    const { dataset } = scan({ patterns: memoryPatterns(data, [3, N, N]) });
    expect(computeScales(dataset, [0, 1, 2]).meanEnergy * 3).toBe(2 ** 25 + 3 * N * N - 1);
  });

  it("leaves out masked pixels", () => {
    const { dataset, counts } = scan();
    const mask = new Float32Array(N * N).fill(1);
    mask[3] = 0;
    const before = computeScales({ ...dataset, mask: { shape: [N, N], data: mask } }, everything);
    for (let frame = 0; frame < COUNT; frame++) counts[frame * N * N + 3] = 1e9;
    expect(computeScales({ ...dataset, mask: { shape: [N, N], data: mask } }, everything)).toEqual(before);
    const x = counts.slice();
    normalisePatterns(x, "counts", before, mask);
    expect(x[3]).toBe(0);
    expect(x[N * N + 3]).toBe(0);
  });

  it("takes the dose from the user, the counts, the metadata, the amplitudes, in this order", () => {
    const { dataset } = scan({ photonsPerPattern: 777 });
    const amplitude = { ...dataset, measurement: "amplitude" as const };
    const dose = (data: Dataset, photons?: number): string => {
      const scales = computeScales(data, everything, photons === undefined ? {} : { photons });
      expect(scales.countsPerUnit * (N / 2) ** 2).toBeCloseTo(scales.photonsPerPattern, 6);
      return `${scales.photonsFrom} ${Math.round(scales.photonsPerPattern)}`;
    };
    expect(dose(dataset, 123)).toBe("stated 123");
    expect(dose(dataset)).toMatch(/^counts 12\d\d$/);
    expect(dose(amplitude)).toBe("metadata 777");
    const { photonsPerPattern: _, ...silent } = amplitude;
    expect(dose(silent)).toMatch(/^amplitude 2\d{4}$/);
  });

  it("refuses what has no scale", () => {
    const { dataset } = scan();
    const dark = memoryPatterns(new Float32Array(COUNT * N * N), [COUNT, N, N]);
    expect(() => computeScales(dataset, [])).toThrow(/no training patterns/);
    expect(() => computeScales({ ...dataset, patterns: dark }, everything)).toThrow(
      /all zero.*no counts in any of 6 frames.*`patterns_key`/,
    );
    const oneLit = new Float32Array(COUNT * N * N).fill(9, 3 * N * N, 4 * N * N);
    const lit = { ...dataset, patterns: memoryPatterns(oneLit, [COUNT, N, N]) };
    expect(() => computeScales(lit, [0, 1, 2, 4])).toThrow(
      /all zero.*frames 3 have some, 0-2,4-5 have none.*`skip_frames=0-2,4-5`.*`validation_fraction=0`/,
    );
    expect(() =>
      computeScales({ ...dataset, probe: { shape: [1, N, N], data: new Float32Array(2 * N * N) } }, [0]),
    ).toThrow(/probe is zero/);
    for (const photons of [-1, 1e16, Number.POSITIVE_INFINITY])
      expect(() => computeScales(dataset, everything, { photons })).toThrow(/above 0, at most 1e\+15/);
  });
});
