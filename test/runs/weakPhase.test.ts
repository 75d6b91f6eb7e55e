import { expect, it } from "vitest";
import { parseSettings } from "../../src/config/schema.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { memoryPatterns } from "../../src/data/memoryPatterns.ts";
import { Random } from "../../src/random.ts";
import { signalWarnings } from "../../src/runs/train/trainingWarnings.ts";
import type { SimulationOptions } from "../../src/simulation/options.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { prepareData } from "../../src/training/preparation.ts";

/** Leaves that shift the phase and take no light, under a defocused beam that fills the detector. */
const weakScan = (phase: number, photons: number, defocus = 14): Dataset =>
  simulate({
    ...{ n: 32, patterns: 144, seed: 7, photons, scan: "raster", step: 1.5, measurement: "counts", smoothing: 1 },
    object: { kind: "deadLeaves", radius: [0.05, 0.15] },
    contrast: { amplitude: [1, 1], phase: [0, phase] },
    probe: { kind: "airy", pupilRadius: 13, defocus },
  } satisfies SimulationOptions);

function said(dataset: Dataset, standardiseInput = false): string[] {
  const settings = parseSettings("model", { gridsize: 1, standardiseInput });
  const model = { ...settings, N: 32, objectBig: false, probeMaskDiameter: 16 };
  const data = { ...parseSettings("data", { validationFraction: 0 }), subsampleSeed: 1, neighborCount: 4 };
  return signalWarnings({ model }, [dataset], prepareData([dataset], undefined, data, 1, new Random(2)));
}

it("says by how much a weak object changes the patterns, until the network sees that", () => {
  const weak = weakScan(0.3, 1e5);
  expect(said(weak)).toEqual([
    expect.stringMatching(/amplitudes by 2\.\d % only .* 0\.5\d standard deviations a pixel.*standardise_input/),
  ]);
  expect(said(weak, true)).toEqual([]);
  expect(said(weakScan(3, 1e5))).toEqual([]);
});

it("says that photons are too few to see an object", () => {
  expect(said(weakScan(0, 1e3))).toEqual([
    expect.stringMatching(/144 patterns differ from their mean by no more than/),
  ]);
});

it("says that a beam that converges turns a weak object upside down", () => {
  expect(said(weakScan(0.3, 1e5, -14), true)).toEqual([expect.stringMatching(/upside down.*detector_orientation/)]);
  expect(said(weakScan(3, 1e5, -14), true)).toEqual([]);
});

it("says that a detector's pixels share counts", () => {
  const weak = weakScan(0, 1e5);
  const values = new Float32Array(144 * 32 * 32);
  weak.patterns.read(
    Array.from({ length: 144 }, (_, k) => k),
    values,
  );
  const shared = values.map((k, i) => k + (i % 32 === 0 ? 0 : values[i - 1]));
  const lines = said({ ...weak, patterns: memoryPatterns(shared, [144, 32, 32]) });
  expect(lines[0]).toMatch(/neighbouring pixels count together: the covariance of their counts is (4\d|50) %/);
});
