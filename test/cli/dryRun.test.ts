import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadCommand } from "../../src/node/cli/commands.ts";
import { call, fakeFiles, inferArgs, reconstructArgs, trainArgs } from "./harness.ts";

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

  it("stays a config file, whatever the paths hold", async () => {
    const { stdout } = await call(["reconstruct", "a\nmodel: {N: 7}\n.npz", "--output_dir", "o\nx", "--dry_run"], {
      files,
    });
    expect(parse(stdout) ?? {}).not.toHaveProperty("model");
    expect(stdout).toContain("#   into o\\u000ax; nothing was written");
  });

  it("says no epochs where auto will choose them", async () => {
    const dry = async (...args: string[]) => (await call([...reconstructArgs, ...args, "--dry_run"], { files })).stdout;
    expect(await dry()).toContain("would reconstruct with auto, which chooses the epochs too\n");
    expect(await dry("--epochs", "5")).toContain("would reconstruct with auto, 5 epochs\n");
    expect(await dry("--engine", "rpie")).toContain("would reconstruct with rpie, 100 epochs\n");
  });

  it("of an iterative reconstruction warns of what the run would warn of, and refuses what it would", async () => {
    const dry = (args: string) => call([...reconstructArgs, ...args.split(" "), "--dry_run"], { files });
    const late = await dry("--engine rpie --wrappers positions --position_start 200 --epochs 6");
    expect([late.code, late.stderr]).toEqual([
      0,
      expect.stringMatching(/^warning: positions stay: .* epoch 200 on, and there are 6.*--position_start/),
    ]);
    for (const grids of ["1,2", "2"]) {
      const coarse = await dry(`--engine rpie --multigrid ${grids}`);
      expect([coarse.code, coarse.stderr]).toEqual([
        0,
        expect.stringMatching(/^warning: .* 2 times as large as the scan's, 32 x 32 of the patterns' 64 x 64.*…,1\n$/),
      ]);
    }
    const wide = await dry("--wrappers aperture --aperture_radius 1000");
    expect(wide.stderr).toMatch(
      /^warning: the aperture takes nothing: .*--aperture_radius 1000 covers all of .*64 x 64/,
    );
    const fine = await dry("--engine rpie --multigrid 2,1 --wrappers aperture,blur --aperture_radius 20");
    expect([fine.code, fine.stderr]).toEqual([0, ""]);
    for (const refused of ["--multigrid 64", "--wrappers blur --blur_sigma 1e9"])
      expect((await dry(refused)).code).toBe(2);
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
  });

  it.each([
    [
      "train",
      "quasar",
      /no option has to do with the word behind --help; in ptychonaut train; got "quasar"\. --help all/,
    ],
    ["train", "checkpiont", /got "checkpiont"\. Did you mean checkpoint/],
    ["inspect", "threshhold", /in ptychonaut inspect; got "threshhold"\. Did you mean threshold/],
  ])("%s: says that nothing has to do with %s, and what is near", async (name, word, message) => {
    const { code, stdout, stderr } = await call([name, "--help", word]);
    expect([code, stdout, stderr]).toEqual([2, "", expect.stringMatching(message)]);
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
