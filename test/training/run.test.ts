import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBundle } from "../../src/bundle/bundle.ts";
import type { Settings } from "../../src/config/group.ts";
import { openNpz } from "../../src/formats/npz.ts";
import { createTrainingPayload } from "../../src/node/runs.ts";
import type { RunHooks, RunOutcome } from "../../src/runs/hooks.ts";
import { runTraining } from "../../src/runs/train/train.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { oneThread, plainHome } from "../runs/plainHome.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-training-"));
const scan = join(folder, "scan.npz");
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => {
  writeFileSync(scan, writeScanNpz(simulate({ n: 32, patterns: 24, seed: 3, photons: 1e5 })));
});

interface Training {
  readonly outcome: RunOutcome;
  readonly dir: string;
  readonly lines: readonly string[];
}

const small = {
  accelerator: "cpu",
  nFiltersScale: 1,
  gridsize: 1,
  maxEpochs: 3,
  batchSize: 8,
  validationFraction: 0.1,
};

async function training(
  name: string,
  settings: Settings = {},
  { stopAfter = Number.POSITIVE_INFINITY, drawn = false } = {},
): Promise<Training> {
  const dir = join(folder, name);
  const payload = await createTrainingPayload({
    trainDataFile: scan,
    outputDir: dir,
    overrides: { ...small, ...settings },
  });
  const lines: string[] = [];
  const controller = new AbortController();
  let steps = 0;
  const hooks: RunHooks = {
    signal: controller.signal,
    log: (line) => void lines.push(line),
    warn: (line) => void lines.push(line),
    progress: () => ({
      update: () => {
        if (++steps === stopAfter) controller.abort();
      },
      finish: () => {},
    }),
  };
  return { outcome: await runTraining(payload, hooks, drawn ? oneThread : plainHome), dir, lines };
}

const bundleOf = ({ dir }: Training): ReturnType<typeof readBundle> => readBundle(readFileSync(join(dir, "model.zip")));
const history = ({ dir }: Training): { trainLoss: number; validationLoss: number; train: { deviance: number } }[] =>
  JSON.parse(readFileSync(join(dir, "training.json"), "utf8")).history;

describe("a training run", () => {
  let whole: Training;

  it("leaves bundle, checkpoints, log and records, and lowers the deviance", async () => {
    const run = await training(
      "whole",
      { reconLogEveryNEpochs: 2, reconLogStitch: true, logPatchStats: true },
      { drawn: true },
    );
    whole = run;
    expect(run.outcome.status).toBe("finished");
    expect(run.lines.filter((line) => line.startsWith("epoch "))).toEqual([
      expect.stringMatching(/^epoch 3\/3: loss /),
    ]);
    const losses = history(run).map((record) => record.train.deviance);
    expect(losses).toHaveLength(3);
    expect(losses[2]).toBeLessThan(0.7 * losses[0]);
    const csv = readFileSync(join(run.dir, "lightning_logs/version_0/metrics.csv"), "utf8").trim().split("\n");
    expect(csv[0]).toBe(
      "epoch,step,poisson_train_loss,poisson_val_loss,deviance_train,deviance_val,learning_rate,grad_norm_preclip,grad_norm_postclip,seconds",
    );
    expect(csv).toHaveLength(4);
    expect(readdirSync(join(run.dir, "checkpoints")).sort()[1]).toBe("last.ckpt.zip");
    expect(readdirSync(join(run.dir, "reconstructions"))).toEqual(["epoch_0002.png", "epoch_0002_object.png"]);
    const stats = JSON.parse(readFileSync(join(run.dir, "analysis/patch_stats.json"), "utf8"));
    // 22 patterns in batches of 8.
    expect(stats.map(({ batch_size }: { batch_size: number }) => batch_size)).toEqual([8, 8, 6]);
    const record = JSON.parse(readFileSync(join(run.dir, "run.json"), "utf8"));
    expect(record.inputs[0].sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(record.outcome.kind).toBe("completed");
    expect(bundleOf(run).manifest.trainedOn.frames).toBe(24);
  });

  it("two deterministic runs give bit-identical weights; without, each run has its own seed", async () => {
    const again = await training("again");
    expect(bundleOf(again).model).toEqual(bundleOf(whole).model);
    const other = await training("other", { deterministic: false });
    expect(bundleOf(other).model).not.toEqual(bundleOf(whole).model);
  });

  it("an interrupted run saves and resumes bit for bit", async () => {
    const first = await training("parts", {}, { stopAfter: 4 });
    expect(first.outcome.status).toBe("interrupted");
    expect(first.outcome.advice).toContain("resume=last");
    const second = await training("parts", { resume: "last" });
    expect(second.outcome.status).toBe("finished");
    // Four steps, three to an epoch.
    expect(second.lines).toContain("resuming at epoch 2, batch 1 of 3");
    expect(second.lines.join()).not.toContain("nothing was left");
    expect(bundleOf(second).model).toEqual(bundleOf(whole).model);
    const third = await training("parts", { resume: "last" });
    expect(third.lines.join()).not.toContain("resuming");
    expect(third.lines).toContain("nothing was left to train after 3 epochs");
    await expect(training("parts", { resume: "last", gradientClipVal: 3 })).rejects.toThrow(
      /belongs to another run.*gradient_clip_val: not said → 3/s,
    );
  });

  it("milestones that were left open follow when a resumed run grows", async () => {
    const scheduler = { scheduler: "MultiStage" };
    const first = await training("milestones", { ...scheduler, maxEpochs: 2 });
    expect(first.outcome.status).toBe("finished");
    const second = await training("milestones", { ...scheduler, maxEpochs: 4, resume: "last" });
    expect(second.outcome.status).toBe("finished");
    expect(history(second)).toHaveLength(4);
    await expect(
      training("milestones", { ...scheduler, maxEpochs: 4, resume: "last", multistageMilestones: [1] }),
    ).rejects.toThrow(/belongs to another run.*multistage_milestones/s);
  });

  it("resumes from nothing by starting at the beginning, and only where no file was named", async () => {
    const run = await training("nothing", { resume: "last" });
    expect(run.lines.join("\n")).toMatch(/warning: no checkpoint was saved in .*nothing: the run starts/);
    expect(bundleOf(run).model).toEqual(bundleOf(whole).model);
    const missing = training("missing", { resume: join(folder, "missing.ckpt.zip") });
    await expect(missing).rejects.toThrow("no checkpoint to resume from");
  });
});

describe("what a training explains", () => {
  it("is said of the patterns that it saw, which groups may leave out", async () => {
    const { dir } = await training("few", { maxEpochs: 1, nGroups: 5, validationFraction: 0 });
    const { explained } = JSON.parse(readFileSync(join(dir, "training.json"), "utf8"));
    expect([explained.of, explained.patterns]).toEqual(["training", 5]);
  });
});

describe("every way of training runs", () => {
  const oneEpoch = { maxEpochs: 1, validationFraction: 0 };
  it.each([
    ["groups of four, merged, on replicas with accumulation", { gridsize: 2, devices: 2, accumSteps: 2 }],
    ["groups of four with validation", { gridsize: 2, validationFraction: 0.2 }],
    ["groups weighted by the probe", { gridsize: 2, trainingPatchWeighting: "probe" }],
    ["groups that are not merged", { gridsize: 2, objectBig: false }],
    ["the count profile", { profile: "ci", measurement: "amplitude" }],
    ["the rectangular model with fixed scales", { physicsForwardMode: "rectangular_scaled", rectS1s2Trainable: false }],
    [
      "absolute error, AdamW, clipping",
      { lossFunction: "mae", optimizer: "adamw", weightDecay: 0.01, gradientClipVal: 1 },
    ],
    [
      "regularisers, affine, probe mask",
      { ampLoss: "Total_Variation", phaseLoss: "Mean_Deviation", intensityScaleTrainable: true, probeMask: true },
    ],
    [
      "a flickering beam, on replicas",
      { gridsize: 2, frameIntensityTrainable: true, devices: 2, validationFraction: 0.2 },
    ],
    ["batch normalisation and attention", { batchNorm: true, cbamEncoder: true, optimizer: "sgd", learningRate: 1e-4 }],
    ["the PtychoNN baseline through the physics", { architecture: "ptychonn", gridsize: 2 }],
    ["batch workers", { numWorkers: 2 }],
  ] as [string, Settings][])("%s", async (name, settings) => {
    const run = await training(name.replaceAll(/\W/g, "_"), { ...oneEpoch, ...settings });
    expect(run.outcome.status).toBe("finished");
    expect(history(run)[0].train.deviance).toBeGreaterThan(0);
  });

  it("writes the beam's intensity in every training pattern, of mean one", async () => {
    const run = await training("beam", {
      ...oneEpoch,
      gridsize: 2,
      frameIntensityTrainable: true,
      validationFraction: 0.2,
    });
    const npz = openNpz(readFileSync(join(run.dir, "intensities.npz")));
    const [frames, values] = ["frame", "frame_intensity"].map((key) => Array.from(npz.readNumbers(key).data));
    expect(frames).toHaveLength(values.length);
    expect(frames.length).toBeLessThan(24);
    expect(new Set(frames).size).toBe(frames.length);
    expect(values.reduce((a, b) => a + b, 0) / values.length).toBeCloseTo(1, 6);
    expect(Math.max(...values.map((value) => Math.abs(value - 1)))).toBeGreaterThan(1e-3);
    expect(bundleOf(run).manifest.scales["frameIntensity"]).toBeUndefined();
  });

  it("the calibrated scales are in the bundle", async () => {
    const run = await training("ci", { ...oneEpoch, profile: "ci" });
    const { s1, s2 } = bundleOf(run).manifest.scales as { s1: number; s2: number };
    expect(s1).toBeGreaterThan(0);
    expect(s2).not.toBe(s1);
  });
});
