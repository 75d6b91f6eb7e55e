import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Dataset } from "../../src/data/dataset.ts";
import { writeNpz } from "../../src/formats/npz.ts";
import type { PatchStatistics } from "../../src/inference/patchStatistics.ts";
import { main } from "../../src/node/cli/main.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";

/** `train` and `infer` as a user calls them, with nothing in their place. */

const N = 32;
const PATTERNS = 24;
let folder = "";
const path = (...names: string[]): string => join(folder, ...names);
const json = (...names: string[]) => JSON.parse(readFileSync(path(...names), "utf8"));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-"));
  const options = { n: N, patterns: PATTERNS, seed: 4, photons: 1e5 };
  writeFileSync(path("scan.npz"), writeScanNpz(simulate(options)));
  writeFileSync(path("raw.npz"), rawScan(simulate({ ...options, measurement: "counts" })));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A scan as a beamline may write it: integers, minimum corners as (row, column), centred on zero. */
function rawScan({ patterns, positions, probe }: Dataset): Uint8Array {
  const counts = new Float32Array(PATTERNS * N * N);
  patterns.read([...Array(PATTERNS).keys()], counts);
  const middle = [0, 1].map((axis) => positions.filter((_, i) => i % 2 === axis).reduce((a, b) => a + b) / PATTERNS);
  return writeNpz({
    data: { shape: [PATTERNS, N, N], dtype: "uint32", data: Uint32Array.from(counts) },
    scan_px: { shape: [PATTERNS, 2], dtype: "float64", data: positions.map((p, i) => p - middle[i % 2]) },
    probe: { shape: [N, N], dtype: "complex64", data: probe.data.slice(0, 2 * N * N) },
  });
}

async function run(...argv: string[]): Promise<string> {
  let talk = "";
  const code = await main(argv, {
    terminal: false,
    stderr: (text) => {
      talk += text;
    },
  });
  expect(code, talk).toBe(0);
  return talk;
}

const small = ["--accelerator", "cpu", "--max_epochs", "1", "--n_filters_scale", "1", "--batch_size", "8"];

describe("statistics of patches", () => {
  it("train and infer leave the same files, of patches that are neither flat nor zero", async () => {
    const stats = ["--log-patch-stats", "--patch-stats-limit", "2"];
    const trained = ["--train_data_file", path("scan.npz"), "--output_dir", path("run"), "--gridsize", "2"];
    await run("train", ...trained, ...small, ...stats);
    const inferred = ["--model_path", path("run"), "--test_data", path("scan.npz"), "--output_dir", path("out")];
    await run("infer", ...inferred, "--accelerator", "cpu", ...stats);
    for (const [name, phase] of [
      ["run", "train"],
      ["out", "inference"],
    ] as const) {
      expect(existsSync(path(name, "analysis/patch_grid.png"))).toBe(true);
      const entries: PatchStatistics[] = json(name, "analysis/patch_stats.json");
      expect(entries).toHaveLength(2);
      for (const [k, entry] of entries.entries()) {
        expect(entry).toMatchObject({ phase, batch_idx: k, batch_size: 32 });
        expect(entry.var_zero_mean).toBeGreaterThan(1e-6);
        expect(Math.abs(entry.global_mean)).toBeGreaterThan(1e-9);
      }
      const { files } = json(name, "run.json");
      expect(files).toContain(path(name, "analysis/patch_stats.json"));
      expect(files).toContain(path(name, "analysis/patch_grid.png"));
    }
  });
});

describe("a raw scan", () => {
  const reading = [
    ...["--patterns_key", "data", "--probe_key", "probe", "--positions_key", "scan_px", "--position_order", "yx"],
    ...["--measurement", "counts", "--position_reference", "corner", "--position_origin", "centered"],
  ];

  it("run.json says what reading did to it, and that more groups were asked for than there are", async () => {
    const trained = ["--train_data_file", path("raw.npz"), "--output_dir", path("raw"), "--gridsize", "1"];
    const talk = await run("train", ...trained, ...small, ...reading, "--n_images", "512");
    const inferred = ["--model_path", path("raw"), "--test_data", path("raw.npz"), "--output_dir", path("rawOut")];
    await run("infer", ...inferred, "--accelerator", "cpu", ...reading);
    const conversions = [
      "patterns read as counts, as stated",
      "positions from scan_px, columns (y, x)",
      "positions moved from the windows' minimum corners to their centres: + (16, 16)",
      expect.stringMatching(/^positions moved by \(.*\), their origin being free/),
    ];
    const { inputs, warnings } = json("raw", "run.json");
    expect(inputs).toMatchObject([
      { path: path("raw.npz"), sha256: expect.stringMatching(/^[0-9a-f]{64}$/), conversions },
    ]);
    expect(json("rawOut", "run.json").inputs[1]).toEqual(inputs[0]);
    // 24 patterns, one of them held back.
    const capped = "n_groups 512 is more than the 23 patterns to train on: each is taken once an epoch";
    expect(warnings).toContain(capped);
    expect(talk).toContain(`warning: ${capped}\n`);
  });
});

describe("a training that has learned nothing yet", () => {
  it("says so, and so does what is reconstructed with it", async () => {
    const trained = ["--train_data_file", path("scan.npz"), "--output_dir", path("fresh"), "--gridsize", "1"];
    const talk = await run("train", ...trained, ...small, "--learning_rate", "1e-9");
    expect(talk).toMatch(
      /validation: deviance \d\S* a pixel \(flat object \d\S*, noise \d\S*: worse than a flat object\)/,
    );
    const [training, record] = [json("fresh", "training.json"), json("fresh", "run.json")];
    expect(training.explained).toMatchObject({ of: "validation", patterns: 1 });
    expect(training.explained.deviance).toBeCloseTo(training.best.value, 6);
    expect(record.outcome.explained).toBe(training.explained.explained);
    expect(record.warnings).toContainEqual(
      expect.stringMatching(/^the network explains (next to nothing|no more than)/),
    );
    const inferred = ["--model_path", path("fresh"), "--test_data", path("scan.npz"), "--output_dir", path("freshOut")];
    await run("infer", ...inferred, "--accelerator", "cpu");
    // So small a scan has no pattern that lies wholly on the covered area: the patches are asked.
    const { dataFit, patches } = json("freshOut", "metrics.json");
    expect(dataFit).toBeNull();
    expect(patches.fit.patterns).toBe(PATTERNS);
    expect(json("freshOut", "run.json").warnings.join()).toMatch(/the network explains|R is/);
  });
});

describe("rerun", () => {
  it("a training with a drawn seed, and its reconstruction, come out the same", async () => {
    writeFileSync(path("config.yaml"), "model:\n  gridsize: 1\ndata:\n  validation_fraction: 0\n");
    const trained = ["--train_data_file", path("scan.npz"), "--output_dir", path("first")];
    await run("train", ...trained, ...small, "--config", path("config.yaml"), "--no-deterministic");
    const inferred = ["--model_path", path("first"), "--test_data", path("scan.npz"), "--output_dir", path("firstOut")];
    await run("infer", ...inferred, "--accelerator", "cpu", "--patch_weighting", "uniform");
    await run("rerun", path("first", "run.json"), "--output_dir", path("second"));
    await run("rerun", path("firstOut", "run.json"), "--output_dir", path("secondOut"));
    for (const key of ["settings", "inputs"]) {
      expect(json("secondOut", "run.json")[key]).toEqual(json("firstOut", "run.json")[key]);
    }
    const [first, second] = ["first", "second"].map((name) => json(name, "training.json"));
    expect(second.seeds).toEqual(first.seeds);
    expect(second.history[0].trainLoss).toBe(first.history[0].trainLoss);
    const [object, again] = ["firstOut", "secondOut"].map((name) => readFileSync(path(name, "reconstruction.npz")));
    expect(again).toEqual(object);
  });
});
