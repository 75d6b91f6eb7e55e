import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadCommand } from "../../src/node/cli/commands.ts";
import { call, fakeFiles, inferArgs, trainArgs } from "./harness.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-dry-"));
afterAll(() => rmSync(folder, { recursive: true }));
const files = {
  ...fakeFiles(),
  prepareFolder: () => Promise.reject(new Error("a dry run makes no folder")),
};

describe("a dry run", () => {
  it("of a training says what would be trained on and with which settings, and runs nothing", async () => {
    const out = join(folder, "new", "run");
    const { code, stdout, stderr, training } = await call(
      [
        "train",
        "--train_data_file",
        "scan.npz",
        "--output_dir",
        out,
        "--gridsize",
        "1",
        "--max_epochs",
        "7",
        "--dry_run",
      ],
      { files },
    );
    expect([code, stderr, training]).toEqual([0, "", undefined]);
    expect(stdout).toMatch(/would train cnn from diffraction alone, 7 epochs in batches of 16/);
    expect(stdout).toContain("scan.npz: 200 patterns of 64 x 64");
    expect(stdout).toContain(`into ${out}; nothing was written`);
    expect(parse(stdout)).toMatchObject({ model: { gridsize: 1, N: 64 }, training: { max_epochs: 7 } });
    expect(stdout).toMatch(/max_epochs: 7 +# override; default 100/);
    expect(existsSync(join(folder, "new"))).toBe(false);
  });

  it("counts in words that agree", async () => {
    const one = await call([...trainArgs, "--gridsize", "1", "--max_epochs", "1", "--dry_run"], { files });
    expect(one.stdout).toContain("diffraction alone, 1 epoch in batches");
  });

  it("of a reconstruction likewise", async () => {
    const { code, stdout, inference } = await call([...inferArgs, "--phase_alignment", "--dry-run"], { files });
    expect([code, inference]).toEqual([0, undefined]);
    expect(stdout).toMatch(/would reconstruct with run\n# {3}scan\.npz: 200 patterns of 64 x 64\n# {3}into out/);
    expect(parse(stdout)).toMatchObject({ inference: { phase_alignment: true } });
  });

  it("refuses what the run would refuse", async () => {
    const wrong = await call([...trainArgs, "--momentum", "0.5", "--dry_run"], { files });
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("optimizer is sgd")]);
    const crowd = await call([...trainArgs, "--num_workers", "2000", "--dry_run"], { files });
    expect([crowd.code, crowd.stderr]).toEqual([2, expect.stringMatching(/num_workers.*256/)]);
    const file = join(folder, "file");
    writeFileSync(file, "");
    for (const out of [file, join(file, "below")]) {
      const { code, stderr } = await call(["train", "--train_data_file", "s.npz", "--output_dir", out, "--dry_run"], {
        files,
      });
      expect([code, stderr]).toEqual([2, expect.stringMatching(/output folder cannot be written to/)]);
    }
  });
});

describe("the help of train", () => {
  it("describes what is often used on less than two screens, and names everything else", async () => {
    const { stdout } = await call(["train", "--help"]);
    const all = (await call(["train", "--help", "all"])).stdout;
    expect(stdout.split("\n").length).toBeLessThan(all.split("\n").length / 3);
    expect(stdout).toMatch(/Often used:\n +--train_data_file TEXT,…/);
    expect(stdout).toMatch(/--learning_rate NUM +Learning rate at the start/);
    for (const [, name] of all.matchAll(/^ {2}--(?:\[no_\])?(\w+)/gm))
      expect(stdout).toMatch(new RegExp(`--(\\[no_\\])?${name}\\b`));
    expect(all.split("\n").length).toBeGreaterThan(300);
    expect(all.match(/^ {2}--learning_rate /gm)).toHaveLength(1);
  });

  it("narrows to a word", async () => {
    const { stdout } = await call(["train", "--help", "checkpoint"]);
    expect(stdout).toMatch(/--checkpoint_save_top_k/);
    expect(stdout).not.toMatch(/--learning_rate /);
    const { stdout: none } = await call(["train", "--help", "quasar"]);
    expect(none).toMatch(/^No option has to do with "quasar"\.\n\nUsage: .*Often used/s);
  });

  it("names only options that there are as often used", async () => {
    for (const name of ["train", "infer", "compare", "benchmark", "import-weights"]) {
      const { often = [], flags } = await loadCommand(name);
      expect(often.filter((one) => !flags.some((flag) => flag.name === one))).toEqual([]);
    }
  });
});

it.each(["-V", "--version"])("%s says the version", async (flag) => {
  expect((await call([flag])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
