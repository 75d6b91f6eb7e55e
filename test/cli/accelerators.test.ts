import { describe, expect, it } from "vitest";
import { call, fakeFiles } from "./harness.ts";

describe("--accelerator is looked for where a run computes", () => {
  const infer = ["infer", "--model_path", "model", "--test_data", "scan.npz", "--output_dir", "out"];
  const reconstruct = ["reconstruct", "scan.npz", "--output_dir", "out"];

  it.each([
    [["train", "scan.npz", "--output_dir", "out", "--gridsize", "1"], ["graphs"]],
    [infer, ["graphs"]],
    [
      [...infer, "--refine", "rpie:20"],
      ["graphs", "kernels"],
    ],
    [
      [...infer, "--refine", "ad:20"],
      ["graphs", "graphs"],
    ],
    [reconstruct, ["kernels"]],
    [[...reconstruct, "--engine", "lsqml"], ["kernels"]],
    [[...reconstruct, "--engine", "ad"], ["graphs"]],
    [
      [...reconstruct, "--stage", "engine=rpie,epochs=2", "--stage", "engine=ad,epochs=2"],
      ["kernels", "graphs"],
    ],
  ])("%j", async (args, expected) => {
    const found: string[] = [];
    const files = {
      ...fakeFiles(),
      checkAccelerator: async (accelerator: string, work = "graphs") => {
        expect(accelerator).toBe("webgpu");
        found.push(work);
      },
    };
    const { code, stderr } = await call([...args, "--accelerator", "webgpu"], { files });
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    expect(found).toEqual(expected);
  });
});
