import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Dataset } from "../../src/data/dataset.ts";
import { selectFrames } from "../../src/data/selectFrames.ts";
import { nodeHome } from "../../src/node/home.ts";
import { readScan } from "../../src/node/runs.ts";
import { fileProbe } from "../../src/runs/payloads.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { call } from "./harness.ts";

let folder = "";
const path = (...names: string[]): string => join(folder, ...names);
const scan = simulate({ n: 32, patterns: 9, seed: 2, positionError: 0.5 });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-"));
  writeFileSync(path("scan.npz"), writeScanNpz(scan));
});
afterAll(() => rmSync(folder, { recursive: true }));

const pattern = ({ patterns }: Dataset, frame: number): Float32Array => {
  const out = new Float32Array(patterns.height * patterns.width);
  patterns.read([frame], out);
  return out;
};

test("every pattern is in one half, with its own positions, in one frame", async () => {
  const { code, stderr } = await call(["split", path("scan.npz"), "--output_dir", path("halves")], {
    files: fileProbe(nodeHome),
  });
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/even\.npz: 5 patterns\nwrote .*odd\.npz: 4 patterns/);
  const whole = await readScan(path("scan.npz"));
  for (const [first, name] of ["even", "odd"].entries()) {
    const half = await readScan(path("halves", `${name}.npz`));
    expect(half.patterns.count).toBe(5 - first);
    expect(half.object).toEqual(whole.object);
    expect(half.photonsPerPattern).toBe(whole.photonsPerPattern);
    for (let k = 0; k < half.patterns.count; k++) {
      const frame = 2 * k + first;
      expect(pattern(half, k)).toEqual(pattern(whole, frame));
      for (const key of ["positions", "nominalPositions"] as const)
        expect(half[key]!.slice(2 * k, 2 * k + 2)).toEqual(whole[key]!.slice(2 * frame, 2 * frame + 2));
    }
  }
});

test("patches, scan numbers and beam intensities go with their frames", () => {
  const patches = { shape: [9, 2, 2], data: Float32Array.from({ length: 72 }, (_, i) => i) };
  const scanIndex = Int32Array.from({ length: 9 }, (_, i) => 10 + i);
  const frameIntensities = Float64Array.from({ length: 9 }, (_, i) => 0.5 + i / 8);
  const chosen = selectFrames({ ...scan, patches, scanIndex, frameIntensities }, [7, 2]);
  expect(chosen.patches?.shape).toEqual([2, 2, 2]);
  expect(Array.from(chosen.patches!.data)).toEqual([56, 57, 58, 59, 60, 61, 62, 63, 16, 17, 18, 19, 20, 21, 22, 23]);
  expect(chosen.scanIndex).toEqual(Int32Array.of(17, 12));
  expect(chosen.frameIntensities).toEqual(Float64Array.of(1.375, 0.75));
});

test("a single pattern has no halves, and a folder must be named", async () => {
  writeFileSync(path("one.npz"), writeScanNpz(selectFrames(scan, [0])));
  const one = await call(["split", path("one.npz"), "--output_dir", path("no")], { files: fileProbe(nodeHome) });
  expect(one.code).toBe(2);
  expect(one.stderr).toMatch(/one pattern has no halves/);
  expect(existsSync(path("no"))).toBe(false);
  const nowhere = await call(["split", path("scan.npz")], { files: fileProbe(nodeHome) });
  expect(nowhere.code).toBe(2);
  expect(nowhere.stderr).toMatch(/missing --output_dir/);
});

test("in several formats at once, wherever the scan is named", async () => {
  const named = ["--output_dir", path("several"), "--output_format", "hdf5", "npz", path("scan.npz")];
  const { code, stderr } = await call(["split", ...named], { files: fileProbe(nodeHome) });
  expect(code, stderr).toBe(0);
  for (const name of ["even.h5", "even.npz", "odd.h5", "odd.npz"]) expect(existsSync(path("several", name))).toBe(true);
});

test("a word behind a list that it does not know is told what the list takes", async () => {
  const wrong = ["split", path("scan.npz"), "--output_dir", path("no"), "--output_format", "hdf5", "ncxi"];
  const { code, stderr } = await call(wrong, { files: fileProbe(nodeHome) });
  expect(code).toBe(2);
  expect(stderr).toMatch(/too many arguments.*"ncxi" behind --output_format: it takes any number of \{npz,.*nxcxi/);
});

test("in another format, also in two files each; what is there is not replaced unasked", async () => {
  const metres = ["--energy_kev", "8", "--detector_distance_m", "2", "--object_pixel_m", "2e-8"];
  const split = ["split", path("scan.npz"), "--output_dir", path("pairs"), "--output_format", "pair", ...metres];
  const { code, stderr } = await call(split, { files: fileProbe(nodeHome) });
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/pair cannot hold the nominal positions of 5 patterns/);
  expect(stderr).toMatch(/even_dp\.hdf5: 5 patterns\nwrote .*even_para\.hdf5: 5 patterns\n/);
  for (const name of ["even_dp", "even_para", "odd_dp", "odd_para"])
    expect(existsSync(path("pairs", `${name}.hdf5`))).toBe(true);
  const again = await call(split, { files: fileProbe(nodeHome) });
  expect(again.code).toBe(2);
  expect(again.stderr).toMatch(/would be lost.*even_dp\.hdf5/s);
  expect((await call([...split, "--overwrite"], { files: fileProbe(nodeHome) })).code).toBe(0);
});
