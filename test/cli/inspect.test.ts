import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memoryPatterns } from "../../src/data/memoryPatterns.ts";
import { writeNpz } from "../../src/formats/npz.ts";
import { type Reconstruction, writeReconstruction } from "../../src/reconstructions/reconstructionNpz.ts";
import type { ScanInspection } from "../../src/scans/inspect/inspectScan.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { call } from "./harness.ts";

let folder = "";
const path = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-"));
  await call(["simulate", "--output", path("scan.npz"), "--n", "32", "--patterns", "30"]);
  const counts = Uint16Array.from({ length: 4 * 16 * 16 }, (_, i) => i % 7);
  writeFileSync(
    path("raw.npz"),
    writeNpz({
      diffraction: { shape: [4, 16, 16], dtype: "uint16", data: counts },
      xcoords: { shape: [4], dtype: "float64", data: Float64Array.of(8, 11, 8, 11) },
      ycoords: { shape: [4], dtype: "float64", data: Float64Array.of(8, 8, 11, 11) },
    }),
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

async function inspect(...args: string[]): Promise<ScanInspection> {
  const { code, stdout, stderr } = await call(["inspect", ...args, "--json"]);
  const inspection = JSON.parse(stdout) as ScanInspection;
  const errors = inspection.findings.filter(({ severity }) => severity === "error");
  expect(code, stderr).toBe(errors.length > 0 ? 2 : 0);
  return inspection;
}

describe("what a run left", () => {
  const object = { shape: [3, 4], data: new Float32Array(24).fill(1) };
  const place = { origin: { y: 2, x: 5 }, positions: Float64Array.of(3, 4, 5, 6), coverage: new Float32Array(12) };
  const record = {
    ...{ command: "reconstruct", inputs: [{ path: "scan.cxi", sha256: null }], startedAt: "2026-01-02T03:04:05Z" },
    ...{ versions: { ptychonaut: "9.8.7" }, stages: [{ engine: "rpie" }, { engine: "ml" }], outcome: { epochs: 12 } },
  };

  function leave(name: string, run?: unknown, found: Partial<Reconstruction> = {}): string {
    mkdirSync(path(name));
    place.coverage.fill(1, 0, 3);
    writeFileSync(path(join(name, "reconstruction.npz")), writeReconstruction({ object, ...place, ...found }));
    if (run !== undefined) writeFileSync(path(join(name, "run.json")), JSON.stringify(run));
    return path(name);
  }

  it("is said by the reconstruction's file and by the folder, with what made it", async () => {
    const states = { shape: [2, 3, 4], data: new Float32Array(48).fill(1) };
    const run = leave("made", record, { pixelSizeM: 2e-8, objectModes: states });
    for (const named of [run, join(run, "reconstruction.npz")]) {
      const { code, stdout } = await call(["inspect", named]);
      expect(code).toBe(0);
      expect(stdout).toMatch(/object +3 × 4 pixels, 60 nm × 80 nm, in 2 states/);
      expect(stdout).toMatch(/object pixel +20 nm/);
      expect(stdout).toMatch(/first pixel +at y 2, x 5 .*\n +covered +25 % of the pixels\n +positions +2\n/);
      expect(stdout).toMatch(/made by +ptychonaut 9.8.7 reconstruct, by rpie, then ml, 12 epochs\n +from +scan.cxi/);
    }
    const { reconstruction } = JSON.parse((await call(["inspect", run, "--json"])).stdout);
    expect(reconstruction).toMatchObject({ shape: [3, 4], states: 2, slices: 1, pixelSizeM: 2e-8, covered: 0.25 });
  });

  it("is said without a record, or with one of something else, or damaged", async () => {
    for (const [name, run] of Object.entries({ alone: undefined, others: { ...record, command: "train" }, bad: 3 }))
      expect((await call(["inspect", leave(name, run)])).stdout).toMatch(
        /object pixel +not known[\s\S]*made by +not known/,
      );
  });

  it("is no scan: a file of other arrays, or a folder without results, is looked at as before", async () => {
    mkdirSync(path("bare"));
    expect((await call(["inspect", path("bare")])).stderr).toContain("this is a folder, not a file");
    expect((await call(["inspect", path("scan.npz")])).stdout).toMatch(/^Scan$/m);
  });
});

describe("inspect", () => {
  it("says what is in the file", async () => {
    const { patterns, probe, scan, photonsPerPattern } = await inspect(path("scan.npz"));
    expect(patterns).toMatchObject({ count: 30, height: 32, width: 32, measurement: "amplitude" });
    expect(probe?.modes).toBe(1);
    expect(scan?.count).toBe(30);
    expect(photonsPerPattern).toBe(1e5);
  });

  it("prints a report for people", async () => {
    const { code, stdout } = await call(["inspect", path("scan.npz")]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/diff3d +\(30, 32, 32\) +float32/);
  });

  it("advises flags, and is quiet about what was said", async () => {
    const advised = (inspection: ScanInspection) => inspection.findings.map(({ flag }) => flag ?? "").join(" ");
    expect((await call(["inspect", path("raw.npz")])).code).toBe(2);
    expect(advised(await inspect(path("raw.npz")))).toContain("--measurement counts");
    expect(advised(await inspect(path("raw.npz"), "--measurement", "counts"))).not.toContain("--measurement");
  });

  describe("leaves frames out of its findings", () => {
    const found = ({ findings }: ScanInspection): string => findings.map(({ what }) => what).join("; ");
    beforeAll(() => {
      const scan = simulate({ n: 32, patterns: 20, measurement: "amplitude", step: 3 });
      const data = new Float32Array(20 * 32 * 32);
      scan.patterns.read([...Array(20).keys()], data);
      for (let i = 6 * 1024; i < 7 * 1024; i++) data[i] *= 60;
      const bright = { ...scan, patterns: memoryPatterns(data, [20, 32, 32]) };
      writeFileSync(path("bright.npz"), writeScanNpz(bright));
      const positions = scan.positions.map((value, i) => (i >> 1 === 5 ? Number.NaN : value));
      writeFileSync(path("lost.npz"), writeScanNpz({ ...scan, positions }));
      const gap = Float32Array.from(data);
      gap[6 * 1024 + 3] = Number.NaN;
      const withGap = { ...scan, patterns: memoryPatterns(gap, [20, 32, 32]) };
      writeFileSync(path("gap.npz"), writeScanNpz(withGap));
      writeFileSync(path("skip.yaml"), "data: {skip_frames: '6'}\n");
    });

    it.each([[["--skip_frames", "6"]], [["--skip_outlying_frames"]], [["--config", "skip.yaml"]]])(
      "%j",
      async (flags) => {
        const said = flags.map((flag) => (flag.endsWith(".yaml") ? path(flag) : flag));
        expect(found(await inspect(path("bright.npz")))).toMatch(/unlike their neighbours/);
        expect(found(await inspect(path("bright.npz"), ...said))).not.toMatch(/unlike/);
      },
    );

    it.each([[["--skip_frames", "6"]], [["--skip_outlying_frames"]]])(
      "that have no numbers, with %j",
      async (flags) => {
        expect(found(await inspect(path("gap.npz")))).toMatch(/NaN, infinite or negative|not finite/);
        expect(found(await inspect(path("gap.npz"), ...flags))).not.toMatch(/NaN, infinite|not finite/);
      },
    );

    it("that have no place, as it advises", async () => {
      const { findings } = await inspect(path("lost.npz"));
      expect(findings.find(({ severity }) => severity === "error")?.flag).toMatch(/--skip_frames 5/);
      expect(found(await inspect(path("lost.npz"), "--skip_frames", "5"))).toBe(
        found(await inspect(path("lost.npz"), "--skip_frames", "5,6")),
      );
    });

    it("refuses frames that are not there", async () => {
      expect(found(await inspect(path("bright.npz"), "--skip_frames", "20"))).toMatch(/no frames of the scan/);
    });
  });

  it("fails on a file that is no archive, or not there", async () => {
    writeFileSync(path("text.npz"), "text");
    expect((await call(["inspect", path("text.npz")])).code).toBe(2);
    expect((await call(["inspect", path("none.npz")])).code).toBe(2);
  });
});
