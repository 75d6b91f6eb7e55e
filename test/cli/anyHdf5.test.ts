import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeNpy } from "../../src/formats/npy.ts";
import { main } from "../../src/node/cli/main.ts";
import { nodeHome } from "../../src/node/home.ts";
import { fileProbe } from "../../src/runs/payloads.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { writtenHdf5 } from "../formats/hdf5/written.ts";
import { call } from "./harness.ts";

/** Any HDF5 by the paths of its arrays, and positions in whatever they were saved as. */

const N = 32;
const FRAMES = 24;
const folder = mkdtempSync(join(tmpdir(), "ptychonaut-any-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string): string => join(folder, name);
const { patterns, positions, probe } = simulate({
  n: N,
  patterns: FRAMES,
  seed: 4,
  photons: 1e5,
  measurement: "counts",
});
const [y, x] = [0, 1].map((axis) => positions.filter((_, i) => i % 2 === axis));

beforeAll(async () => {
  const counts = new Float32Array(FRAMES * N * N);
  patterns.read([...Array(FRAMES).keys()], counts);
  writeFileSync(
    path("scan.h5"),
    await writtenHdf5((file) => {
      file.create_group("entry");
      file.create_dataset({ name: "entry/frames", data: Uint32Array.from(counts), shape: [FRAMES, N, N] });
    }),
  );
  writeFileSync(
    path("motors.h5"),
    await writtenHdf5((file) => {
      file.create_group("stage");
      file.create_dataset({ name: "stage/x", data: x, shape: [FRAMES] });
      file.create_dataset({ name: "stage/y", data: y, shape: [FRAMES] });
      file.create_dataset({ name: "stage/both", data: Float64Array.of(...y, ...x), shape: [2, FRAMES] });
    }),
  );
  const rows = [...y.keys()].map((k) => [x[k], y[k]] as const);
  writeFileSync(path("motors.csv"), `x,y\n${rows.map((row) => row.join(",")).join("\n")}\n`);
  writeFileSync(path("motors.txt"), rows.map((row) => row.join("  ")).join("\n"));
  writeFileSync(path("motors.npy"), writeNpy({ shape: [FRAMES, 2], dtype: "float64", data: positions }));
  writeFileSync(
    path("probe.npy"),
    writeNpy({ shape: [N, N], dtype: "complex64", data: probe.data.slice(0, 2 * N * N) }),
  );
});

const files = fileProbe(nodeHome);
const common = () => ["--probe_file", path("probe.npy"), "--measurement", "counts"];
const inspected = async (...argv: string[]) => {
  const { stdout } = await call(["inspect", ...argv, "--json"], { files });
  return JSON.parse(stdout) as { roles: unknown; scan: { least: number[]; greatest: number[] }; findings: unknown[] };
};

describe("any HDF5 by path", () => {
  it.each([
    ["two datasets", ["motors.h5::/stage/x,/stage/y"]],
    ["rows of an array (2, n)", ["motors.h5::stage/both", "--position_order", "yx"]],
    ["CSV with names", ["motors.csv"]],
    ["text", ["motors.txt", "--position_order", "xy"]],
    ["NPY", ["motors.npy", "--position_order", "yx"]],
  ])("positions from %s are the same", async (_, [address, ...more]) => {
    const { scan, findings } = await inspected(
      ...[`${path("scan.h5")}::/entry/frames`, "--positions", path(address), ...more, ...common()],
    );
    expect(findings.filter((finding) => (finding as { severity: string }).severity === "error")).toEqual([]);
    const ends = [y, x].map((column) => [Math.min(...column), Math.max(...column)]);
    expect([scan.least, scan.greatest]).toEqual([ends.map(([least]) => least), ends.map(([, most]) => most)]);
  });

  it.each([
    ["a positional", () => [`${path("scan.h5")}::/entry/frames`]],
    ["behind its flag", () => ["--train_data_file", `${path("scan.h5")}::entry/frames`]],
    ["as the patterns alone", () => ["--patterns", `${path("scan.h5")}::/entry/frames`]],
    ["with the key beside it", () => [path("scan.h5"), "--patterns_key", "entry/frames"]],
  ])("the address of the patterns is %s", async (_, scan) => {
    const rest = ["--positions", path("motors.csv"), ...common(), "--output_dir", path("out")];
    const { training, stderr } = await call(["train", ...scan(), ...rest], { files });
    expect(training, stderr).toMatchObject({
      trainDataFile: path("scan.h5"),
      data: { patternsKey: "entry/frames", patterns: null },
      model: { N },
    });
  });

  it("two arrays, or a scan named twice, are misuse", async () => {
    const rest = ["--output_dir", path("out")];
    const twice = await call(["train", "a.h5::x", "--patterns_key", "y", ...rest]);
    expect([twice.code, twice.stderr]).toEqual([2, expect.stringMatching(/several arrays[\s\S]*x, y/)]);
    const both = await call(["train", "a.h5", "--train_data_file", "b.h5", ...rest]);
    expect([both.code, both.stderr]).toEqual([2, expect.stringMatching(/named twice/)]);
  });

  it("a unit in the name of a column is taken", async () => {
    const pixel = 2e-8;
    const lines = [...y.keys()].map((k) => `${x[k] * pixel * 1e6},${y[k] * pixel * 1e6}`);
    writeFileSync(path("um.csv"), `x (um),y (um)\n${lines.join("\n")}\n`);
    const { scan } = await inspected(
      ...[`${path("scan.h5")}::/entry/frames`, "--positions", path("um.csv"), "--object_pixel_m", `${pixel}`],
      ...common(),
    );
    expect(scan.least[0]).toBeCloseTo(Math.min(...y), 9);
  });

  it("trains an epoch", async () => {
    let talk = "";
    const scan = [
      `${path("scan.h5")}::/entry/frames`,
      "--positions",
      path("motors.h5::/stage/x,/stage/y"),
      ...common(),
    ];
    const small = ["--accelerator", "cpu", "--max_epochs", "1", "--n_filters_scale", "1", "--gridsize", "1"];
    const code = await main(["train", ...scan, ...small, "--output_dir", path("run")], {
      terminal: false,
      stderr: (text) => {
        talk += text;
      },
    });
    expect(code, talk).toBe(0);
    expect(existsSync(path("run/model.zip"))).toBe(true);
  });
});
