import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NpyArray } from "../../src/formats/npy.ts";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import { examineScan } from "../../src/scans/doctor/examine.ts";
import { readScanNpz } from "../../src/scans/scanNpz.ts";
import { call } from "../cli/harness.ts";
import { dataFile } from "../fixtures.ts";
import { type Arrays, COUNT, complaints, N, simulated } from "./planted.ts";

let folder = "";
const path = (name: string): string => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Counts in uint16 on a pedestal, zero frequency at the corner, pairs about zero under other names, two frames without light. */
function raw(): Arrays {
  const { diff3d, xcoords, ycoords, probeGuess } = simulated({ photons: 3e4 });
  const amplitudes = diff3d.data as Float32Array;
  const data = new Uint16Array(amplitudes.length);
  for (let i = 0; i < data.length; i++) {
    const [frame, y, x] = [Math.floor(i / (N * N)), Math.floor((i % (N * N)) / N), i % N];
    const from = frame * N * N + ((y + N / 2) % N) * N + ((x + N / 2) % N);
    data[i] = frame === 10 || frame === 11 ? 0 : 20 + Math.round(amplitudes[from] ** 2);
  }
  const [y, x] = [ycoords, xcoords].map(({ data: values }) => values as Float64Array);
  const middle = [y, x].map((values) => values.reduce((a, b) => a + b, 0) / COUNT);
  const pairs = Float64Array.from({ length: 2 * COUNT }, (_, i) => [y, x][i % 2][i >> 1] - middle[i % 2]);
  const probe = (probeGuess.data as Float32Array).map((value) => value / 1000);
  return {
    frames: { shape: diff3d.shape, dtype: "uint16", data },
    places: { shape: [COUNT, 2], dtype: "float64", data: pairs },
    light: { ...probeGuess, data: probe } as NpyArray,
  };
}

describe("--fix", () => {
  it("writes a scan that needs no flags, with what was done in it", async () => {
    writeFileSync(path("raw.npz"), writeNpz(raw()));
    const { code, stdout, stderr } = await call(["inspect", "--fix", path("fixed.npz"), path("raw.npz"), "--quiet"]);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/Applied\n(.*\n)*.*--measurement counts(.*\n)*.*--skip_frames 10-11/);
    // It is found by reconstructions, or taken and said to be.
    expect(stdout).toMatch(/order of the position columns: taken as|--position_order yx/);
    const bytes = readFileSync(path("fixed.npz"));
    const scan = readScanNpz(bytes);
    expect(scan.patterns.count).toBe(COUNT - 2);
    const frame = new Float32Array(N * N);
    scan.patterns.read([0], frame);
    const truth = simulated({ photons: 3e4 })["diff3d"].data as Float32Array;
    for (let i = 0; i < N * N; i++) expect(frame[i]).toBeCloseTo(truth[i], 3);
    const light = scan.probe.data.reduce((sum, value) => sum + value * value, 0);
    expect(light / 3e4).toBeGreaterThan(0.5);
    expect(light / 3e4).toBeLessThan(2);
    const { examination } = await examineScan(openNpz(bytes, "scan"));
    expect(complaints(examination.rows)).toEqual([]);
  });

  it("never replaces a file, the scan's own least of all", async () => {
    writeFileSync(path("other.npz"), writeNpz(raw()));
    for (const output of ["other.npz", "taken.npz"]) {
      if (output === "taken.npz") writeFileSync(path(output), "mine");
      const before = readFileSync(path(output));
      expect((await call(["inspect", "--fix", path(output), path("other.npz"), "--quiet"])).code).toBe(2);
      expect(readFileSync(path(output)).equals(before)).toBe(true);
    }
  });

  it("replaces what is said to go, and looks whether it may before it measures", async () => {
    writeFileSync(path("again.npz"), writeNpz(raw()));
    writeFileSync(path("old.npz"), "old");
    const refused = await call(["inspect", "--fix", path("old.npz"), path("again.npz"), "--quiet"]);
    expect(refused.stderr).toMatch(/old\.npz.*--overwrite/);
    expect(refused.stdout).toBe("");
    const replaced = await call(["inspect", "--fix", path("old.npz"), path("again.npz"), "--quiet", "--overwrite"]);
    expect(replaced.code).toBe(0);
    expect(openNpz(readFileSync(path("old.npz")), "old").has("diff3d")).toBe(true);
    expect((await call(["inspect", "--fix", path("again.npz"), path("again.npz"), "--overwrite"])).code).toBe(2);
    expect((await call(["inspect", path("again.npz"), "--overwrite"])).stderr).toMatch(/nothing is written/);
  });

  it("as JSON: rows, what was applied and what was left", async () => {
    writeFileSync(path("json.npz"), writeNpz(raw()));
    const { stdout } = await call(["inspect", "--json", "--fix", path("json-fixed.npz"), path("json.npz"), "--quiet"]);
    const { rows, fix } = JSON.parse(stdout) as { rows: unknown[]; fix: { applied: string[]; files: string[] } };
    expect(rows.length).toBeGreaterThan(20);
    expect(fix.files).toEqual([path("json-fixed.npz")]);
    expect(fix.applied.length).toBeGreaterThan(5);
  });
});

describe("--picture", () => {
  it("draws what was found, and is refused where it would replace a file or has no format", async () => {
    writeFileSync(path("drawn.npz"), writeNpz(raw()));
    const draw = async (name: string) =>
      (await call(["inspect", "--picture", path(name), path("drawn.npz"), "--quiet"])).code;
    expect(await draw("findings.svg")).toBe(0);
    const drawing = readFileSync(path("findings.svg"), "utf8");
    for (const text of ["Mean pattern", "centre found at", "Pixels to be trusted", "Path of 100 frames", "2 stand out"])
      expect(drawing).toContain(text);
    expect(await draw("findings.svg")).toBe(2);
    expect(await draw("findings.npz")).toBe(2);
  });
});

describe("--picture of a scan that stands still", () => {
  it("is drawn, and the findings are told", async () => {
    const places = { ...raw()["places"], data: new Float64Array(2 * COUNT).fill(7) } as NpyArray;
    writeFileSync(path("still.npz"), writeNpz({ ...raw(), places }));
    const { code, stdout } = await call(["inspect", "--picture", path("still.svg"), path("still.npz"), "--quiet"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/positions/);
    expect(readFileSync(path("still.svg"), "utf8")).toContain("Path of 100 frames");
  });
});

describe.skipIf(dataFile("siemens_raw.npz") === undefined)("a measured scan as it is distributed", () => {
  it("is known for what it is, and trains without flags once it is fixed", async () => {
    const file = dataFile("siemens_raw.npz") ?? "";
    const { stdout } = await call(["inspect", "--json", "--fix", path("siemens.npz"), file, "--quiet"]);
    const { rows } = JSON.parse(stdout) as { rows: { quantity: string; value: unknown; sure: string }[] };
    const found = (quantity: string) => rows.find((row) => row.quantity === quantity);
    expect(found("measurement")).toMatchObject({ value: "counts", sure: "sure" });
    expect(found("zero frequency")).toMatchObject({ value: "corner", sure: "sure" });
    expect(found("reference of the positions")).toMatchObject({ value: "corner", sure: "likely" });
    expect(found("scale of the probe")).toMatchObject({ sure: "sure" });
    expect(Number(found("scale of the probe")?.value)).toBeCloseTo(51.8 / 461213, 5);
    const training = ["--nepochs", "1", "--n_groups", "8", "--batch_size", "4", "--gridsize", "1", "--quiet"];
    const { code, stderr } = await call(
      ["train", "--train_data_file", path("siemens.npz"), "--output_dir", path("train"), ...training],
      { files: undefined as never, workflows: undefined as never },
    );
    expect(code, stderr).toBe(0);
  }, 240_000);
});
