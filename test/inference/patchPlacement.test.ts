import { describe, expect, it } from "vitest";
import type { ComplexArray } from "../../src/arrays.ts";
import { neighbourRule } from "../../src/config/scanUse.ts";
import { parseSettings } from "../../src/config/schema.ts";
import { batchSource, inlineLoader } from "../../src/data/batches.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { makeGroups } from "../../src/data/grouping.ts";
import { computeScales } from "../../src/data/normalisation.ts";
import { patchPlacement } from "../../src/inference/patchPlacement.ts";
import { extractPatch } from "../../src/optics/sampling.ts";
import { Random } from "../../src/random.ts";
import { simulate } from "../../src/simulation/simulate.ts";

/** Whether patches say how their positions are to be read, and nothing where they cannot. */

const n = 32;
const options = { n, patterns: 120, seed: 3, photons: 1e6, object: { kind: "lines" }, measurement: "counts" } as const;
const jittered = simulate(options);
const raster = simulate({ ...options, scan: "raster", step: 4, jitter: 0 });

interface Given {
  readonly scan?: Dataset;
  /** Of each value, beside a phase of its own. */
  readonly noise?: number;
  readonly gridsize?: number;
  /** Share of the patches that are not finite. */
  readonly lost?: number;
}

/** True patches of a scan, placed at other positions. */
function placed(positions: Float64Array, { scan = jittered, noise = 0, gridsize = 1, lost = 0 }: Given = {}) {
  const object = scan.object as ComplexArray;
  const frames = Array.from({ length: scan.patterns.count }, (_, frame) => frame);
  const data = { ...parseSettings("data", {}), subsampleSeed: 0, neighborCount: 7 };
  const rule = { size: gridsize ** 2, neighbours: neighbourRule(data), sequential: true, window: n };
  const groups = makeGroups(positions, frames, rule, new Random(1));
  const random = new Random(7);
  const patchOf = (frame: number): Float32Array => {
    if (random.uniform() < lost) return new Float32Array(2 * n * n).fill(Number.NaN);
    const truth = extractPatch(object, scan.positions[2 * frame], scan.positions[2 * frame + 1], n);
    const [c, s] = [Math.cos(frame), Math.sin(frame)];
    return Float32Array.from(truth, (value, i) => {
      const turned = c * value + (i % 2 === 0 ? -s * truth[i + 1] : s * truth[i - 1]);
      return turned + noise * random.normal();
    });
  };
  const predictor = {
    batch: 5,
    async predict({ frames: of }: { readonly frames: Int32Array }): Promise<ComplexArray> {
      const out = new Float32Array(2 * of.length * n * n);
      for (const [k, frame] of of.entries()) out.set(patchOf(frame), 2 * k * n * n);
      return { shape: [of.length, n, n], data: out };
    },
    dispose: async () => {},
  };
  const loader = inlineLoader(batchSource({ ...scan, positions }, computeScales(scan, frames), groups));
  return patchPlacement({ positions, groups, loader, predictor, probe: scan.probe });
}

/** Positions that are read with axes swapped or signs turned. */
const read = ({ positions }: Dataset, yy: number, yx: number, xy: number, xx: number): Float64Array =>
  Float64Array.from(positions, (value, i) => {
    const [y, x] = i % 2 === 0 ? [value, positions[i + 1]] : [positions[i - 1], value];
    return i % 2 === 0 ? yy * y + yx * x : xy * y + xx * x;
  });

// What undoes a quarter turn is the turn the other way.
const wrongly = [
  ["with y and x swapped", [0, 1, 1, 0]],
  ["with y negated", [-1, 0, 0, 1]],
  ["with x negated", [1, 0, 0, -1]],
  ["with y and x negated", [-1, 0, 0, -1]],
  ["with y and x swapped and x then negated", [0, -1, 1, 0]],
  ["with y and x swapped and y then negated", [0, 1, -1, 0]],
  ["with y and x swapped and both negated", [0, -1, -1, 0]],
  ["twice as far apart", [0.5, 0, 0, 0.5]],
  ["half as far apart", [2, 0, 0, 2]],
] as const;

for (const [name, scan] of Object.entries({ scattered: jittered, "on a regular raster": raster }))
  describe(`patches that overlap, ${name}`, () => {
    it.each([{}, { noise: 0.04 }, { gridsize: 2 }, { lost: 0.3 }])(
      "agree where right positions put them: %o",
      async (given) => {
        const placement = (await placed(scan.positions, { scan, ...given }))!;
        expect(placement.pairs).toBeGreaterThanOrEqual(given.lost === undefined ? 20 : 8);
        expect(placement.agreeing).toBeGreaterThan(0.8);
        expect(placement.otherwise).toBeNull();
      },
    );

    it.each(wrongly)("say how wrong ones are to be read: %s", async (name, [yy, yx, xy, xx]) => {
      const { agreeing, otherwise } = (await placed(read(scan, yy, yx, xy, xx), { scan }))!;
      expect(agreeing).toBeLessThan(0.25);
      expect(otherwise).toMatchObject({ positions: name, agreeing: 1 - agreeing });
    });

    it("agree in no way where the unit is quite another, or where each shows something else", async () => {
      for (const factor of [0.15, 5]) {
        const placement = await placed(
          scan.positions.map((value) => factor * value),
          { scan },
        );
        expect(placement?.agreeing ?? 0).toBeLessThan(0.75);
      }
      const noise = (await placed(scan.positions, { scan, noise: 50 }))!;
      expect(noise.agreeing).toBeLessThan(0.75);
      expect(noise.otherwise).toBeNull();
    });
  });

it("says nothing where none overlap, all are at one place, or none is finite", async () => {
  expect(await placed(jittered.positions.map((value) => 100 * value))).toBeUndefined();
  expect(await placed(new Float64Array(jittered.positions.length).fill(40))).toBeUndefined();
  expect(await placed(jittered.positions, { lost: 1 })).toBeUndefined();
});

it("judges positions on a line by what tells them apart there", async () => {
  const line = jittered.positions.map((value, i) => (i % 2 === 0 ? 30 : value));
  const right = { ...jittered, positions: line };
  expect((await placed(line, { scan: right }))?.agreeing).toBeGreaterThan(0.9);
  const turned = line.map((value, i) => (i % 2 === 0 ? value : -value));
  expect((await placed(turned, { scan: right }))?.agreeing).toBeLessThan(0.25);
});

it("finds neighbours among patterns that were measured many times at each position", async () => {
  const often = jittered.positions.map((_, i) => {
    const place = Math.floor(i / 60);
    return jittered.positions[i % 2] + (i % 2 === 0 ? 3 * place : 2 * (place % 2));
  });
  expect((await placed(often, { scan: { ...jittered, positions: often } }))?.agreeing).toBeGreaterThan(0.75);
});
