import { describe, expect, it } from "vitest";
import { call, trainArgs, trainWith } from "./harness.ts";

describe("execution flags of train", () => {
  it("brings the accelerator to the workflow", async () => {
    expect((await trainWith("--accelerator", "cpu")).execution.accelerator).toBe("cpu");
    expect((await trainWith()).execution.accelerator).toBe("auto");
  });

  it("--deterministic", async () => {
    expect((await trainWith("--deterministic")).execution.deterministic).toBe(true);
    expect((await trainWith()).execution.deterministic).toBe(true);
  });

  it("--no-deterministic", async () => {
    expect((await trainWith("--no-deterministic")).execution.deterministic).toBe(false);
    expect((await trainWith("--no_deterministic")).execution.deterministic).toBe(false);
    expect((await trainWith("--deterministic=warn")).execution.deterministic).toBe("warn");
  });

  it("--num-workers", async () => {
    expect((await trainWith("--num-workers", "4")).execution.numWorkers).toBe(4);
    expect((await trainWith()).execution.numWorkers).toBe(0);
  });

  it("--learning-rate", async () => {
    expect((await trainWith("--learning-rate", "5e-4")).execution.learningRate).toBe(5e-4);
    expect((await trainWith()).execution.learningRate).toBe(1e-3);
  });

  it("several flags at once", async () => {
    const flags = ["--accelerator", "gpu", "--no-deterministic", "--num-workers", "8", "--learning-rate=1e-4"];
    expect((await trainWith(...flags)).execution).toMatchObject({
      accelerator: "gpu",
      deterministic: false,
      numWorkers: 8,
      learningRate: 1e-4,
    });
  });

  it("--disable-checkpointing and --no-enable-checkpointing", async () => {
    expect((await trainWith()).execution.enableCheckpointing).toBe(true);
    expect((await trainWith("--disable-checkpointing")).execution.enableCheckpointing).toBe(false);
    expect((await trainWith("--no-enable-checkpointing")).execution.enableCheckpointing).toBe(false);
  });

  it.each([
    ["--checkpoint-save-top-k", "3", "checkpointSaveTopK", 3],
    ["--checkpoint-save-top-k", "-1", "checkpointSaveTopK", -1],
    ["--checkpoint-monitor", "train_loss", "checkpointMonitorMetric", "train_loss"],
    ["--checkpoint-monitor", "poisson_val_loss", "checkpointMonitorMetric", "val_loss"],
    ["--checkpoint-mode", "max", "checkpointMode", "max"],
    ["--early-stop-patience", "10", "earlyStopPatience", 10],
    ["--scheduler", "Exponential", "scheduler", "Exponential"],
    ["--accumulate-grad-batches", "4", "accumSteps", 4],
    ["--logger", "none", "loggerBackend", "none"],
    ["--logger", "tensorboard", "loggerBackend", "tensorboard"],
    ["--gradient_clip_val", "0.5", "gradientClipVal", 0.5],
    ["--devices", "auto", "devices", "auto"],
    ["--devices", "2", "devices", 2],
    ["--torch-accelerator", "cpu", "accelerator", "cpu"],
  ] as const)("%s %s", async (flag, value, field, expected) => {
    const { execution } = await trainWith(flag, value);
    expect(execution[field]).toBe(expected);
  });

  it("logs to csv unless said, and to an MLflow server by its address", async () => {
    expect((await trainWith()).execution.loggerBackend).toBe("csv");
    const flags = ["--logger", "mlflow", "--mlflow_tracking_uri", "https://host/path", "--experiment_name", "samples"];
    expect((await trainWith(...flags)).execution).toMatchObject({
      loggerBackend: "mlflow",
      mlflowTrackingUri: "https://host/path",
      experimentName: "samples",
    });
  });

  it.each([
    [["--mlflow_tracking_uri", "file:///mlruns"], /through a server only: start one with mlflow server/],
    [["--mlflow_tracking_uri", "mlruns"], /expected http:/],
    [["--mlflow_tracking_uri", "https://me:secret@host"], /MLFLOW_TRACKING_PASSWORD/],
    [["--disable_mlflow"], /contradictory flags: --logger mlflow and --disable_mlflow/],
  ])("--logger mlflow with %j is refused", async (flags, message) => {
    const { code, stderr } = await call([...trainArgs, "--logger", "mlflow", ...flags]);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("secret");
  });

  it.each([
    [["--experiment_name", "samples"], "experiment_name has an effect only when logger is mlflow"],
    [["--mlflow_tracking_uri", "http://host"], "mlflow_tracking_uri has an effect only when logger is mlflow"],
    [
      ["--disable_checkpointing", "--checkpoint_every_n_minutes", "1"],
      "checkpoint_every_n_minutes has an effect only when checkpointing is on",
    ],
  ])("%j would be ignored", async (flags, message) => {
    const { code, stderr } = await call([...trainArgs, ...flags]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it("--disable_mlflow warns and switches the logger off", async () => {
    const { stderr, training } = await call([...trainArgs, "--disable_mlflow"]);
    expect(stderr).toMatch(/warning: --disable_mlflow is deprecated.*--logger none/);
    expect(training?.execution.loggerBackend).toBe("none");
    expect(training?.execution.enableProgressBar).toBe(false);
  });

  it.each([
    [["--device", "cpu"], "cpu"],
    [["--device", "cuda"], "gpu"],
    [["--device", "cuda", "--accelerator", "cpu"], "cpu"],
    [["--device", "cpu", "--accelerator", "auto"], "cpu"],
  ])("%j warns and maps", async (flags, accelerator) => {
    const { stderr, training } = await call([...trainArgs, ...flags]);
    expect(stderr).toContain("--device is deprecated: use --accelerator");
    expect(training?.execution.accelerator).toBe(accelerator);
  });

  it("--quiet switches the progress bar off and says nothing", async () => {
    const { stderr, training } = await call([...trainArgs, "--quiet"], {
      terminal: true,
      work: async (hooks) => {
        hooks.log("talk");
        hooks.progress("epoch", 2).update(2);
        return { status: "finished", files: ["model.zip"] };
      },
    });
    expect(training?.execution.enableProgressBar).toBe(false);
    expect(stderr).toBe("");
  });
});

describe("settings flags of train", () => {
  it("every documented flag of the reference arrives under its one name", async () => {
    const payload = await trainWith(
      ...["--test_data_file", "test.npz", "--max_epochs", "3", "--n_images", "512", "--gridsize", "1"],
      ...["--batch_size", "8", "--torch-loss-mode", "mae", "--probe-mask", "--probe-mask-sigma", "2"],
      ...["--probe-mask-diameter", "40", "--log-patch-stats", "--patch-stats-limit", "5"],
    );
    expect(payload.training).toMatchObject({
      testDataFile: "test.npz",
      maxEpochs: 3,
      batchSize: 8,
      lossFunction: "mae",
    });
    expect(payload.data.nGroups).toBe(512);
    expect(payload.model).toMatchObject({ gridsize: 1, objectBig: false, probeMask: true });
    expect(payload.model).toMatchObject({ probeMaskSigma: 2, probeMaskDiameter: 40 });
    expect(payload.execution).toMatchObject({ logPatchStats: true, patchStatsLimit: 5 });
  });

  it("settings without a flag in the reference have one too", async () => {
    const payload = await trainWith(
      ...["--n_filters_scale", "1", "--nphotons", "1e6", "--measurement", "counts", "--dc-at", "corner"],
      ...["--x_bounds", "0.1", "0.9", "--scheduler", "MultiStage", "--multistage_milestones", "3,6", "--N", "64"],
    );
    expect(payload.model.nFiltersScale).toBe(1);
    expect(payload.data).toMatchObject({ nphotons: 1e6, measurement: "counts", dcAt: "corner", xBounds: [0.1, 0.9] });
    expect(payload.training.multistageMilestones).toEqual([3, 6]);
  });

  it("--profile ci stands for a bundle of settings", async () => {
    const { model, data, training } = await trainWith("--profile", "ci");
    expect(data).toMatchObject({ scaleContractVersion: "ci_intensity_v2", measurementDomain: "count_intensity" });
    expect(model).toMatchObject({
      physicsForwardMode: "rectangular_scaled",
      rectS1s2Init: "data",
      cnnOutputMode: "real_imag",
    });
    expect(training.lossFunction).toBe("poisson");
  });

  it("--config gives settings that flags win over", async () => {
    const { mkdtempSync, writeFileSync } = await import("node:fs");
    const { tmpdir } = await import("node:os");
    const { join } = await import("node:path");
    const path = join(mkdtempSync(join(tmpdir(), "ptychonaut-")), "run-settings.json");
    writeFileSync(path, JSON.stringify({ model: { gridsize: 1 }, max_epochs: 7, execution: { learning_rate: 2e-3 } }));
    const payload = await trainWith("--config", path, "--learning-rate", "4e-3");
    expect(payload.model.gridsize).toBe(1);
    expect(payload.training.maxEpochs).toBe(7);
    expect(payload.execution.learningRate).toBe(4e-3);
  });
});

describe("the command", () => {
  it("train --help lists every setting with its default", async () => {
    const { code, stdout } = await call(["train", "--help", "all"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/--learning_rate NUM +Learning rate at the start\. \[default 0\.001\]/);
    expect(stdout).toContain("--accelerator {auto,cpu,gpu,cuda,webgpu,tpu,mps}");
    expect(stdout).toContain("--[no_]deterministic");
    expect(stdout).toContain("[required]");
    expect(stdout).not.toContain("ptycho_dir");
  });

  it("gives the exit code of the outcome", async () => {
    const interrupted = await call(trainArgs, { work: async () => ({ status: "interrupted", files: [] }) });
    expect(interrupted.code).toBe(130);
    const advice = "lower the learning rate";
    const diverged = await call(trainArgs, { work: async () => ({ status: "diverged", advice, files: [] }) });
    expect(diverged.code).toBe(1);
    expect(diverged.stderr).toContain(advice);
  });

  it("hands the abort signal on", async () => {
    const controller = new AbortController();
    let seen: AbortSignal | undefined;
    await call(trainArgs, {
      signal: controller.signal,
      work: async (hooks) => {
        seen = hooks.signal;
        return { status: "finished", files: [] };
      },
    });
    expect(seen).toBe(controller.signal);
  });
});
