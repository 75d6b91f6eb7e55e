import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Dataset } from "../../src/data/dataset.ts";
import { memoryPatterns } from "../../src/data/memoryPatterns.ts";
import { writeNpz } from "../../src/formats/npz.ts";
import { nodeHome } from "../../src/node/home.ts";
import { payloadScanWarnings } from "../../src/runs/inputs/scanChecks.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { bundle, type Call, call, fakeFiles } from "./harness.ts";

/** What commands say of scans that they look at without running. */

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-suspect-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string): string => join(folder, name);

const N = 32;
const PATTERNS = 20;
const simulated: Dataset = simulate({ n: N, patterns: PATTERNS, measurement: "amplitude", step: 3 });

function write(name: string, scan: Dataset): string {
  writeFileSync(path(name), writeScanNpz(scan));
  return path(name);
}

const inMetres: Dataset = { ...simulated, positions: simulated.positions.map((value) => value * 1e-8) };
const metres = write("metres.npz", inMetres);
const bright = write("bright.npz", withBrightFrame());
writeFileSync(path("config.yaml"), "training: {max_epochs: 1}\nmodel: {gridsize: 1}\n");

function withBrightFrame(): Dataset {
  const data = new Float32Array(PATTERNS * N * N);
  simulated.patterns.read(
    Array.from({ length: PATTERNS }, (_, frame) => frame),
    data,
  );
  for (let i = 6 * N * N; i < 7 * N * N; i++) data[i] *= 60;
  return { ...simulated, patterns: memoryPatterns(data, [PATTERNS, N, N]) };
}

const model = { ...bundle, model: { ...bundle.model, N, probeMaskDiameter: N / 2 } };
const files = fakeFiles({ frames: PATTERNS, height: N, width: N }, model);
const look = (...argv: string[]): Promise<Call> =>
  call(argv, { files, scanWarnings: (payload) => payloadScanWarnings(payload, nodeHome) });

const looking: readonly (readonly [string, (scan: string) => string[]])[] = [
  ["a dry training", (scan) => ["train", "--train_data_file", scan, "--output_dir", path("run"), "--dry_run"]],
  [
    "a dry reconstruction",
    (scan) => ["infer", "--model_path", "run", "--test_data", scan, "--output_dir", path("run"), "--dry_run"],
  ],
  ["validate of a training", (scan) => ["validate", path("config.yaml"), "--train_data_file", scan]],
];

describe.each(looking)("%s", (_, argv) => {
  it("refuses a scan that the run refuses", async () => {
    const { code, stdout, stderr } = await look(...argv(metres));
    expect([code, stdout, stderr]).toEqual([
      2,
      "",
      expect.stringMatching(/in metres, not in pixels.*--position_unit m/s),
    ]);
  });

  it("prints what the run would warn of", async () => {
    const { code, stdout, stderr } = await look(...argv(bright));
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^warning: .*frame 6 has the counts.*--skip_frames/m)]);
    expect(stdout).not.toBe("");
  });
});

it("frames that are left out need no position", async () => {
  const positions = simulated.positions.map((value, i) => (i >> 1 === 5 || i === 22 ? Number.NaN : value));
  const argv = looking[0][1](write("lost.npz", { ...simulated, positions }));
  const refused = await look(...argv);
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(/not a finite.*out: --skip_frames 5,11/)]);
  const part = await look(...argv, "--skip_frames", "5");
  expect([part.code, part.stderr]).toEqual([2, expect.stringMatching(/frame 11;.*--skip_frames 5,11/)]);
  const { code, stderr } = await look(...argv, "--skip_frames", "5,11");
  expect([code, stderr]).toEqual([0, ""]);
});

it("complex patterns are told what to save instead", async () => {
  const file = path("complex.npz");
  writeFileSync(
    file,
    writeNpz({
      diffraction: { shape: [4, N, N], dtype: "complex64", data: new Float32Array(8 * N * N) },
      probeGuess: { shape: [N, N], dtype: "complex64", data: new Float32Array(2 * N * N).fill(1) },
      xcoords: { shape: [4], dtype: "float64", data: Float64Array.of(8, 11, 8, 11) },
      ycoords: { shape: [4], dtype: "float64", data: Float64Array.of(8, 8, 11, 11) },
    }),
  );
  const { code, stderr } = await look(...looking[0][1](file));
  expect([code, stderr]).toEqual([2, expect.stringMatching(/save the intensities.*--measurement counts.*amplitude/i)]);
});

it("a dry run takes what is said as true", async () => {
  const said = ["--position_unit", "m", "--object_pixel_m", "1e-8"];
  const { code, stderr } = await look(...looking[0][1](metres), ...said);
  expect([code, stderr]).toEqual([0, ""]);
});
