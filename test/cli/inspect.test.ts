import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeNpz } from "../../src/formats/npz.ts";
import type { ScanInspection } from "../../src/scans/inspect/inspectScan.ts";
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

  it("fails on a file that is no archive, or not there", async () => {
    writeFileSync(path("text.npz"), "text");
    expect((await call(["inspect", path("text.npz")])).code).toBe(2);
    expect((await call(["inspect", path("none.npz")])).code).toBe(2);
  });
});
