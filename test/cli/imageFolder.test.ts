import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { writeNpy } from "../../src/formats/npy.ts";
import { nodeHome } from "../../src/node/home.ts";
import { readScan } from "../../src/node/runs.ts";
import { fileProbe } from "../../src/runs/payloads.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { writeTiffPages } from "../formats/tiffWritten.ts";
import { type Call, call } from "./harness.ts";

const [N, COUNT] = [32, 12];
const scan = simulate({ n: N, patterns: COUNT, seed: 6, photons: 1e4 });
const amplitudes = new Float32Array(COUNT * N * N);
scan.patterns.read([...Array(COUNT).keys()], amplitudes);
const counts = Uint16Array.from(amplitudes, (value) => Math.round(value * value));

let root = "";
const path = (...names: string[]): string => join(root, ...names);
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "ptychonaut-images-"));
  mkdirSync(path("scan"));
  for (let k = 0; k < COUNT; k++) {
    const pixels = new Uint8Array(counts.slice(k * N * N, (k + 1) * N * N).buffer);
    const page = { height: N, width: N, bits: 16, format: 1, pieces: [pixels] };
    writeFileSync(path("scan", `frame${k + 1}.tif`), writeTiffPages([page]));
  }
  const rows = Array.from({ length: COUNT }, (_, k) => [scan.positions[2 * k + 1], scan.positions[2 * k]].join(","));
  writeFileSync(path("positions.csv"), ["x,y", ...rows].join("\n"));
  writeFileSync(path("probe.npy"), writeNpy({ ...scan.probe, dtype: "complex64" }));
});
afterAll(() => rmSync(root, { recursive: true }));

const run = (...args: string[]): Promise<Call> => call(args, { files: fileProbe(nodeHome) });
const beside = (): string[] => ["--positions", path("positions.csv"), "--probe_file", path("probe.npy")];

it("a folder of images, positions in text and a probe in an NPY are a scan, in one command", async () => {
  const { code, stderr } = await run("convert", path("scan"), path("scan.npz"), ...beside());
  expect(code, stderr).toBe(0);
  const read = await readScan(path("scan.npz"));
  const found = new Float32Array(COUNT * N * N);
  read.patterns.read([...Array(COUNT).keys()], found);
  // Amplitudes whose squares are the counts.
  expect(found.map((value) => Math.round(value * value))).toEqual(Float32Array.from(counts));
  expect(read.positions).toEqual(scan.positions);
  expect(read.probe.data).toEqual(scan.probe.data);
});

it("and inspect lists it", async () => {
  const { code, stdout, stderr } = await run("inspect", path("scan"), ...beside());
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/images +\(12, 32, 32\) +uint16/);
  expect(stdout).toMatch(/measurement +counts/);
});

it("without what is not in the images the flags for it are named", async () => {
  const { code, stderr } = await run("convert", path("scan"), path("other.npz"), "--probe_file", path("probe.npy"));
  expect(code).toBe(2);
  expect(stderr).toMatch(/no positions.*--positions FILE::ARRAY.*--scan_step/);
});
