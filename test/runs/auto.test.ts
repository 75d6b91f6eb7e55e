import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Settings } from "../../src/config/group.ts";
import { nodeHome } from "../../src/node/home.ts";
import { createReconstructionPayload } from "../../src/node/runs.ts";
import { Random } from "../../src/random.ts";
import type { Home } from "../../src/runs/machine.ts";
import { runReconstruction } from "../../src/runs/reconstruct/reconstruct.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import type { SimulationOptions } from "../../src/simulation/options.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { quietHooks } from "./inferRun.ts";

let folder = "";
const path = (...names: string[]): string => join(folder, ...names);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-auto-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** @param change of the intensities of a frame */
function scanFile(name: string, options: Partial<SimulationOptions>, change = (_: Float32Array) => {}): string {
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
  writeFileSync(path(`${name}.npz`), writeScanNpz({ ...dataset, patterns }));
  return path(`${name}.npz`);
}

const plain: Home = {
  ...nodeHome,
  machine: Object.create(nodeHome.machine, { pictures: { value: undefined } }) as Home["machine"],
};

async function run(scan: string, name: string, overrides: Settings) {
  const quick = { threads: 1, reconLogEveryNEpochs: 0, loggerBackend: "none", enableCheckpointing: false };
  const payload = await createReconstructionPayload({
    ...{ scan, outputDir: path(name), overwrite: true },
    overrides: { ...quick, ...overrides },
  });
  const outcome = await runReconstruction(payload, quietHooks(), plain);
  if (outcome.status === "diverged") return undefined;
  const read = (file: string) => JSON.parse(readFileSync(path(name, file), "utf8"));
  return { metrics: read("metrics.json"), record: read("run.json"), course: read("reconstruction.json") };
}

function lost(): never {
  throw new Error("diverged");
}

const jittered = () => {
  const random = new Random(5);
  return (values: Float32Array) => {
    const factor = 1 + 0.05 * random.normal();
    for (let i = 0; i < values.length; i++) values[i] *= factor;
  };
};

it.each<[string, Partial<SimulationOptions>, () => (values: Float32Array) => void]>([
  ["without noise", {}, () => () => {}],
  ["of few photons", { photons: 2000, noise: true }, () => () => {}],
  ["under a beam that jitters", {}, jittered],
])(
  "a scan %s is reconstructed at least nearly as well as by the better of rpie and lsqml",
  async (name, options, change) => {
    const scan = scanFile(name, options, change());
    const errors: number[] = [];
    for (const engine of ["rpie", "lsqml"])
      errors.push((await run(scan, engine, { engine }))?.metrics.complexError ?? Number.POSITIVE_INFINITY);
    const { metrics, record, course } = (await run(scan, "auto", {})) ?? lost();
    console.log(errors, metrics.complexError, record.chosenBecause, course.epochs, course.kept, course.outcome);
    expect(metrics.complexError).toBeLessThan(1.1 * Math.min(...errors));
    expect(record.chosenBecause).toHaveLength(3);
    expect(["rpie", "lsqml"]).toContain(course.stages[0].engine);
  },
  120_000,
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
