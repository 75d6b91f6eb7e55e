import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openArrayFile } from "../../src/formats/containers.ts";
import type { NpyArray } from "../../src/formats/npy.ts";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import { nodeHome } from "../../src/node/home.ts";
import { readScan } from "../../src/node/runs.ts";
import { fileProbe } from "../../src/runs/payloads.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { type Call, call } from "./harness.ts";

let root = "";
const path = (...names: string[]): string => join(root, ...names);
const scan = simulate({ n: 16, patterns: 9, seed: 2, positionError: 0.5, beamstop: 3 });

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "ptychonaut-convert-"));
  writeFileSync(path("scan.npz"), writeScanNpz(scan));
});
afterAll(() => rmSync(root, { recursive: true }));

const convert = (from: string, to: string, ...more: string[]): Promise<Call> =>
  call(["convert", path(from), path(to), ...more], { files: fileProbe(nodeHome) });

it("--help lists the formats, a line each", async () => {
  const { stdout } = await call(["convert", "--help"]);
  for (const line of [/^Scans:$/m, /^ {2}cxi: CXI \(\.cxi\)$/m, /^Reconstructions:$/m, /^ {2}ptyr: .*\(\.ptyr\)$/m])
    expect(stdout).toMatch(line);
});

it("a scan as npz is the same scan, and says where it came from", async () => {
  const { code, stderr } = await convert("scan.npz", "copy.npz", "--compress");
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/9 patterns of 16 x 16 as npz .*\nwrote .*copy\.npz/);
  expect(stderr).not.toMatch(/warning/);
  const { provenance: _, name: __, patterns, ...copy } = await readScan(path("copy.npz"));
  const { provenance: ___, name: ____, patterns: others, ...whole } = await readScan(path("scan.npz"));
  expect(copy).toEqual(whole);
  const [a, b] = [patterns, others].map(({ read }) => {
    const out = new Float32Array(9 * 256);
    read([0, 1, 2, 3, 4, 5, 6, 7, 8], out);
    return out;
  });
  expect(a).toEqual(b);
  const history = openNpz(readFileSync(path("copy.npz")), "copy").read("_history").data[0];
  expect(history).toMatch(/^written by ptychonaut [\d.]+ from scan\.npz, SHA-256 [0-9a-f]{64}\nread as named/);
  expect(readFileSync(path("copy.npz")).length).toBeLessThan(readFileSync(path("scan.npz")).length + 1000);
});

it("what a format cannot hold is said before it is written, and an error with --strict", async () => {
  const { code, stderr } = await convert("scan.npz", "patterns.tif");
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/warning: tiff cannot hold the positions of 9 patterns\n/);
  expect(stderr).toMatch(/warning: tiff cannot hold the nominal positions of 9 patterns, beside the actual ones/);
  expect(stderr).toMatch(/warning: tiff cannot hold the probe, 1 mode of 16 x 16/);
  expect(stderr).toMatch(/warning: tiff cannot hold the mask, [1-9]\d* of 256 pixels/);
  expect(stderr).toMatch(/warning: tiff cannot hold the stated dose of 100000 photons a pattern/);
  const strict = await convert("scan.npz", "strict.tif", "--strict");
  expect(strict.code).toBe(2);
  expect(strict.stderr).toMatch(/tiff cannot hold all that is there; .*the probe.*leave --strict out/s);
  expect(existsSync(path("strict.tif"))).toBe(false);
});

it("frames that are left out are not written", async () => {
  const { code, stderr } = await convert("scan.npz", "fewer.npz", "--skip_frames", "2,4-5");
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/left out: 3 patterns of 9/);
  const { patterns, positions, skipped } = await readScan(path("fewer.npz"));
  expect([patterns.count, positions.length, skipped]).toEqual([6, 12, undefined]);
});

it("an input is not replaced, nor what is there without being asked", async () => {
  symlinkSync(path("scan.npz"), path("link.npz"));
  for (const target of ["scan.npz", "link.npz"]) {
    const { code, stderr } = await convert("scan.npz", target, "--overwrite");
    expect(code).toBe(2);
    expect(stderr).toMatch(/the output would overwrite an input/);
  }
  writeFileSync(path("there.npz"), "something");
  const { code, stderr } = await convert("scan.npz", "there.npz");
  expect(code).toBe(2);
  expect(stderr).toMatch(/the file exists.*--overwrite/s);
  expect((await convert("scan.npz", "there.npz", "--overwrite")).code).toBe(0);
});

it("a name that says no format, and an option that a format has not, are errors with the way out", async () => {
  const { code, stderr } = await convert("scan.npz", "scan.dat");
  expect(code).toBe(2);
  expect(stderr).toMatch(/does not say its format.*\.npz.*\.tif.*--to npz/s);
  expect((await convert("scan.npz", "scan.dat", "--to", "tiff")).code).toBe(0);
  const compressed = await convert("scan.npz", "c.tif", "--compress");
  expect(compressed.code).toBe(2);
  expect(compressed.stderr).toMatch(/tiff is written as it is.*--compress/s);
});

it("stopped, it leaves nothing, and what was there as it was", async () => {
  mkdirSync(path("stopped"));
  writeFileSync(path("stopped", "old.npz"), "old");
  const stopped = new AbortController();
  stopped.abort();
  for (const target of ["old.npz", "new.npz", "new.tif"]) {
    const argv = ["convert", path("scan.npz"), path("stopped", target), "--overwrite"];
    const { code, stderr } = await call(argv, { files: fileProbe(nodeHome), signal: stopped.signal });
    expect(code).toBe(130);
    expect(stderr).toMatch(/interrupted: nothing was written/);
  }
  expect(readdirSync(path("stopped"))).toEqual(["old.npz"]);
  expect(readFileSync(path("stopped", "old.npz"), "utf8")).toBe("old");
});

it("simulate writes the format that the name or the option says", async () => {
  const simulated = ["simulate", "--n", "16", "--patterns", "9", "--output"];
  const metres = ["--energy_kev", "8", "--detector_distance_m", "2", "--detector_pixel_m", "75e-6"];
  for (const [name, container, more] of [
    ["a.h5", "HDF5", []],
    ["a.cxi", "HDF5", metres],
    ["a.dat", "NPZ", []],
    ["b.dat", "HDF5", [...metres, "--output_format", "nxcxi"]],
  ] as const) {
    const { code, stderr } = await call([...simulated, path(name), ...more]);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/wrote .*: 9 patterns of 16 x 16/);
    const file = await openArrayFile(readFileSync(path(name)), name);
    expect(file.container).toBe(container);
    file.close();
  }
  const refused = await call([...simulated, path("c.cxi")]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/cxi is in metres.*--energy_kev.*--detector_distance_m, --detector_pixel_m/s);
  expect(existsSync(path("c.cxi"))).toBe(false);
});

it("single values that a scan has no field for go along in the record, from file to file", async () => {
  const metres = ["--energy_kev", "8", "--detector_distance_m", "2", "--detector_pixel_m", "75e-6"];
  const titled = {
    ...arraysOf("scan.npz"),
    start_time: { shape: [], dtype: "string", data: ["2026-11-28T20:00"] },
  } as const;
  writeFileSync(path("titled.npz"), writeNpz(titled));
  expect((await convert("titled.npz", "titled.cxi", ...metres)).code).toBe(0);
  expect((await convert("titled.cxi", "titled.nxs")).code).toBe(0);
  const file = await openArrayFile(readFileSync(path("titled.nxs")), "titled.nxs");
  const note = String(file.read("entry_1/process_1/note/data").data[0]);
  expect(note).toMatch(/from titled\.cxi[\s\S]*from titled\.npz[\s\S]*start_time: 2026-11-28T20:00/);
  expect(note).toContain("entry_1/title: titled");
  file.close();
});

function arraysOf(name: string): Record<string, NpyArray> {
  const npz = openNpz(readFileSync(path(name)), name);
  return Object.fromEntries(npz.keys.map((key) => [key, npz.read(key)]));
}
