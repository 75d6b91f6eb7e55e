import { describe, expect, it } from "vitest";
import { type PixelDefects, pixelDefects, regionText } from "../../src/data/pixelDefects.ts";
import { pixelTally } from "../../src/data/pixelStatistics.ts";
import { simulate } from "../../src/simulation/simulate.ts";

const N = 64;
const COUNT = 80;

/** Poisson counts of a simulated scan, all frames. */
function counts(photons: number, probe: "airy" | "zonePlate" | "gaussian" = "airy", beamstop = 0): Float32Array {
  const { patterns } = simulate({ n: N, patterns: COUNT, photons, probe, beamstop, seed: 5 });
  const data = new Float32Array(COUNT * N * N);
  patterns.read(
    Array.from({ length: COUNT }, (_, frame) => frame),
    data,
  );
  return data;
}

function found(data: Float32Array, mask?: ArrayLike<number>): PixelDefects {
  const tally = pixelTally({ height: N, width: N });
  // In pieces, as a file is read.
  for (let first = 0; first < COUNT; first += 32) tally.add(data.subarray(first * N * N, (first + 32) * N * N));
  return pixelDefects(tally.finish(), mask);
}

function planted(data: Float32Array, at: readonly (readonly [number, number])[], value: (frame: number) => number) {
  const out = data.slice();
  for (let frame = 0; frame < COUNT; frame++) for (const [y, x] of at) out[frame * N * N + y * N + x] = value(frame);
  return out;
}

const places = (list: PixelDefects["dead"]): string => list.map(({ at }) => at.join()).join(" ");
const square = (top: number, left: number, side: number): [number, number][] =>
  Array.from({ length: side * side }, (_, i) => [top + Math.floor(i / side), left + (i % side)]);
const rows = (first: number, last: number): [number, number][] =>
  Array.from({ length: (last - first + 1) * N }, (_, i) => [first + Math.floor(i / N), i % N]);
const turned = (at: [number, number][]): [number, number][] => at.map(([y, x]) => [x, y]);

describe("pixelDefects", () => {
  const clean = counts(1e5);

  it.each([1e2, 1e3, 1e5, 1e7] as const)("finds nothing in a clean scan of %d photons a pattern", (photons) => {
    for (const probe of ["airy", "zonePlate", "gaussian"] as const) {
      const { dead, hot, gaps } = found(counts(photons, probe));
      expect([places(dead), places(hot), gaps.map(regionText).join()], probe).toEqual(["", "", ""]);
    }
  });

  it("finds single dead pixels and pairs, in counts and in amplitudes", () => {
    const at = [
      [20, 30],
      [40, 33],
      [40, 34],
    ] as const;
    for (const data of [planted(clean, at, () => 0), planted(clean, at, () => 0).map(Math.sqrt)])
      expect(places(found(data).dead)).toBe("20,30 40,33 40,34");
  });

  it("takes the greatest value of all, in every frame, for a mark of what is not measured", () => {
    const single = found(planted(clean, [[20, 30]], () => 4294967295));
    expect([places(single.dead), places(single.hot)]).toEqual(["", "20,30"]);
    const { gaps, hot } = found(planted(clean, rows(25, 27), () => 4294967295));
    expect([gaps.map(regionText), hot]).toEqual([["rows 25 to 27"], []]);
  });

  it.each([30, 300, 3000])("finds a hot pixel that has %d counts more where there are few", (more) => {
    const data = planted(clean, [[3, 5]], () => more);
    expect(places(found(data).hot)).toBe("3,5");
  });

  it("does not take one bright frame for a hot pixel, nor a beam's peak", () => {
    expect(found(planted(clean, [[3, 5]], (frame) => (frame === 7 ? 1e6 : 0))).hot).toEqual([]);
    const peak = clean.slice();
    for (let frame = 0; frame < COUNT; frame++)
      for (let y = -4; y <= 4; y++)
        for (let x = -4; x <= 4; x++)
          peak[frame * N * N + (32 + y) * N + 32 + x] += Math.round(1e6 * Math.exp(-1.2 * (y * y + x * x)));
    expect(found(peak).hot).toEqual([]);
  });

  it.each([1, 3, 6])("finds gaps %d pixels wide, and where two cross", (wide) => {
    const at = [...rows(25, 24 + wide), ...turned(rows(30, 29 + wide))];
    const { gaps, dead } = found(planted(clean, at, () => 0));
    const range = (first: number): string => (wide === 1 ? `${first}` : `${first} to ${first + wide - 1}`);
    expect(gaps.map(regionText)).toEqual([`rows ${range(25)}`, `columns ${range(30)}`]);
    expect(dead).toEqual([]);
    expect(new Set(gaps.flatMap(({ pixels }) => pixels)).size).toBe(2 * wide * N - wide * wide);
  });

  it("finds a blind patch, and tells a beamstop from it", () => {
    const { gaps } = found(planted(clean, square(18, 20, 5), () => 0));
    expect(gaps.map(regionText)).toEqual(["a block at (18, 20) to (22, 24)"]);
    const stopped = found(planted(clean, square(29, 29, 7), () => 0)).gaps;
    expect(stopped.map(({ kind, pixels }) => [kind, pixels.length])).toEqual([["beamstop", 49]]);
  });

  it("looks at valid pixels alone", () => {
    const at = [...rows(25, 27), [20, 30] as const];
    const mask = new Float32Array(N * N).fill(1);
    for (const [y, x] of at) mask[y * N + x] = 0;
    const { dead, hot, gaps } = found(
      planted(clean, at, () => 0),
      mask,
    );
    expect([dead, hot, gaps]).toEqual([[], [], []]);
  });
});
