import { describe, expect, it } from "vitest";
import { nearestName } from "../../src/errors.ts";
import { call, trainArgs } from "./harness.ts";

describe("an unknown option is told what was meant", () => {
  it.each([
    ["--lr", "--learning_rate"],
    ["--bs", "--batch_size"],
    ["--epoch", "--epochs"],
    ["--maxepoch", "--max_epochs"],
    ["--batch", "--batch_size"],
    ["--out", "--output_dir"],
    ["--loss", "--loss_function"],
    ["--photons", "--nphotons"],
    ["--gpu", "--accelerator"],
    ["--data", "--train_data_file"],
    ["--qiet", "--quiet"],
    ["--grid-sze", "--grid_size"],
  ])("%s: %s", async (said, meant) => {
    const { code, stderr } = await call([...trainArgs, said]);
    expect([code, stderr.trim()]).toEqual([2, `error: unknown option ${said}. Did you mean ${meant}?`]);
  });

  it("--threads of a training: what it has instead", async () => {
    const { code, stderr } = await call([...trainArgs, "--threads", "2"]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/--devices says .* replicas.*--num_workers/)]);
  });

  it.each(["--num_workers", "--workers", "--devices"])("%s of a reconstruction: --threads", async (said) => {
    const { code, stderr } = await call(["reconstruct", "s.npz", "--output_dir", "x", said, "2"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("an iterative engine has --threads")]);
  });

  it.each(["--xyz", "--K2", "--a"])("%s: nothing", async (said) => {
    expect((await call([...trainArgs, said])).stderr).toContain("--help lists the options");
  });
});

describe("a wrong value is told what it can be, in words", () => {
  it.each([
    [
      ["--scheduler", "cosine"],
      /scheduler: expected Default, .*WarmupCosine, .*\(did you mean WarmupCosine\?\); got "cosine"/,
    ],
    [["--accelerator", "gpus"], /accelerator: expected auto, cpu, .*\(did you mean gpu\?\)/],
    [["--max_epochs", "0"], /max_epochs: expected at least 1; got 0/],
    [["--validation_fraction", "1"], /validation_fraction: expected less than 1; got 1/],
    [["--learning_rate", "0"], /learning_rate: expected more than 0; got 0/],
    [["--N", "70"], /N: expected a multiple of 8; got 70/],
    [["--devices", "0"], /devices: expected at least 1; got 0/],
    [["--x_bounds", "0.5"], /x_bounds: expected at least 2 elements; got \[0.5\]/],
    [["--precision", "bf16-mixed"], /bfloat16 is not in this version/],
  ])("%j", async (flags, message) => {
    const { code, stderr } = await call([...trainArgs, ...flags]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
    expect(stderr).not.toMatch(/Invalid|Too (small|big)/);
  });
});

it.each([
  ["toString", ["gridsize"], undefined],
  ["eval", ["train", "evaluate"], "evaluate"],
  ["trian", ["train", "infer"], "train"],
  ["rate", ["plateau_factor", "learning_rate"], "learning_rate"],
  ["maxEpoch", ["maxEpochs", "maxNeighborDistance"], "maxEpochs"],
  ["lr", ["K", "N"], undefined],
] as const)("%s among %j is %s", (name, candidates, meant) => {
  expect(nearestName(name, candidates)).toBe(meant);
});
