import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Settings } from "../../src/config/group.ts";
import { createReconstructionPayload } from "../../src/node/runs.ts";
import { Random } from "../../src/random.ts";
import { runReconstruction } from "../../src/runs/reconstruct/reconstruct.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import type { SimulationOptions } from "../../src/simulation/options.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { dataFile } from "../fixtures.ts";
import { quietHooks } from "./inferRun.ts";
import { plainHome } from "./plainHome.ts";

let folder = "";
const path = (...names: string[]): string => join(folder, ...names);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-auto-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/**
 * @param change of the intensities of a frame
 * @param off error of the positions along an axis, pixels
 */
function scanFile(
  name: string,
  options: Partial<SimulationOptions>,
  change = (_: Float32Array) => {},
  off = 0,
): string {
  const dataset = simulate({
    ...{ n: 32, patterns: 100, step: 4, seed: 3, object: "deadLeaves", scan: "raster", jitter: 0.3, noise: false },
    ...{ photons: 1e5, smoothing: 1 },
    ...options,
  });
  const { height, width } = dataset.patterns;
  const patterns = {
    ...dataset.patterns,
    read(frames: ArrayLike<number>, out: Float32Array) {
      dataset.patterns.read(frames, out);
      const size = height * width;
      for (let k = 0; k < frames.length; k++) change(out.subarray(k * size, (k + 1) * size));
    },
  };
  // Only the values say how many photons there are.
  const { photonsPerPattern: _, ...unsaid } = dataset;
  const random = new Random(7);
  const positions = dataset.positions.map((value) => value + off * random.normal());
  writeFileSync(path(`${name}.npz`), writeScanNpz({ ...unsaid, patterns, positions }));
  return path(`${name}.npz`);
}

async function run(scan: string, name: string, overrides: Settings) {
  const quick = { threads: 1, reconLogEveryNEpochs: 0, loggerBackend: "none", enableCheckpointing: false };
  const payload = await createReconstructionPayload({
    ...{ scan, outputDir: path(name), overwrite: true },
    overrides: { ...quick, ...overrides },
  });
  const outcome = await runReconstruction(payload, quietHooks(), plainHome);
  if (outcome.status === "diverged") return undefined;
  const read = (file: string) => JSON.parse(readFileSync(path(name, file), "utf8"));
  return { metrics: read("metrics.json"), record: read("run.json"), course: read("reconstruction.json") };
}

function lost(): never {
  throw new Error("diverged");
}

const jittered = (by = 0.05) => {
  const random = new Random(5);
  return (values: Float32Array) => {
    const factor = 1 + by * random.normal();
    for (let i = 0; i < values.length; i++) values[i] *= factor;
  };
};

/** A beam that jitters over light that all patterns have. */
const faulty = () => {
  const jitter = jittered(0.02);
  return (values: Float32Array) => {
    jitter(values);
    for (let i = 0; i < values.length; i++) values[i] += 2;
  };
};

const times = (gain: number) => (values: Float32Array) => {
  for (let i = 0; i < values.length; i++) values[i] *= gain;
};

it.each<[string, Partial<SimulationOptions>, () => (values: Float32Array) => void, number?]>([
  ["without noise", {}, () => () => {}],
  ["of a photon a pixel", { photons: 1000, noise: true }, () => () => {}],
  ["of few photons, in another unit,", { photons: 2000, noise: true }, () => times(0.013)],
  ["under a beam that jitters", {}, () => jittered()],
  ["of many photons", { photons: 1e7, noise: true }, () => () => {}],
  ["with the faults of a measured one", { photons: 4e5, noise: true, object: "siemensStar" }, faulty, 0.3],
  ["of few windows", { step: 8, patterns: 64 }, () => () => {}],
])(
  "a scan %s is reconstructed at least nearly as well as by the better of rpie and lsqml",
  async (name, options, change, off) => {
    const scan = scanFile(name, options, change(), off);
    const errors: number[] = [];
    for (const engine of ["rpie", "lsqml"])
      errors.push((await run(scan, engine, { engine }))?.metrics.complexError ?? Number.POSITIVE_INFINITY);
    const { metrics, record, course } = (await run(scan, "auto", {})) ?? lost();
    expect(metrics.complexError).toBeLessThan(1.1 * Math.min(...errors));
    expect(record.chosenBecause).toHaveLength(3);
    expect(["rpie", "lsqml", "dm"]).toContain(course.stages[0].engine);
  },
  120_000,
);

const measured = dataFile("tike_sim_169_30.npz");

it.skipIf(measured === undefined)(
  "the file's probe is kept where windows hardly overlap and it is the true one: the object is found to 5 %",
  async () => {
    const skipFrames = "12,25,38,51,64,77,90,103,116,129,142,155-168";
    const { metrics, course } = (await run(measured ?? "", "few", { skipFrames, epochs: 200 })) ?? lost();
    expect(course.stages[0]).toMatchObject({ engine: "dm", settings: { probeStart: 1_000_000 } });
    expect(metrics.heldOut).toBeNull();
    expect(metrics.complexError).toBeLessThan(0.05);
  },
  60_000,
);

it("leaves to people what they said", async () => {
  const scan = scanFile("said", {}, jittered());
  const { record, course } = (await run(scan, "said", { epochs: 7, alpha: 0.3, wrappers: ["smooth"] })) ?? lost();
  const [{ engine, epochs, settings, wrappers }] = course.stages;
  expect([engine, epochs, settings.alpha, wrappers.map((each: { name: string }) => each.name)]).toEqual([
    ...["rpie", 7, 0.3, ["smooth"]],
  ]);
  expect(record.stages).toEqual(course.stages);
  const none = await run(scan, "said", { epochs: 9, heldOutFraction: 0 });
  expect([none?.course.epochs, none?.course.outcome]).toEqual([9, "completed"]);
  await expect(run(scan, "said", { stage: ["engine=auto"] })).rejects.toThrow(/auto makes its own stage/);
}, 60_000);

it("takes positions where they are off, but not in so few epochs that they would stay", async () => {
  const random = new Random(9);
  const dataset = simulate({
    ...{ n: 32, patterns: 100, step: 4, seed: 3, object: "deadLeaves", scan: "raster", jitter: 0.3, smoothing: 1 },
    ...{ photons: 1e5 },
  });
  const positions = dataset.positions.map((value) => value + 1.5 * random.normal());
  writeFileSync(path("off.npz"), writeScanNpz({ ...dataset, positions }));
  const wrappersIn = async (epochs: number) => {
    const { record, course } = (await run(path("off.npz"), `off${epochs}`, { epochs })) ?? lost();
    const names: string[] = course.stages[0].wrappers.map(({ name }: { name: string }) => name);
    return { names, warnings: record.warnings.join("\n"), why: record.chosenBecause.join("\n") };
  };
  expect((await wrappersIn(8)).names).toContain("positions");
  const few = await wrappersIn(4);
  expect(few.names).not.toContain("positions");
  expect(few.warnings).not.toMatch(/positions stay/);
  expect(few.why).toMatch(/positions would do nothing in 4 epochs/);
}, 60_000);
