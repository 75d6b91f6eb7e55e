import { expect, it } from "vitest";
import type { Settings } from "../../src/config/group.ts";
import { canonicalName } from "../../src/config/names.ts";
import { completeModel } from "../../src/config/resolve/complete.ts";
import { checkModel } from "../../src/config/rules.ts";
import { parseSettings } from "../../src/config/schema.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { memoryPatterns } from "../../src/data/memoryPatterns.ts";
import { Random } from "../../src/random.ts";
import {
  generatorNotes,
  type ScanSignal,
  scanSignals,
  signalWarnings,
  trainingWarnings,
} from "../../src/runs/train/trainingWarnings.ts";
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

function signalsOf(dataset: Dataset, gridsize = 1): ScanSignal[] {
  const data = { ...parseSettings("data", { validationFraction: 0 }), subsampleSeed: 1, neighborCount: gridsize ** 2 };
  return scanSignals([dataset], prepareData([dataset], undefined, data, gridsize, new Random(2)));
}

function modelOf(said: Settings, gridsize = 1) {
  return { ...parseSettings("model", { gridsize, ...said }), N: 32, objectBig: gridsize > 1, probeMaskDiameter: 16 };
}

const said = (dataset: Dataset, standardiseInput = false, architecture = "cnn", gridsize = 1): string[] =>
  signalWarnings({ model: modelOf({ standardiseInput, architecture }, gridsize) }, signalsOf(dataset, gridsize));

it("says by how much a weak object changes the patterns, until the network sees that", () => {
  const weak = weakScan(0.3, 1e5);
  expect(said(weak)).toEqual([
    expect.stringMatching(
      /amplitudes by 2\.\d % only .* 0\.5\d standard deviations a pixel.*standardise_input.*architecture=unrolled/,
    ),
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

it("asks nothing of a network with the physics inside but photons", () => {
  expect(said(weakScan(0.3, 1e5, -14), false, "unrolled")).toEqual([]);
  expect(said(weakScan(0.3, 1e4), false, "unrolled")).toEqual([
    expect.stringMatching(
      /by 0\.2\d standard deviations .*fits the noise.*gridsize=4.*architecture=cnn.*standardise_input/,
    ),
  ]);
  expect(said(weakScan(0.3, 1e4), false, "unrolled", 4)).toEqual([]);
  expect(said(weakScan(0.3, 4e3), false, "unrolled", 4)).toEqual([
    expect.stringMatching(/by 0\.1\d standard deviations .*fits the noise of such patterns: `architecture=cnn`/),
  ]);
});

it("says how much light falls where merged groups are dark", () => {
  const wide = weakScan(3, 1e5, 30);
  const light = (settings: Settings): string[] => {
    const model = { ...parseSettings("model", settings), N: 32, objectBig: true, probeMaskDiameter: 16 };
    const data = { ...parseSettings("data"), subsampleSeed: 1, neighborCount: 4 };
    const { gridsize } = model;
    return trainingWarnings({ model, data }, [wide], prepareData([wide], undefined, data, gridsize, new Random(2)));
  };
  const { data } = wide.probe;
  const share = (rows: readonly number[]): number =>
    rows
      .flatMap((y) => rows.map((x) => data[2 * (32 * y + x)] ** 2 + data[2 * (32 * y + x) + 1] ** 2))
      .reduce((a, b) => a + b);
  const upTo = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
  const outside = 1 - share(upTo(8, 24)) / share(upTo(0, 32));
  expect(outside).toBeGreaterThan(0.1);
  expect(light({ gridsize: 2 })).toEqual([
    expect.stringContaining(`${(100 * outside).toPrecision(2)} % of the probe's light falls outside the middle N/2`),
  ]);
  expect(light({ gridsize: 2, trainingPatchWeighting: "probe" })).toEqual([]);
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

it("names the network with the physics inside where photons are many and no network was chosen", () => {
  const noted = (dataset: Dataset, ...chosen: string[]): string[] => {
    const overridden = chosen.map((name) => ({ name, group: "model", value: null, source: "override" }) as const);
    return generatorNotes({ model: modelOf({}), overridden }, signalsOf(dataset), 1);
  };
  const many = weakScan(3, 1e5);
  const [note, ...more] = noted(many, "gridsize", "N");
  expect(note).toMatch(/by \d\.\d standard deviations .*a sharper object after far fewer steps/);
  expect(more).toEqual([]);
  // What it names can be said together.
  const named = [...note.matchAll(/`(\w+)=(\w+)`/g)].map(
    ([, name, value]) => [canonicalName(name, "training"), /^\d+$/.test(value) ? Number(value) : value] as const,
  );
  expect(named.pop()).toEqual(["architecture", "cnn"]);
  const { batchSize, ...advised } = Object.fromEntries(named);
  expect(batchSize).toBe(4);
  const model = completeModel(parseSettings("model", advised), 32);
  expect(() => checkModel(model)).not.toThrow();
  expect(model).toMatchObject({ architecture: "unrolled", gridsize: 2, trainingPatchWeighting: "probe" });
  for (const name of ["architecture", "nFiltersScale"]) expect(noted(many, name)).toEqual([]);
  expect(noted(weakScan(0.3, 1e4))).toEqual([]);
  expect(generatorNotes({ model: modelOf({ modelType: "supervised" }), overridden: [] }, signalsOf(many), 1)).toEqual(
    [],
  );
  // Of one of two scans nothing is known.
  expect(generatorNotes({ model: modelOf({}), overridden: [] }, signalsOf(many), 2)).toEqual([]);
});
