import { describe, expect, it } from "vitest";
import { completeInference } from "../../src/config/resolve/complete.ts";
import { parseSettings } from "../../src/config/schema.ts";
import { bundle, call, fakeFiles, inferArgs, inferWith } from "./harness.ts";

describe("execution flags of infer", () => {
  it("brings the accelerator to the workflow", async () => {
    expect((await inferWith("--accelerator", "cpu")).execution.accelerator).toBe("cpu");
    expect((await inferWith()).execution.accelerator).toBe("auto");
  });

  it("--num-workers", async () => {
    expect((await inferWith("--num-workers", "4")).execution.numWorkers).toBe(4);
  });

  it("--inference-batch-size, by default the batch size of the training", async () => {
    expect((await inferWith("--inference-batch-size", "32")).execution.inferenceBatchSize).toBe(32);
    expect((await inferWith()).execution.inferenceBatchSize).toBe(bundle.batchSize);
  });

  it("--output_format takes several formats, each once, or one; a file may say one alone", async () => {
    const formats = async (...flags: string[]) => (await inferWith(...flags)).inference.outputFormat;
    expect(await formats()).toBe(null);
    expect(await formats("--output_format", "cxi")).toEqual(["cxi"]);
    expect(await formats("--output_format", "cxi", "ptyr", "tiff")).toEqual(["cxi", "ptyr", "tiff"]);
    expect(await formats("--output_format=cxi,ptyr", "--output_format", "cxi")).toEqual(["cxi", "ptyr"]);
    const alone = parseSettings("inference", { outputFormat: "tiff" });
    expect(completeInference(alone, 64).outputFormat).toEqual(["tiff"]);
    const wrong = await call([...inferArgs, "--output_format", "cxj"]);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringMatching(/output_format: expected .*cxi, ptyr/)]);
    const stray = await call([...inferArgs, "--output_format", "cxi", "ptyx"]);
    expect([stray.code, stray.stderr]).toEqual([
      2,
      expect.stringMatching(/"ptyx" behind --output_format: it takes any number of \{hdf5,cxi,ptyr/),
    ]);
  });

  it("several flags at once", async () => {
    const flags = ["--accelerator=cuda", "--num_workers", "2", "--inference-batch-size", "64"];
    expect((await inferWith(...flags)).execution).toMatchObject({
      accelerator: "cuda",
      numWorkers: 2,
      inferenceBatchSize: 64,
    });
  });

  it("--quiet switches the progress bar off and says nothing", async () => {
    const { inference, stderr, stdout } = await call([...inferArgs, "--quiet"], {
      terminal: true,
      work: async (hooks) => {
        hooks.log("talk");
        hooks.progress("patches", 2).update(2);
        return { status: "finished", files: ["reconstruction.npz"] };
      },
    });
    expect(inference?.execution.enableProgressBar).toBe(false);
    expect(stderr + stdout).toBe("");
  });

  it("--device warns and maps", async () => {
    const { inference, stderr } = await call([...inferArgs, "--device", "cpu"]);
    expect(stderr).toContain("--device is deprecated");
    expect(inference?.execution.accelerator).toBe("cpu");
  });
});

describe("settings of infer", () => {
  it("stitching flags arrive", async () => {
    const { inference } = await inferWith("--patch-weighting", "uniform", "--n_images", "20", "--phase_alignment");
    expect(inference).toMatchObject({ patchWeighting: "uniform", nPatterns: 20, phaseAlignment: true, middleTrim: 32 });
  });

  it("takes the network and the grouping from the bundle", async () => {
    const { model, data } = await inferWith();
    expect(model).toEqual(bundle.model);
    expect(data.neighborCount).toBe(7);
  });

  it("refuses to change what the model was trained with", async () => {
    const { code, stderr } = await call([...inferArgs, "--probe-mask"]);
    expect(code).toBe(2);
    expect(stderr).toContain("probe_mask differs from what the model was trained with");
    expect((await call([...inferArgs, "--no-probe-mask"])).code).toBe(0);
  });

  it("refuses data of another size", async () => {
    const { code, stderr } = await call(inferArgs, { files: fakeFiles({ height: 128, width: 128 }) });
    expect(code).toBe(2);
    expect(stderr).toMatch(/bundle does not fit the data.*expected patterns of 64 x 64; got 128 x 128/);
  });

  it("refuses what the bundle's forward model does not have, with the reason", async () => {
    const { code, stderr } = await call([...inferArgs, "--varpro-scaling"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/varpro_scaling true and physics_forward_mode "amplitude"/);
  });

  it("has no training flags", async () => {
    const { code, stderr } = await call([...inferArgs, "--learning-rate", "1"]);
    expect(code).toBe(2);
    expect(stderr).toContain("unknown option --learning-rate");
  });
});
