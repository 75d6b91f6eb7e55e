import { describe, expect, it } from "vitest";
import type { ComplexArray } from "../../src/arrays.ts";
import type { DataConfig } from "../../src/config/dataConfig.ts";
import { neighbourRule } from "../../src/config/scanUse.ts";
import { parseSettings } from "../../src/config/schema.ts";
import { batchSource, inlineLoader } from "../../src/data/batches.ts";
import { makeGroups } from "../../src/data/grouping.ts";
import { computeScales } from "../../src/data/normalisation.ts";
import { patchPlacement } from "../../src/inference/patchPlacement.ts";
import { extractPatch } from "../../src/optics/sampling.ts";
import { Random } from "../../src/random.ts";
import { simulate } from "../../src/simulation/simulate.ts";

/** Whether patches say how their positions are to be read, and nothing where they cannot. */

const n = 32;
const patterns = 120;
const dataset = simulate({ n, patterns, seed: 3, photons: 1e6, object: { kind: "lines" }, measurement: "counts" });
const object = dataset.object as ComplexArray;
const frames = Array.from({ length: patterns }, (_, frame) => frame);
const scales = computeScales(dataset, frames);

/** True patches, each with a phase of its own, and with noise; placed at other positions. */
function placed(positions: Float64Array, { noise = 0, gridsize = 1 } = {}) {
  const data: DataConfig = { ...parseSettings("data", {}), subsampleSeed: 0, neighborCount: 7 };
  const rule = { size: gridsize ** 2, neighbours: neighbourRule(data), sequential: true, window: n };
  const groups = makeGroups(positions, frames, rule, new Random(1));
  const random = new Random(7);
  const patchOf = (frame: number): Float32Array => {
    const truth = extractPatch(object, dataset.positions[2 * frame], dataset.positions[2 * frame + 1], n);
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
  const loader = inlineLoader(batchSource({ ...dataset, positions }, scales, groups));
  return patchPlacement({ positions, groups, loader, predictor, probe: dataset.probe });
}

/** Positions that are read with axes swapped or signs turned. */
const read = (yy: number, yx: number, xy: number, xx: number): Float64Array =>
  Float64Array.from(dataset.positions, (value, i) => {
    const [y, x] = i % 2 === 0 ? [value, dataset.positions[i + 1]] : [dataset.positions[i - 1], value];
    return i % 2 === 0 ? yy * y + yx * x : xy * y + xx * x;
  });

describe("patches that overlap", () => {
  it("agree where right positions put them", async () => {
    for (const options of [{}, { noise: 0.03 }, { gridsize: 2 }]) {
      const placement = (await placed(dataset.positions, options))!;
      expect(placement.pairs).toBeGreaterThan(20);
      expect(placement.agreeing).toBeGreaterThan(0.9);
      expect(placement.otherwise).toBeNull();
    }
  });

  // What undoes a quarter turn is the turn the other way.
  it.each([
    ["with y and x swapped", read(0, 1, 1, 0)],
    ["with y negated", read(-1, 0, 0, 1)],
    ["with x negated", read(1, 0, 0, -1)],
    ["with y and x negated", read(-1, 0, 0, -1)],
    ["with y and x swapped and x then negated", read(0, -1, 1, 0)],
    ["with y and x swapped and y then negated", read(0, 1, -1, 0)],
    ["with y and x swapped and both negated", read(0, -1, -1, 0)],
  ])("say how wrong ones are to be read: %s", async (name, positions) => {
    const { agreeing, otherwise } = (await placed(positions))!;
    expect(agreeing).toBeLessThan(0.3);
    expect(otherwise).toMatchObject({ positions: name });
    expect(otherwise!.agreeing).toBeGreaterThan(0.9);
  });

  it("agree in no way where the unit is wrong, or where each shows something else", async () => {
    const third = await placed(dataset.positions.map((value) => value / 3));
    expect(third?.agreeing).toBeLessThan(0.75);
    const noise = await placed(dataset.positions, { noise: 50 });
    expect(noise?.agreeing).toBeLessThan(0.5);
    expect(noise?.otherwise).toBeNull();
  });

  it("say nothing where none overlap with one of another group, or all are at one place", async () => {
    expect(await placed(new Float64Array(2 * patterns).fill(40))).toBeUndefined();
  });
});
