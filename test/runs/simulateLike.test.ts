import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import { nodeHome } from "../../src/node/home.ts";
import { readScan } from "../../src/runs/inputs/scans.ts";
import { runSimulation } from "../../src/runs/simulate.ts";
import { readScanTruth } from "../../src/scans/withoutPatterns.ts";
import { call } from "../cli/harness.ts";
import { quietHooks } from "./inferRun.ts";

let folder = "";
const path = (name: string): string => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-like-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const simulated = (output: string, more: Partial<Parameters<typeof runSimulation>[0]> = {}) =>
  runSimulation(
    { output: path(output), options: { n: 16, patterns: 20 }, labels: false, ...more },
    quietHooks(),
    nodeHome,
  );

it("takes positions, probe and geometry of another scan, and none of its object", async () => {
  const geometry = { wavelengthM: 1e-10, objectPixelM: 1e-8 };
  await simulated("first.npz", { options: { n: 16, patterns: 20, modes: 2, step: 3, seed: 4, geometry } });
  await simulated("like.npz", { like: path("first.npz"), options: { n: 64, patterns: 1000, object: "deadLeaves" } });
  const [first, like] = await Promise.all(["first.npz", "like.npz"].map((name) => readScan(path(name), {}, nodeHome)));
  expect([like.patterns.count, like.patterns.height]).toEqual([20, 16]);
  expect(like.geometry?.objectPixelM).toBe(1e-8);
  const off = like.positions.map((value, k) => value - first.positions[k]);
  off.forEach((value, k) => {
    expect(value).toBeCloseTo(off[k % 2], 9);
  });
  const scale = like.probe.data[100] / first.probe.data[100];
  const largest = Math.max(...first.probe.data.map(Math.abs));
  like.probe.data.forEach((value, i) => {
    expect(Math.abs(value / scale - first.probe.data[i])).toBeLessThan(1e-5 * largest);
  });
  expect(like.object?.data).not.toEqual(first.object?.data);
});

it("needs no patterns: those beside pty-chi's parameters may be elsewhere", async () => {
  const geometry = { wavelengthM: 1e-10, detectorDistanceM: 1, detectorPixelM: 1e-5 };
  await simulated("pair.hdf5", { outputFormat: "pair", options: { n: 16, patterns: 12, seed: 2, geometry } });
  copyFileSync(path("pair_para.hdf5"), path("alone.hdf5"));
  await simulated("made.npz", { like: path("alone.hdf5") });
  const made = await readScan(path("made.npz"), {}, nodeHome);
  expect([made.patterns.count, made.patterns.height, made.probe.shape]).toEqual([12, 16, [1, 16, 16]]);
});

it("needs no patterns under the contract's names either", async () => {
  await simulated("whole.npz", { options: { n: 16, patterns: 12, seed: 2 } });
  const whole = openNpz(readFileSync(path("whole.npz")));
  const names = ["xcoords", "ycoords", "probeGuess", "objectGuess"];
  writeFileSync(path("layout.npz"), writeNpz(Object.fromEntries(names.map((name) => [name, whole.readNumbers(name)]))));
  await simulated("around.npz", { like: path("layout.npz") });
  const made = await readScan(path("around.npz"), {}, nodeHome);
  expect([made.patterns.count, made.patterns.height, made.probe.shape]).toEqual([12, 16, [1, 16, 16]]);
  const truth = readScanTruth(openNpz(readFileSync(path("layout.npz"))), {}, "layout.npz");
  expect(truth.object?.data).toEqual(whole.readNumbers("objectGuess").data);
});

it("the command refuses what the other scan says itself", async () => {
  const { code, stderr } = await call([
    "simulate",
    "--output",
    path("x.npz"),
    "--like",
    path("first.npz"),
    "--n",
    "32",
  ]);
  expect([code, stderr]).toEqual([2, expect.stringMatching(/--like says what n would.*[Ll]eave out one/)]);
});
