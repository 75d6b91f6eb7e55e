import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Settings } from "../../src/config/group.ts";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import { nodeHome } from "../../src/node/home.ts";
import { createReconstructionPayload } from "../../src/node/runs.ts";
import type { Home } from "../../src/runs/machine.ts";
import { runReconstruction } from "../../src/runs/reconstruct/reconstruct.ts";
import { call } from "../cli/harness.ts";
import { distance } from "../engines/problem.ts";
import { dataFile } from "../fixtures.ts";
import { quietHooks } from "./inferRun.ts";

let folder = "";
const path = (...names: string[]): string => join(folder, ...names);
const numbers = (file: string, name: string): ArrayLike<number> =>
  openNpz(readFileSync(path(file)), file).readNumbers(name).data as Float64Array;
const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((total, value) => total + value, 0);
const counts = (file: string): number => sum(Array.from(numbers(file, "diff3d"), (value) => value * value));

async function simulate(output: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await call(["simulate", "--output", path(output), ...args]);
  expect([code, stderr]).toEqual([0, expect.any(String)]);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-from-"));
  const scan = ["--n", "32", "--patterns", "36", "--scan", "raster", "--step", "4", "--photons", "1e4", "--seed", "3"];
  await simulate("first.npz", ...scan, "--modes", "2", "--intensity_jitter", "0.1", "--object", "dead_leaves");
  writeFileSync(
    path("fog.npz"),
    writeNpz({ fog: { shape: [32, 32], dtype: "float32", data: new Float32Array(1024).fill(5) } }),
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

it("makes the same patterns of what a file has, without noise to the last digits", async () => {
  await simulate("again.npz", "--from", path("first.npz"), "--no-noise");
  for (const name of ["xcoords", "ycoords", "frame_intensity", "objectGuess"])
    expect(distance(numbers("again.npz", name), numbers("first.npz", name))).toBeLessThan(1e-6);
  // The probe of the first file has its photons, which the second then has too.
  expect(numbers("again.npz", "probeGuess")).toHaveLength(2 * 2 * 32 * 32);
  expect(distance(numbers("again.npz", "probeGuess"), numbers("first.npz", "probeGuess"))).toBeLessThan(1e-6);
  expect(counts("again.npz") / counts("first.npz")).toBeCloseTo(1, 1);
});

it("takes so many positions about the middle, another dose, and a background that goes with it", async () => {
  await simulate("some.npz", "--from", path("first.npz"), "--patterns", "9", "--photons", "2e4", "--no-noise");
  const fog = ["--background_file", `${path("fog.npz")}::fog`];
  await simulate("foggy.npz", "--from", path("first.npz"), "--patterns", "9", "--photons", "2e4", "--no-noise", ...fog);
  expect(numbers("some.npz", "xcoords")).toHaveLength(9);
  expect(counts("some.npz") / 9).toBeCloseTo(2e4, -1);
  // Five counts a pixel at the probe's own dose, which for these nine patterns is about that of the scan.
  const added = (counts("foggy.npz") - counts("some.npz")) / 9 / 1024;
  expect(added).toBeGreaterThan(8);
  expect(added).toBeLessThan(12);
});

it.each([
  [["--from", "first.npz", "--n", "32"], /--from says what n would/],
  [["--from", "first.npz", "--object", "lines"], /--from says what object would/],
  [["--background_file", "fog.npz"], /background_file has an effect only when from is given/],
])("refuses %j", async (args, message) => {
  const { code, stderr } = await call(["simulate", "--output", path("never.npz"), ...args]);
  expect([code, existsSync(path("never.npz"))]).toEqual([2, false]);
  expect(stderr).toMatch(message);
});

/** Pictures take longer than all else here. */
const unseen: Home = {
  ...nodeHome,
  machine: Object.create(nodeHome.machine, { pictures: { value: undefined } }) as Home["machine"],
};
const goldBalls = dataFile("gold_balls_recon.mat");
it.skipIf(goldBalls === undefined)(
  "gold_balls_recon.mat: modes, background and intensities are found from one mode",
  async () => {
    const mat = String(goldBalls);
    await simulate("gold.npz", "--from", mat, "--background_file", `${mat}::background`, "--patterns", "40");
    const reconstruct = async (output: string, settings: Settings): Promise<number> => {
      const overrides = { engine: "lsqml", threads: 1, loggerBackend: "none", reconLogEveryNEpochs: 0, ...settings };
      const payload = await createReconstructionPayload({ scan: path("gold.npz"), outputDir: path(output), overrides });
      await runReconstruction(payload, quietHooks(), unseen);
      return JSON.parse(readFileSync(path(output, "metrics.json"), "utf8")).heldOut.rFactor;
    };
    const plain = await reconstruct("plain", { probeModes: 1, epochs: 15 });
    const stage = ["epochs=3,probe_modes=1", "epochs=12,probe_modes=2"];
    const found = await reconstruct("found", { stage, wrappers: ["background", "intensities", "orthogonal"] });
    expect(found).toBeLessThan(0.85 * plain);
  },
  120_000,
);
