import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "../../src/node/cli/main.ts";

let folder = "";

/** The whole program, with its own workflows. */
async function run(...argv: readonly string[]): Promise<{ readonly code: number; readonly stderr: string }> {
  let stderr = "";
  const say = (text: string): void => {
    stderr += text;
  };
  const code = await main(argv, { terminal: false, stdout: () => {}, stderr: say });
  return { code, stderr };
}

const at = (...names: readonly string[]): string => join(folder, ...names);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-refused-"));
  await run("simulate", "--output", at("scan.npz"), "--n", "32", "--patterns", "16");
  mkdirSync(at("empty"));
  mkdirSync(at("run", "checkpoints"), { recursive: true });
  writeFileSync(at("run", "checkpoints", "last.ckpt.zip"), "x");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("what a run is to begin with is not there", () => {
  it.each([
    [
      "train",
      "--resume",
      "nowhere",
      /no checkpoint to resume from; in \S+nowhere; expected .*; got nothing of that name/,
    ],
    ["train", "--resume", "empty", /empty; expected a checkpoint's file.*got a folder\. To go on.*--output_dir RUN/],
    ["train", "--init_from", "empty", /no model in this folder; in \S+empty; expected model.zip; got an empty folder/],
    ["reconstruct", "--resume", "nowhere", /no checkpoint to resume from.*got nothing of that name/],
    [
      "reconstruct",
      "--resume",
      "run",
      /got a folder\. Name \S+last.ckpt.zip, or, to go on .*--output_dir \S+run --resume/,
    ],
    ["reconstruct", "--init", "nowhere", /nothing for an engine to begin with.*got nothing of that name\. Name a run/],
    [
      "reconstruct",
      "--init",
      "empty",
      /nothing for an engine.*expected .*reconstruction.npz or model.zip; got an empty/,
    ],
    ["reconstruct", "--init", "run", /nothing for an engine to begin with.*got checkpoints/],
  ])("%s %s %s: says so, and leaves no folder behind", async (name, flag, value, message) => {
    const { code, stderr } = await run(name, at("scan.npz"), "--output_dir", at("a", "out"), flag, at(value));
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(existsSync(at("a"))).toBe(false);
  });

  it("keeps a folder that was there before, empty or not", async () => {
    for (const output of ["empty", "run"]) {
      const { code } = await run("reconstruct", at("scan.npz"), "--output_dir", at(output), "--init", at("nowhere"));
      expect([code, existsSync(at(output))]).toEqual([2, true]);
    }
  });
});

describe("a plan refuses options that say nothing to what it rehearses", () => {
  it.each([
    [["--engine", "lsqml", "--ema_decay", "0.9"], /--ema_decay has no effect on an iterative reconstruction.*--engine/],
    [["--stage", "engine=rpie,epochs=2", "--gridsize", "1"], /--gridsize has no effect on an iterative/],
    [["--object_modes", "2"], /--object_modes has no effect on a training.*say --engine/],
    [["--model_path", "run", "--standardise_input"], /--standardise_input has no effect .* by a trained model/],
  ])("%j", async (argv, refusal) => {
    const { code, stderr } = await run("plan", at("scan.npz"), ...argv);
    expect(stderr).toMatch(refusal);
    expect(code).toBe(2);
  });
});
