import {
  copyFileSync,
  existsSync,
  linkSync,
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
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { main } from "../../src/node/cli/main.ts";
import { sha256 } from "../../src/node/hash.ts";
import { writeReconstruction } from "../../src/reconstructions/reconstructionNpz.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";

const root = mkdtempSync(join(tmpdir(), "ptychonaut-outputs-"));
afterAll(() => rmSync(root, { recursive: true }));

const scanBytes = writeScanNpz(simulate({ n: 16, patterns: 20, seed: 4, photons: 1e5 }));
let count = 0;
let folder: string;
const path = (...parts: string[]): string => join(folder, ...parts);
const hash = (...parts: string[]): string => sha256(readFileSync(path(...parts)));

beforeEach(() => {
  folder = join(root, `case${count++}`);
  mkdirSync(folder);
  writeFileSync(path("scan.npz"), scanBytes);
});

async function run(...argv: string[]): Promise<{ code: number; text: string }> {
  let text = "";
  const write = (more: string): void => {
    text += more;
  };
  return { code: await main(argv, { stdout: write, stderr: write, terminal: false }), text };
}

/** Runs a command that must refuse, and leave every file as it was. */
async function refused(message: RegExp, ...argv: string[]): Promise<void> {
  const state = (): string[] =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => `${file} ${sha256(readFileSync(file))}`)
      .sort();
  const before = state();
  const { code, text } = await run(...argv);
  expect(text).toMatch(message);
  expect(code).toBe(2);
  expect(state()).toEqual(before);
}

const replacesInput = /the output would overwrite an input/;
const exists = /the file exists; in .*--overwrite/s;

describe("an output is never an input", () => {
  it("split, by its own name, through another path, a hard link and a symbolic link, also with --overwrite", async () => {
    copyFileSync(path("scan.npz"), path("even.npz"));
    await refused(replacesInput, "split", path("even.npz"), "--output_dir", folder);
    await refused(replacesInput, "split", path("even.npz"), "--output_dir", `${folder}/sub/..`);
    await refused(replacesInput, "split", path("even.npz"), "--output_dir", folder, "--overwrite");
    linkSync(path("scan.npz"), path("odd.npz"));
    await refused(/the same file as .*scan.npz/, "split", path("scan.npz"), "--output_dir", folder, "--overwrite");
    rmSync(path("odd.npz"));
    symlinkSync(path("scan.npz"), path("odd.npz"));
    await refused(/the same file as .*scan.npz/, "split", path("scan.npz"), "--output_dir", folder, "--overwrite");
  });

  it("evaluate and simulate", async () => {
    const evaluate = ["evaluate", path("scan.npz"), "--reference", path("scan.npz")];
    await refused(replacesInput, ...evaluate, "--output", path("scan.npz"), "--overwrite");
    writeFileSync(path("config.yaml"), "simulate:\n  n: 16\n  patterns: 9\n");
    const simulated = ["simulate", "--config", path("config.yaml"), "--output", path("config.yaml"), "--overwrite"];
    await refused(replacesInput, ...simulated);
  });

  it("a training that starts from the model in its folder, and one on a scan of a result's name", async () => {
    const args = ["--gridsize", "1", "--n_filters_scale", "1", "--max_epochs", "1", "--accelerator", "cpu"];
    const quick = [...args, "--validation_fraction", "0", "--recon_log_every_n_epochs", "0", "--logger", "none"];
    writeFileSync(path("scan.npz"), writeScanNpz(simulate({ n: 32, patterns: 9, seed: 4 })));
    copyFileSync(path("scan.npz"), path("probe.npz"));
    const train = (scan: string, ...more: string[]) => ["train", "--train_data_file", scan, ...quick, ...more];
    await refused(replacesInput, ...train(path("probe.npz"), "--output_dir", folder, "--overwrite"));
    copyFileSync(path("scan.npz"), path("reconstruction.npz"));
    mkdirSync(path("run"));
    writeFileSync(path("run", "model.zip"), "a model");
    const infer = ["infer", "--model_path", path("run"), "--test_data", path("reconstruction.npz")];
    // The model is looked at first.
    await refused(/model.zip/, ...infer, "--output_dir", folder);
  });
});

it("an output that cannot be written is refused before any work", async () => {
  // Simulating would take longer than the test may.
  const simulated = ["simulate", "--n", "256", "--patterns", "20000", "--output"];
  await refused(
    /cannot be written; in .*x.npz; got ENOENT.*Create the folder first/,
    ...simulated,
    path("nodir/x.npz"),
  );
  await refused(/cannot be written; .*got ENAMETOOLONG.*shorter name/, ...simulated, path(`${"x".repeat(300)}.npz`));
  const evaluate = ["evaluate", path("scan.npz"), "--reference", path("scan.npz"), "--output"];
  await refused(/cannot be written; in .*m.json/, ...evaluate, path("nodir/m.json"));
});

describe("what is there is replaced when that is asked for", () => {
  it("simulate", async () => {
    const simulated = ["simulate", "--n", "16", "--patterns", "9", "--output", path("scan.npz")];
    await refused(exists, ...simulated);
    expect((await run(...simulated, "--overwrite")).code).toBe(0);
    expect(hash("scan.npz")).not.toBe(sha256(scanBytes));
    await refused(/is there and is no file/, "simulate", "--n", "16", "--output", folder, "--overwrite");
  });

  it("split", async () => {
    const split = ["split", path("scan.npz"), "--output_dir", path("halves")];
    expect((await run(...split)).code).toBe(0);
    await refused(/results that would be lost; in .*; got even.npz, odd.npz.*--overwrite/s, ...split);
    expect((await run(...split, "--overwrite")).code).toBe(0);
  });

  it("evaluate, schema and init", async () => {
    const object = simulate({ n: 16, patterns: 20, seed: 4 }).object;
    if (object === undefined) throw new Error("a simulation has its object");
    const [height, width] = object.shape;
    const coverage = new Float32Array(height * width).fill(9);
    const positions = Float64Array.from({ length: 40 }, (_, i) => i);
    writeFileSync(path("r.npz"), writeReconstruction({ object, coverage, origin: { y: 0, x: 0 }, positions }));
    for (const [name, argv] of [
      ["m.json", ["evaluate", path("r.npz"), "--reference", path("scan.npz"), "--no-register"]],
      ["s.json", ["schema"]],
      ["c.yaml", ["init"]],
    ] as const) {
      const command = [...argv, "--output", path(name)];
      expect((await run(...command)).text).not.toMatch(/error:/);
      await refused(exists, ...command);
      expect((await run(...command, "--overwrite")).code, name).toBe(0);
    }
    await refused(/--overwrite would have no effect/, "schema", "--overwrite");
    // The schema beside a config file is nobody's work, unless it is something else.
    expect((await run("init", "--output", path("d.yaml"))).code).toBe(0);
    writeFileSync(path("ptychonaut.schema.json"), '{"mine": true}');
    await refused(exists, "init", "--output", path("e.yaml"));
    expect(existsSync(path("e.yaml"))).toBe(false);
  });

  it("clears away what killed writers left beside the file", async () => {
    // No process has the largest number that there is.
    const left = path(".scan2.npz.4194304.0123456789ab.tmp");
    writeFileSync(left, "");
    expect((await run("simulate", "--n", "16", "--patterns", "9", "--output", path("scan2.npz"))).code).toBe(0);
    expect(existsSync(left)).toBe(false);
  });
});
