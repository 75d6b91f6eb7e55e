import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBundle } from "../../src/bundle/bundle.ts";
import type { Settings } from "../../src/config/group.ts";
import type { loadPredictor } from "../../src/inference/predictor.ts";
import { createInferencePayload, createTrainingPayload } from "../../src/node/runs.ts";
import { readReconstruction } from "../../src/reconstructions/reconstructionNpz.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { tolerances } from "../tolerances.ts";
import { N, positions, quietHooks, writeRandomBundle, writeScan } from "./inferRun.ts";
import { runInference, runTraining } from "./plainRuns.ts";

/** Groups of four through the real workflows, against brute force over the positions. */

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-groups-"));
const path = (...names: string[]): string => join(folder, ...names);
afterAll(() => rmSync(folder, { recursive: true }));

/** All frames by their distance from one, itself first. */
function byDistance(at: Float64Array, anchor: number): { frame: number; dy: number; dx: number; distance: number }[] {
  const others = Array.from({ length: at.length / 2 }, (_, frame) => {
    const [dy, dx] = [at[2 * frame] - at[2 * anchor], at[2 * frame + 1] - at[2 * anchor + 1]];
    return { frame, dy, dx, distance: Math.hypot(dy, dx) };
  });
  return others.sort((a, b) => a.distance - b.distance || Number(b.frame === anchor) - Number(a.frame === anchor));
}

const quadrantOf = ({ dy, dx }: { dy: number; dx: number }): number => (dy > 0 ? 0 : 2) + (dx > 0 ? 1 : 0);

/** Whether a group of four is one that the settings allow its anchor to lead. */
const allowed: Readonly<Record<string, (at: Float64Array, anchor: number, members: readonly number[]) => boolean>> = {
  Nearest: (at, anchor, members) => {
    // The sixth is at most as near as the farthest member, where several are equally far.
    const farthest = byDistance(at, anchor)[6].distance;
    return (
      members[0] === anchor && byDistance(at, anchor).every((f) => !members.includes(f.frame) || f.distance <= farthest)
    );
  },
  Min_dist: (at, anchor, members) =>
    members[0] === anchor &&
    byDistance(at, anchor).every((f) => !members.slice(1).includes(f.frame) || (f.distance >= 3 && f.distance <= 12)),
  "4_quadrant": (at, anchor, members) => {
    const found = byDistance(at, anchor);
    return members.every((member, quadrant) => {
      const { dy, dx, distance } = found.find(({ frame }) => frame === member)!;
      return member === anchor || (dy !== 0 && dx !== 0 && quadrantOf({ dy, dx }) === quadrant && distance < 20);
    });
  },
};

/** Frames that can lead a group under each of these settings. */
function leaders(at: Float64Array, name: string): number[] {
  return Array.from({ length: at.length / 2 }, (_, frame) => frame).filter((anchor) => {
    const others = byDistance(at, anchor).filter(({ frame }) => frame !== anchor);
    if (name === "Nearest") return others.length >= 3;
    if (name === "Min_dist") return others.filter(({ distance }) => distance >= 3 && distance <= 12).length >= 3;
    const near = others.slice(0, 30).filter(({ dy, dx, distance }) => dy !== 0 && dx !== 0 && distance < 20);
    return new Set(near.map(quadrantOf)).size >= 3;
  });
}

const neighbourhoods = [
  ["Nearest", { neighborFunction: "Nearest", neighborCount: 6 }],
  ["Min_dist", { neighborFunction: "Min_dist", minNeighborDistance: 3, maxNeighborDistance: 12 }],
  ["4_quadrant", { neighborFunction: "4_quadrant", maxNeighborDistance: 20 }],
] as [string, Settings][];

describe("inference on groups of four", () => {
  let scan = "";
  let bundle = "";
  beforeAll(async () => {
    scan = writeScan(folder, "scan.npz");
    bundle = await writeRandomBundle(folder, scan, 2);
  });

  it.each(neighbourhoods)(
    "%s: true neighbours, and every patch of every group averaged where it belongs",
    async (name, settings) => {
      const groups: number[][] = [];
      const payload = await createInferencePayload({
        modelPath: bundle,
        testDataFile: scan,
        outputDir: path(`object-${name}`),
        overrides: { ...settings, patchWeighting: "uniform", accelerator: "cpu" },
      });
      await runInference(payload, quietHooks(), { loadPredictor: slotNetwork(groups) });
      const leading = leaders(positions, name);
      // One group a leader, in the order of the file; the last batch is filled up with the first groups again.
      const fillers = groups.splice(leading.length);
      expect(fillers).toEqual(groups.slice(0, fillers.length));
      expect(groups.length).toBe(leading.length);
      for (const [k, members] of groups.entries()) {
        expect(new Set(members).size).toBe(4);
        expect(allowed[name](positions, leading[k], members)).toBe(true);
      }
      const { object, coverage, origin } = readReconstruction(
        readFileSync(path(`object-${name}`, "reconstruction.npz")),
      );
      const [height, width] = object.shape as [number, number];
      const expected = bruteForceAverage(groups, origin, [height, width]);
      const most = Math.max(...expected.count);
      for (let i = 0; i < height * width; i++) {
        const count = expected.count[i];
        if (count === 0) continue;
        // The file has coverage in units of its largest.
        expect(coverage[i]).toBeCloseTo(count / most, 6);
        for (const part of [0, 1]) {
          const difference = object.data[2 * i + part] - expected.sum[2 * i + part] / count;
          expect(Math.abs(difference)).toBeLessThan(tolerances.float32Rounding * 4);
        }
      }
    },
  );
});

/** A flat patch that tells frame and place in the group: averages then show who took part. */
const patchValue = (frame: number, slot: number): readonly [number, number] => [
  1 + 0.5 * slot + 0.01 * frame,
  0.3 * slot,
];

/** In a network's place; remembers the groups that it was asked for. */
function slotNetwork(groups: number[][]): typeof loadPredictor {
  return async (_runtime, model, _weights, batch) => ({
    batch,
    async predict({ frames }) {
      const data = new Float32Array(2 * frames.length * model.N ** 2);
      for (const [k, frame] of frames.entries()) {
        const value = patchValue(frame, k % 4);
        for (let i = 0; i < 2 * model.N ** 2; i++) data[2 * k * model.N ** 2 + i] = value[i % 2];
      }
      for (let k = 0; k < frames.length; k += 4) groups.push(Array.from(frames.subarray(k, k + 4)));
      return { shape: [frames.length, model.N, model.N], data };
    },
    dispose: async () => {},
  });
}

/** Sums of the values placed on each pixel and how many they are; positions are whole pixels, the trim is N/2. */
function bruteForceAverage(
  groups: readonly (readonly number[])[],
  origin: { readonly y: number; readonly x: number },
  [height, width]: readonly [number, number],
): { sum: Float64Array; count: Float64Array } {
  const sum = new Float64Array(2 * height * width);
  const count = new Float64Array(height * width);
  for (const members of groups)
    for (const [slot, frame] of members.entries()) {
      const [top, left] = [0, 1].map((axis) => positions[2 * frame + axis] - N / 4) as [number, number];
      for (let y = 0; y < N / 2; y++)
        for (let x = 0; x < N / 2; x++) {
          const at = (top - origin.y + y) * width + left - origin.x + x;
          count[at]++;
          for (const part of [0, 1]) sum[2 * at + part] += patchValue(frame, slot)[part];
        }
    }
  return { sum, count };
}

describe("training on groups of four", () => {
  const BATCH = 8;
  const scan = simulate({ n: N, patterns: 30, seed: 3, photons: 1e5 });
  beforeAll(() => writeFileSync(path("training.npz"), writeScanNpz(scan)));
  let runs = 0;

  /** Trains for an epoch and says how many steps that was, and the weights. */
  async function train(settings: Settings) {
    const outputDir = path(`training${runs++}`);
    const overrides = {
      nFiltersScale: 1,
      batchSize: BATCH,
      maxEpochs: 1,
      validationFraction: 0,
      reconLogEveryNEpochs: 0,
    };
    const payload = await createTrainingPayload({
      trainDataFile: path("training.npz"),
      outputDir,
      overrides: { ...overrides, accelerator: "cpu", gridsize: 2, ...settings },
    });
    expect((await runTraining(payload, quietHooks())).status).toBe("finished");
    const { model } = readBundle(readFileSync(join(outputDir, "model.zip")));
    return {
      steps: JSON.parse(readFileSync(join(outputDir, "training.json"), "utf8")).steps as number,
      model,
      outputDir,
    };
  }
  const stepsFor = (groups: number): number => Math.ceil(groups / BATCH);

  it.each(neighbourhoods.slice(1))(
    "%s: every frame that can lead a group does",
    async (name, settings) => {
      const count = leaders(scan.positions, name).length;
      expect(count).toBeGreaterThan(0);
      const { steps, outputDir } = await train(settings);
      expect(steps).toBe(stepsFor(count));
      // Inference takes the neighbours over from the training.
      const payload = await createInferencePayload({
        modelPath: outputDir,
        testDataFile: path("training.npz"),
        outputDir: `${outputDir}-object`,
        overrides: { accelerator: "cpu" },
      });
      expect(payload.data.neighborFunction).toBe(name);
      expect((await runInference(payload, quietHooks())).status).toBe("finished");
      const { outcome } = JSON.parse(readFileSync(join(`${outputDir}-object`, "run.json"), "utf8"));
      expect(outcome.predictions).toBe(count);
    },
    180_000,
  );

  it("more groups than patterns only when asked for", async () => {
    await expect(train({ nGroups: 50 })).rejects.toThrow(/more groups than patterns.*enable_oversampling/);
    const { steps } = await train({ nGroups: 50, enableOversampling: true, neighborPoolSize: 6 });
    expect(steps).toBe(stepsFor(50));
  }, 180_000);

  it("a subsample follows its seed, and bounds cut the scan area", async () => {
    const some = { nSubsample: 16, subsampleSeed: 5 };
    const [one, other] = [await train(some), await train({ ...some, subsampleSeed: 6 })];
    expect(one.steps).toBe(2);
    expect(other.model).not.toEqual(one.model);
    const xs = scan.positions.filter((_, i) => i % 2 === 1);
    const [least, greatest] = [Math.min(...xs), Math.max(...xs)];
    const inside = xs.filter((x) => x >= least + 0.2 * (greatest - least) && x <= greatest - 0.2 * (greatest - least));
    expect(stepsFor(inside.length)).toBeLessThan(stepsFor(30));
    expect((await train({ xBounds: [0.2, 0.8] })).steps).toBe(stepsFor(inside.length));
  }, 180_000);
});
