import { describe, expect, it } from "vitest";
import type { FolderClaim, WritingCommand } from "../../src/config/fileProbe.ts";
import { checkFolder, type FolderContents } from "../../src/runs/folderRules.ts";

const training = [
  "run.json",
  "model.zip",
  "training.json",
  "lightning_logs",
  "checkpoints",
  "checkpoints/last.ckpt.zip",
];
const object = ["run.json", "reconstruction.npz", "amplitude.png", "phase.png", "metrics.json"];
const table = ["run.json", "comparison.csv", "frc.csv", "aligned.npz", "comparison.png", "compare.json"];

const trained: FolderContents = { names: training, writtenBy: "train" };
const inferred: FolderContents = { names: object, writtenBy: "infer" };
const compared: FolderContents = { names: table, writtenBy: "compare" };
const without = ({ names }: FolderContents, ...gone: string[]): FolderContents => ({
  names: names.filter((name) => !gone.includes(name)),
});

const may = (contents: FolderContents, command: WritingCommand, claim: Partial<FolderClaim> = {}) =>
  expect(() => checkFolder("out", contents, { command, inputs: [], ...claim }));

describe("what may be written to a folder", () => {
  it("anything where nothing is replaced", () => {
    const others: FolderContents = { names: ["scan.npz", "notes.txt", "checkpoints", "lightning_logs", ".hidden"] };
    for (const command of ["train", "infer", "compare", "split", "benchmark", "import-weights"] as const)
      may(others, command).not.toThrow();
  });

  it("results of minutes by the command that made them, also where it ended before its run.json", () => {
    may(inferred, "infer").not.toThrow();
    may(compared, "compare").not.toThrow();
    may(without(inferred, "run.json"), "infer").not.toThrow();
    may({ names: ["benchmark.json", "row.md", "data"] }, "benchmark").not.toThrow();
    may({ names: ["model.zip"] }, "import-weights").not.toThrow();
  });

  it.each<[WritingCommand, FolderContents]>([
    ["infer", trained],
    ["train", { names: ["probe_2.npz"] }],
    ["infer", { names: ["phase.pdf"] }],
    ["train", inferred],
    ["compare", trained],
    ["compare", inferred],
    ["infer", compared],
    ["import-weights", trained],
    ["import-weights", without(trained, "run.json")],
    ["infer", { names: ["run.json"], writtenBy: "something else" }],
    ["infer", { names: ["metrics.json"] }],
    ["benchmark", { names: ["row.md"] }],
    ["split", { names: ["even.npz"] }],
    ["split", { names: ["odd.npz"] }],
    ["benchmark data", { names: ["train.npz"] }],
  ])("not %s over what it did not make (%#)", (command, contents) => {
    may(contents, command).toThrow(expect.objectContaining({ kind: "usage" }));
    may(contents, command).toThrow(/results that would be lost; in out; got .*say that they may go: `overwrite`/);
    may(contents, command, { overwrite: true }).not.toThrow();
  });

  it("a training costs hours: it goes on, or is asked for", () => {
    may(trained, "train").toThrow(/got run.json, model.zip.* of train. Go on with it: `resume=last`/);
    may(without(trained, "run.json", "model.zip", "training.json"), "train").toThrow(/got checkpoints.last.ckpt.zip/);
    may(trained, "train", { continues: true }).not.toThrow();
    may(without(trained, "run.json"), "train", { continues: true }).not.toThrow();
    may(inferred, "train", { continues: true }).toThrow(/of infer. Name another folder/);
    may(trained, "train", { overwrite: true }).not.toThrow();
  });

  it("a reconstruction that was killed in the middle goes on, and is not begun anew unasked", () => {
    const cut: FolderContents = { names: ["lightning_logs", "checkpoints", "checkpoints/last.ckpt.zip"] };
    may(cut, "reconstruct", { continues: true }).not.toThrow();
    may(cut, "reconstruct").toThrow(/results that would be lost/);
    may(trained, "reconstruct", { continues: true }).toThrow(/of train. Name another folder/);
  });
});
