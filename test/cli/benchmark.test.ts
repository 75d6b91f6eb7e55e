import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "../../src/node/cli/main.ts";

/** `benchmark lines` as a user calls it, with nothing in its place. */

/** Milliseconds: up to two trainings a test, on a machine with other work. */
const timeout = 180_000;

let folder = "";
const path = (...names: string[]): string => join(folder, ...names);
const json = (...names: string[]) => JSON.parse(readFileSync(path(...names), "utf8"));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(...argv: string[]): Promise<Said> {
  const said = { stdout: "", stderr: "" };
  const write = (to: keyof typeof said) => (text: string) => {
    said[to] += text;
  };
  const code = await main(["benchmark", ...argv], {
    terminal: false,
    stdout: write("stdout"),
    stderr: write("stderr"),
  });
  return { code, ...said };
}

const tiny = ["--size", "72", "--N", "32", "--images", "1", "--probe", "ideal", "--accelerator", "cpu"];
const small = ["--n_groups", "8", "--n_filters_scale", "1", "--batch_size", "8"];

describe("the whole way, tiny", () => {
  const single = ["lines", "--output_dir", "", ...tiny, ...small];
  const call = (...more: string[]): Promise<Said> => {
    single[2] = path("single");
    return run(...single, ...more);
  };

  it("simulates, trains, reconstructs and scores", { timeout }, async () => {
    const { code, stdout, stderr } = await call("--max_epochs", "1", "--seed", "7");
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/MAE +\d/);
    expect(readdirSync(path("single")).sort()).toEqual(["benchmark.json", "data", "row.md", "seed_7"]);
    const pictures = readdirSync(path("single", "seed_7")).filter((name) => name.endsWith(".png"));
    expect(pictures.sort()).toEqual(["error_1.png", "reconstruction_1.png", "truth_1.png"]);
    const { runs, mean, setup, row } = json("single", "benchmark.json");
    expect(row).toBeNull();
    expect(setup).toMatchObject({ n: 32, size: 72, images: 1, probe: "ideal" });
    expect(runs).toMatchObject([{ seed: 7, epochs: 1, outcome: { kind: "completed" } }]);
    expect(runs[0].images[0].compat).toEqual(mean);
    expect(mean.amplitude.mae).toBeGreaterThan(0);
    expect(runs[0].images[0].standard.complexError).toBeGreaterThan(0);
    expect(readFileSync(path("single", "row.md"), "utf8")).toContain("| 7 |");
  });

  it("keeps what is finished, and trains on when more epochs are asked for", { timeout }, async () => {
    const model = (): number => statSync(path("single", "seed_7", "train", "model.zip")).mtimeMs;
    const data = (): number => statSync(path("single", "data", "train.npz")).mtimeMs;
    const [modelBefore, dataBefore] = [model(), data()];
    const again = await call("--max_epochs", "1", "--seed", "7");
    expect(again.stderr).toMatch(/trained already[\s\S]*reconstructed already/);
    expect(model()).toBe(modelBefore);
    const longer = await call("--max_epochs", "2", "--seed", "7");
    expect(longer.code, longer.stderr).toBe(0);
    expect(longer.stderr).not.toMatch(/epoch 1\/2/);
    expect(json("single", "benchmark.json").runs[0].epochs).toBe(2);
    expect(data()).toBe(dataBefore);
  });

  it.each([
    ["training.json", ["seed_7", "train"]],
    ["data.json", ["data"]],
  ])("says that its %s is damaged", async (name, below) => {
    const file = path("single", ...below, name);
    const whole = readFileSync(file, "utf8");
    for (const text of ["null", "{}", "[1]", whole.slice(0, -20)]) {
      writeFileSync(file, text);
      const { code, stderr } = await call("--max_epochs", "2", "--seed", "7");
      expect([code, stderr]).toEqual([2, expect.stringMatching(/record of a benchmark is damaged|not JSON/)]);
    }
    writeFileSync(file, whole);
  });

  it("refuses to mix settings in one folder", async () => {
    const learning = await call("--max_epochs", "2", "--seed", "7", "--learning_rate", "0.01");
    expect(learning).toMatchObject({ code: 2, stderr: expect.stringMatching(/other settings.*learning_rate 0\.001/) });
    const dose = await call("--nphotons", "1e5");
    expect(dose).toMatchObject({ code: 2, stderr: expect.stringMatching(/another benchmark.*nphotons 1000000000/) });
  });
});

it("groups of four, a phase, two images", { timeout }, async () => {
  const more = ["--images", "2", "--gridsize", "2", "--set_phi", "--validation_fraction", "0.3", "--max_epochs", "1"];
  const size = ["--size", "72", "--N", "32", "--probe", "ideal", "--accelerator", "cpu"];
  const { code, stderr } = await run(
    "lines",
    "--output_dir",
    path("groups"),
    ...size,
    ...small,
    ...more,
    "--seeds",
    "1",
  );
  expect(code, stderr).toBe(0);
  const { runs, mean } = json("groups", "benchmark.json");
  const maes = runs[0].images.map(({ compat }: { compat: typeof mean }) => compat.phase.mae);
  expect(maes.length).toBe(2);
  expect(mean.phase.mae).toBeCloseTo((maes[0] + maes[1]) / 2, 12);
  expect(json("groups", "seed_1", "train", "run.json").settings.data).toMatchObject({ neighborFunction: "Grid" });
});

describe("misuse ends with 2, before anything is simulated", () => {
  it.each([
    ["another benchmark", ["circles"], /unknown benchmark "circles"/],
    ["an unknown row", ["lines", "--row", "lines65"], /wrong value for --row|lines65/],
    ["the measured probe without its file", ["lines", "--row", "lines64"], /--probe_file/],
    ["a setting without effect", ["lines", "--probe", "ideal", "--momentum", "0.5"], /optimizer is sgd/],
    ["an image that is too small", ["lines", "--probe", "ideal", "--size", "60"], /at least 64/],
    ["a description of files", ["lines", "--probe", "ideal", "--dc_at", "corner"], /unknown option/],
  ])("%s", async (_, argv, message) => {
    const { code, stderr } = await run(...argv, "--output_dir", path("misuse"));
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(readdirSync(folder)).not.toContain("misuse");
  });
});
