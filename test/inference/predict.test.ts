import { describe, expect, it } from "vitest";
import { complexZeros } from "../../src/arrays.ts";
import type { DataConfig } from "../../src/config/dataConfig.ts";
import type { Settings } from "../../src/config/group.ts";
import type { ModelConfig } from "../../src/config/modelConfig.ts";
import { parseSettings } from "../../src/config/schema.ts";
import { patchGrid } from "../../src/inference/patchGrid.ts";
import { patchStatistics } from "../../src/inference/patchStatistics.ts";
import { asItPredicts, predictionGraph } from "../../src/inference/predictionModel.ts";
import { predictionSource } from "../../src/inference/predictionSource.ts";
import { loadPredictor } from "../../src/inference/predictor.ts";
import { initialise } from "../../src/nets/parameters.ts";
import { Random } from "../../src/random.ts";
import { nodeRuntime } from "../../src/runtime/node/ort.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { maxDeviation } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";

const N = 32;
const model: ModelConfig = {
  ...parseSettings("model"),
  ...{ N, gridsize: 2, nFiltersScale: 1, objectBig: true, probeMaskDiameter: 16 },
};
const runtime = nodeRuntime("cpu", "test", { threads: 1 });
const weights = initialise(predictionGraph(model, 1).specs, new Random(4));

describe("a predictor", () => {
  it("gives each group the same patches, whatever the batch", async () => {
    const random = new Random(1);
    const size = 4 * N * N;
    const images = Float32Array.from({ length: 3 * size }, () => random.uniform());
    const frames = Int32Array.from({ length: 12 }, (_, k) => k);
    const all = await loadPredictor(runtime, model, weights, 3);
    const { shape, data } = await all.predict({ images, frames });
    expect(shape).toEqual([12, N, N]);
    const one = await loadPredictor(runtime, model, weights, 1);
    for (let group = 0; group < 3; group++) {
      const alone = await one.predict({
        images: images.subarray(group * size, (group + 1) * size),
        frames: frames.subarray(4 * group, 4 * group + 4),
      });
      const among = data.subarray(2 * group * size, 2 * (group + 1) * size);
      const difference = alone.data.reduce((worst, value, i) => Math.max(worst, Math.abs(value - among[i])), 0);
      expect(difference).toBeLessThan(tolerances.otherSummationOrder);
    }
    await Promise.all([all.dispose(), one.dispose()]);
  });

  it.each([
    { architecture: "unrolled", objectBig: false },
    { architecture: "ptychonn" },
    { architecture: "cnn", objectBig: false },
  ])("predicts each pattern once where it sees one at a time, whatever groups it learned in: %j", async (settings) => {
    const grouped: ModelConfig = { ...model, ...settings };
    const single = asItPredicts(grouped);
    expect(single).toEqual({ ...grouped, gridsize: 1 });
    const values = initialise(predictionGraph(grouped, 1).specs, new Random(4));
    const random = new Random(3);
    const images = Float32Array.from({ length: 4 * N * N }, () => random.uniform());
    const probe = { shape: [1, N, N], data: Float32Array.from({ length: 2 * N * N }, () => random.normal()) };
    const patches = async (of: ModelConfig, batch: number): Promise<Float32Array> => {
      const predictor = await loadPredictor(runtime, of, values, batch, { probe });
      const { data } = await predictor.predict({ images, frames: Int32Array.of(0, 1, 2, 3) });
      await predictor.dispose();
      return data;
    };
    expect(maxDeviation(await patches(single, 4), await patches(grouped, 1))).toBeLessThan(
      tolerances.otherSummationOrder,
    );
  });

  it("that sees the patterns of a group together needs the group", () => {
    expect(asItPredicts(model)).toBe(model);
    const unrolled = { ...model, architecture: "unrolled" };
    expect(asItPredicts(unrolled)).toBe(unrolled);
  });

  it("with the physics inside sees where the patterns of each group lie", async () => {
    const unrolled: ModelConfig = { ...model, architecture: "unrolled" };
    const values = initialise(predictionGraph(unrolled, 1).specs, new Random(4));
    const random = new Random(3);
    const probe = { shape: [1, N, N], data: Float32Array.from({ length: 2 * N * N }, () => random.normal()) };
    const images = Float32Array.from({ length: 8 * N * N }, () => random.uniform());
    const near = Float32Array.from({ length: 8 }, () => random.normal());
    const offsets = Float32Array.from([...near, ...near.map((v) => 3 * v)]);
    const predict = async (batch: number, first: number): Promise<Float32Array> => {
      const predictor = await loadPredictor(runtime, unrolled, values, batch, { probe });
      const { data } = await predictor.predict({
        images: images.subarray(4 * N * N * first, 4 * N * N * (first + batch)),
        offsets: offsets.subarray(8 * first, 8 * (first + batch)),
        frames: Int32Array.from({ length: 4 * batch }, (_, k) => k),
      });
      await predictor.dispose();
      return data;
    };
    const both = await predict(2, 0);
    for (const group of [0, 1]) {
      const own = both.subarray(8 * N * N * group, 8 * N * N * (group + 1));
      expect(maxDeviation(own, await predict(1, group))).toBeLessThan(tolerances.otherSummationOrder);
    }
    images.copyWithin(4 * N * N, 0, 4 * N * N);
    const [here, there] = [await predict(1, 0), await predict(1, 1)];
    expect(maxDeviation(here, there)).toBeGreaterThan(0.01);
    const blind = await loadPredictor(runtime, unrolled, values, 2, { probe });
    const patterns = { images, frames: new Int32Array(8) };
    await expect(blind.predict(patterns)).rejects.toThrow(/where the patterns of a group lie.*offsets \[2, 4, 2\]/);
    await blind.dispose();
  });

  it("that sees the probe takes one of any number of modes, and the one that it is given", async () => {
    const seeing: ModelConfig = { ...model, inputConditioning: "probe_real_imag" };
    const values = initialise(predictionGraph(seeing, 1).specs, new Random(4));
    const random = new Random(2);
    const probe = (modes: number, factor: number) => {
      const data = Float32Array.from(
        { length: 2 * modes * N * N },
        (_, i) => (i < 2 * N * N ? factor : 0.1) * random.normal(),
      );
      return { shape: [modes, N, N], data };
    };
    const images = Float32Array.from({ length: 4 * N * N }, () => random.uniform());
    const run = async (given: ReturnType<typeof probe>) => {
      const predictor = await loadPredictor(runtime, seeing, values, 1, { probe: given });
      const { data } = await predictor.predict({ images, frames: Int32Array.of(0, 1, 2, 3) });
      await predictor.dispose();
      return data;
    };
    const two = probe(2, 1);
    const main = { shape: [1, N, N], data: two.data.subarray(0, 2 * N * N) };
    expect(await run(two)).toEqual(await run(main));
    expect(maxDeviation(await run(probe(1, 1)), await run(main))).toBeGreaterThan(1e-3);
    await expect(loadPredictor(runtime, seeing, values, 1)).rejects.toThrow(/trained to see the probe.*got none/);
    const small = { shape: [1, 16, 16], data: new Float32Array(512) };
    await expect(loadPredictor(runtime, seeing, values, 1, { probe: small })).rejects.toThrow(/got \[1, 16, 16\]/);
  });

  it("refuses weights that are missing or left over", async () => {
    const [[name]] = Object.entries(weights) as [[string, Float32Array]];
    const { [name]: _, ...fewer } = weights;
    await expect(loadPredictor(runtime, model, fewer, 1)).rejects.toThrow(/do not belong to this network.*missing/);
    const more = { ...weights, extra: new Float32Array(1) };
    await expect(loadPredictor(runtime, model, more, 1)).rejects.toThrow(/extra/);
  });
});

describe("groups to predict in", () => {
  const raster = simulate({ n: N, patterns: 49, seed: 2, scan: "raster", step: 2, jitter: 0 });
  const framesOf = (settings: Settings, ...leaders: ["uncovered"?]) => {
    const data: DataConfig = { ...parseSettings("data", settings), subsampleSeed: 0, neighborCount: 4 };
    const { source, frames } = predictionSource(raster, data, 2, null, ...leaders);
    const { groups } = source;
    return { frames, groups: Array.from({ length: groups.count }, (_, k) => groups.frames.subarray(4 * k, 4 * k + 4)) };
  };

  it("are led by every pattern", () => {
    const { groups, frames } = framesOf({});
    expect(groups.map(([first]) => first)).toEqual(Array.from({ length: 49 }, (_, k) => k));
    expect(frames).toHaveLength(49);
  });

  // Of squares of a grid, patterns at its last edges lead none.
  it.each([{}, { neighborFunction: "Grid", gridStep: 2 }])(
    "may be led by those that are in none before: fewer, of the same, and all patterns in one: %j",
    (settings) => {
      const all = framesOf(settings).groups.map(String);
      const { groups, frames } = framesOf(settings, "uncovered");
      expect(frames).toHaveLength(49);
      expect(new Set(groups.flatMap((members) => [...members])).size).toBe(49);
      expect(groups.length).toBeLessThan(49 / 1.5);
      expect(all.filter((group) => groups.some((other) => String(other) === group))).toEqual(groups.map(String));
    },
  );
});

describe("statistics of patches", () => {
  it("are those of the amplitudes", () => {
    // Amplitudes 5, 0, 5, 0 and 3, 3, 3, 3.
    const patches = { shape: [2, 2, 2], data: Float32Array.of(3, 4, 0, 0, -5, 0, 0, 0, 3, 0, 0, 3, -3, 0, 0, -3) };
    const stats = patchStatistics(patches, "inference", 7);
    expect(stats).toMatchObject({ phase: "inference", batch_idx: 7, batch_size: 2, global_mean: 2.75 });
    expect(stats.per_patch).toEqual([
      { patch_idx: 0, mean: 2.5, std: 2.5, min: 0, max: 5 },
      { patch_idx: 1, mean: 3, std: 0, min: 3, max: 3 },
    ]);
    expect(stats.var_zero_mean).toBeCloseTo(2.5 ** 2 / 2, 12);
    // E[a²] - E[a]²
    expect(stats.global_std).toBeCloseTo(Math.sqrt((25 + 25 + 4 * 9) / 8 - 2.75 ** 2), 12);
  });

  it("come with a picture: patches row by row, with gaps between them", () => {
    const patches = complexZeros([3, 4, 5]);
    patches.data[2 * 2 * 20] = 2; // the first pixel of the third patch, which starts the second row
    const [amplitude] = patchGrid(patches);
    expect([amplitude.height, amplitude.width]).toEqual([4 + 2 + 4, 5 + 2 + 5]);
    expect(amplitude.image.indexOf(2)).toBe(6 * 12);
    const known = Array.from(amplitude!.mask!).reduce((sum, value) => sum + value, 0);
    expect(known).toBe(3 * 20);
  });

  it("whose phases run on across a wrap, the mean of all turned to zero", () => {
    // From 3.0 to 3.28 rad, on over two patches.
    const patches = complexZeros([2, 1, 4]);
    for (let i = 0; i < 8; i++) patches.data.set([Math.cos(3 + 0.04 * i), Math.sin(3 + 0.04 * i)], 2 * i);
    const [, phase] = patchGrid(patches);
    expect(phase).toMatchObject({ unit: "rad", colormap: "sequential" });
    const shown = [...phase.image].filter((_, i) => phase.mask![i] === 1);
    for (const [i, value] of shown.entries()) expect(value).toBeCloseTo(-0.14 + 0.04 * i, 5);
    expect(phase.limits![0]).toBeCloseTo(-0.14, 5);
    const around = complexZeros([2, 4, 8]);
    for (let i = 0; i < 64; i++) around.data.set([Math.cos(i), Math.sin(i)], 2 * i);
    expect(patchGrid(around)[1]).toMatchObject({ colormap: "cyclic", limits: [-Math.PI, Math.PI] });
  });
});
