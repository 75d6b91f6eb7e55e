import { describe, expect, it } from "vitest";
import type { FileProbe, ScanHeader } from "../../src/config/fileProbe.ts";
import type { Settings } from "../../src/config/group.ts";
import type { TrainingPayload } from "../../src/config/payload.ts";
import { resolveInferencePayload } from "../../src/config/resolve/infer.ts";
import { resolveTrainingPayload } from "../../src/config/resolve/train.ts";
import { bundle, fakeFiles } from "../cli/harness.ts";

const files = { trainDataFile: "scan.npz", outputDir: "out" };
const inferenceFiles = { modelPath: "run", testDataFile: "scan.npz", outputDir: "out" };

const train = (overrides: Settings = {}, executionConfig: Settings = {}, file: Settings = {}, header = {}) =>
  resolveTrainingPayload({ ...files, overrides, executionConfig, file }, fakeFiles(header));

const infer = (overrides: Settings = {}, executionConfig: Settings = {}) =>
  resolveInferencePayload({ ...inferenceFiles, overrides, executionConfig }, fakeFiles());

const sourceOf = (payload: Pick<TrainingPayload, "overridden">, name: string) =>
  payload.overridden.find((origin) => origin.name === name)?.source;

describe("precedence", () => {
  it("overrides, execution config, file, defaults", async () => {
    const all = await train({ learningRate: 1 }, { learningRate: 2 }, { learningRate: 3 });
    expect(all.execution.learningRate).toBe(1);
    expect(sourceOf(all, "learningRate")).toBe("override");
    const two = await train({}, { learningRate: 2 }, { learningRate: 3 });
    expect(two.execution.learningRate).toBe(2);
    expect(sourceOf(two, "learningRate")).toBe("execution config");
    const one = await train({}, {}, { execution: { learning_rate: 3 } });
    expect(one.execution.learningRate).toBe(3);
    expect(sourceOf(one, "learningRate")).toBe("file");
    const none = await train();
    expect(none.execution.learningRate).toBe(1e-3);
    expect(sourceOf(none, "learningRate")).toBeUndefined();
  });

  it("the execution config says nothing about the science", async () => {
    await expect(train({}, { batchSize: 4 })).rejects.toThrow(/batch_size is not a setting of the execution config/);
    await expect(train({}, { middleTrim: 32 })).rejects.toThrow(/middle_trim is refused: .*with the overrides/);
    await expect(train({}, { ffno_encoder_share_weights: false })).rejects.toThrow(
      /ffno_encoder_share_weights is not a setting of the execution config/,
    );
    await expect(train({}, { pad_eval: true })).rejects.toThrow(/the reference system declares it/);
  });
});

describe("what comes from the data", () => {
  it("N", async () => {
    const payload = await train({}, {}, {}, { height: 128, width: 128 });
    expect(payload.model).toMatchObject({ N: 128, probeMaskDiameter: 64 });
    expect(sourceOf(payload, "N")).toBe("data");
  });

  it("refuses patterns that are not square, that contradict N, or that no network fits", async () => {
    await expect(train({}, {}, {}, { height: 128 })).rejects.toThrow(/not square.*128 x 64/);
    await expect(train({ N: 128 })).rejects.toThrow(/N does not fit the data.*expected patterns of 128 x 128/);
    await expect(train({}, {}, {}, { height: 100, width: 100 })).rejects.toThrow(
      /no network takes patterns of this size.*N: .*multiple of 8; got 100 x 100.*`crop_to=96`, or .*`pad_to=104`/,
    );
  });

  it("the dose: said, else from the metadata, else from the data", async () => {
    const header: Partial<ScanHeader> = { photonsPerPattern: 5e4 };
    expect((await train({ nphotons: 7 }, {}, {}, header)).data.nphotons).toBe(7);
    const stated = await train({}, {}, {}, header);
    expect(stated.data.nphotons).toBe(5e4);
    expect(sourceOf(stated, "nphotons")).toBe("metadata");
    expect((await train()).data.nphotons).toBeNull();
    expect((await train({ measurement: "counts" }, {}, {}, header)).data.nphotons).toBeNull();
  });
});

describe("resolved values", () => {
  it("follow from others where they were left open", async () => {
    const two = await train();
    expect(two.model.objectBig).toBe(true);
    expect(two.data).toMatchObject({ neighborCount: 4, subsampleSeed: 42 });
    expect(two.training.multistageMilestones).toEqual([50, 75]);
    const three = await train({ gridsize: 3, seed: 5 });
    expect(three.data).toMatchObject({ neighborCount: 8, subsampleSeed: 5 });
    expect((await train({ gridsize: 1 })).model.objectBig).toBe(false);
  });

  it("are frozen throughout", async () => {
    const payload = await train();
    for (const part of [payload, payload.model, payload.data, payload.training, payload.execution]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it("can be given again and mean the same", async () => {
    const first = await train({ gridsize: 1, maxEpochs: 8, probeMask: true });
    const { model, data, training, execution } = first;
    const again = await train({}, {}, { model, data, training, execution });
    expect(again).toMatchObject({ model, data, training, execution });
  });
});

describe("supervised", () => {
  it("compares labels by absolute error, unless that is contradicted", async () => {
    const { training, overridden } = await train({ mode: "Supervised" });
    expect(training.lossFunction).toBe("mae");
    expect(overridden.map(({ name }) => name)).not.toContain("lossFunction");
    await expect(train({ modelType: "supervised", lossFunction: "poisson" })).rejects.toThrow(
      /model_type "supervised" and loss_function "poisson".*labels are compared by mean absolute error/i,
    );
    await expect(train({ modelType: "supervised", profile: "ci" })).rejects.toThrow(/loss_function "poisson"/);
  });

  it.each([
    ["amplitudePhysicsGain", 2],
    ["intensityScaleTrainable", true],
    ["trainingPatchWeighting", "probe"],
    ["physicsForwardMode", "rectangular_scaled"],
  ])("refuses %s, which labels say nothing about", async (name, value) => {
    await expect(train({ modelType: "supervised", [name]: value })).rejects.toThrow(/only when|contradictory/);
  });
});

describe("fine-tuning and start weights", () => {
  it("the network is that of the model, unless that is contradicted", async () => {
    const { model, overridden } = await train({ initFrom: "run" });
    expect(model.gridsize).toBe(bundle.model.gridsize);
    expect(overridden).toContainEqual({ name: "architecture", group: "model", value: "cnn", source: "bundle" });
    await expect(train({ initFrom: "run", batchNorm: true })).rejects.toThrow(
      /batch_norm differs from the network in init_from.*expected false; got true/,
    );
  });

  it.each([
    [{ freeze: "encoder" }, /freeze has an effect only when init_from is given/],
    [{ fineTuneGamma: 0.5 }, /fine_tune_gamma has an effect only when epochs_fine_tune is above 0/],
    [{ initFrom: "run", initialization: "glorot" }, /initialization has an effect only when init_from is not given/],
  ])("%j: refused", async (settings, message) => {
    await expect(train(settings)).rejects.toThrow(message);
  });
});

describe("names", () => {
  it.each([
    ["n_images", 64, "data", "nGroups"],
    ["n_groups", 64, "data", "nGroups"],
    ["nepochs", 3, "training", "maxEpochs"],
    ["epochs", 3, "training", "maxEpochs"],
    ["grid_size", [3, 3], "model", "gridsize"],
    ["K", 9, "data", "neighborCount"],
    ["mode", "Unsupervised", "model", "modelType"],
    ["torch_loss_mode", "mae", "training", "lossFunction"],
    ["loss_function", "MAE", "training", "lossFunction"],
    ["logger_backend", null, "execution", "loggerBackend"],
  ] as const)("%s is understood", async (name, value, group, canonical) => {
    const payload = await train({ [name]: value });
    const expected: Record<string, unknown> = {
      grid_size: 3,
      mode: "pinn",
      loss_function: "mae",
      logger_backend: "none",
    };
    expect((payload[group] as unknown as Record<string, unknown>)[canonical]).toBe(expected[name] ?? value);
  });

  it("two names of one quantity must agree", async () => {
    await expect(train({ nepochs: 3, maxEpochs: 4 })).rejects.toThrow(
      /contradictory settings: nepochs 3 and max_epochs 4/,
    );
    expect((await train({ nepochs: 3, maxEpochs: 3 })).training.maxEpochs).toBe(3);
  });

  it("unknown ones are errors", async () => {
    await expect(train({ n_filter_scale: 1 })).rejects.toThrow(/unknown setting "n_filter_scale".*n_filters_scale/);
    await expect(train({}, {}, { model: { batchSize: 4 } })).rejects.toThrow(/unknown setting "batch_size"/);
    await expect(train({ middleTrim: 3 })).rejects.toThrow(/middle_trim is a setting of inference/);
  });
});

describe("the count-intensity profile", () => {
  it("refuses what contradicts it", async () => {
    await expect(train({ profile: "ci", lossFunction: "mae" })).rejects.toThrow(/profile "ci" and loss_function "mae"/);
    await expect(train({ profile: "ci", nphotons: 1e5 })).rejects.toThrow(/measurement_domain .* and nphotons/);
  });

  it("leaves its starting values to be changed", async () => {
    const { model } = await train({ profile: "ci", rectS1s2Init: "ones" });
    expect(model).toMatchObject({ rectS1s2Init: "ones", physicsForwardMode: "rectangular_scaled" });
  });

  it("has the output of the network that there is", async () => {
    expect((await train({ profile: "ci" })).model.cnnOutputMode).toBe("real_imag");
    const { model } = await train({ profile: "ci", architecture: "fno" });
    expect(model).toMatchObject({ cnnOutputMode: "amp_phase", generatorOutputMode: "real_imag" });
  });

  it("version and domain go together", async () => {
    await expect(train({ scaleContractVersion: "legacy_v1" })).rejects.toThrow(/go together/);
    await expect(train({ measurementDomain: "count_intensity" })).rejects.toThrow(/go together/);
    const legacy = { scaleContractVersion: "legacy_v1", measurementDomain: "count_intensity" };
    await expect(train(legacy)).rejects.toThrow(/contradictory/);
    const normalized = { scaleContractVersion: "legacy_v1", measurementDomain: "normalized_amplitude" };
    await expect(train(normalized)).rejects.toThrow(/needs the dose/);
    expect((await train({ ...normalized, nphotons: 1e6 })).data.nphotons).toBe(1e6);
  });
});

describe("groups of an inference", () => {
  it("are found as the training found them, unless they are found in another way", async () => {
    expect((await infer()).data).toMatchObject({ neighborFunction: "Nearest", neighborCount: 7 });
    const otherwise = await infer({ neighborFunction: "Min_dist" });
    expect(otherwise.data).toMatchObject({ neighborFunction: "Min_dist", neighborCount: 4 });
  });
});

describe("settings that would have no effect", () => {
  it.each([
    [{ probeMaskSigma: 2 }, /probe_mask is on/],
    [{ probeLearningRateFactor: 2 }, /probe_trainable is on/],
    [{ frameIntensityLearningRateFactor: 2 }, /frame_intensity_trainable is on/],
    [{ rectS1s2Init: "data" }, /physics_forward_mode is rectangular_scaled/],
    [{ exponentialGamma: 0.9 }, /scheduler is Exponential/],
    [{ plateauFactor: 0.2 }, /scheduler is ReduceLROnPlateau or Adaptive/],
    [{ momentum: 0.5 }, /optimizer is sgd/],
    [{ optimizer: "sgd", beta1: 0.5 }, /optimizer is adam/],
    [{ ampLossCoeff: 2 }, /amp_loss is given/],
    [{ gradientClipAlgorithm: "agc" }, /gradient_clip_val is given/],
    [{ prefetchFactor: 4 }, /num_workers is above 0/],
    [{ persistentWorkers: true }, /num_workers is above 0/],
    [{ enableCheckpointing: false, checkpointSaveTopK: 3 }, /checkpointing is on/],
    [{ patchStatsLimit: 3 }, /log_patch_stats is on/],
    [{ reconLogEveryNEpochs: 0, reconLogStitch: true }, /recon_log_every_n_epochs/],
    [{ gridsize: 1, neighborFunction: "4_quadrant" }, /gridsize is above 1/],
    [{ maxNeighborDistance: 3 }, /neighbor_function is/],
    [{ gridStep: 4 }, /neighbor_function is Grid/],
    [{ neighborFunction: "Grid", gridStep: 4, neighborCount: 7 }, /neighbor_function is Nearest/],
    [{ neighborFunction: "Min_dist", neighborCount: 7 }, /neighbor_function is Nearest/],
    [{ neighborFunction: "4_quadrant", enableOversampling: true, neighborPoolSize: 9 }, /neighbor_function is Nearest/],
    [{ gridsize: 1, neighborFunction: "Grid", gridStep: 4 }, /gridsize is above 1/],
    [{ neighborPoolSize: 9 }, /enable_oversampling is on/],
    [{ gridsize: 1, enableOversampling: true }, /gridsize is above 1 or n_groups is given/],
    [{ reconLogFixedIndices: [3], reconLogNumPatches: 2 }, /recon_log_fixed_indices is left open/],
    [{ testDataFile: "other.npz", validationFraction: 0.3 }, /test_data_file is not given/],
    [{ testDataFile: "other.npz", splitMode: "spatial" }, /test_data_file is not given/],
    [{ fnoModes: 6 }, /architecture is fno or fno_vanilla or ffno or neuralop_uno/],
    [{ architecture: "ffno", nFiltersScale: 1 }, /architecture is cnn/],
    [{ architecture: "fno_vanilla", fnoCnnBlocks: 1 }, /architecture is fno or ffno/],
    [{ architecture: "ffno", fnoStableBlocks: true }, /architecture is fno or fno_vanilla/],
    [{ architecture: "fno", ffnoEncoderShareWeights: false }, /architecture is ffno/],
    [{ architecture: "uno", fnoBlocks: 2 }, /architecture is fno or fno_vanilla or ffno or hybrid_resnet/],
    [{ decoderSpatialKernel: 5 }, /spatial_decoder is on/],
    [{ spatialDecoder: true, decoderSpatialKernel: 6 }, /wrong value for decoder_spatial_kernel.*odd/],
    [{ architecture: "hybrid_resnet", spectralBottleneckModes: 4 }, /architecture is spectral_resnet_bottleneck/],
    [{ hybridSkipConnections: true }, /architecture is hybrid_resnet or spectral_resnet_bottleneck/],
  ] as const)("%j", async (overrides, message) => {
    await expect(train(overrides)).rejects.toThrow(message);
  });
});

describe("combinations that cannot be", () => {
  it.each([
    [{ positionsKey: "xy" }, /needs position_order/],
    [{ architecture: "fno", fnoModes: 34 }, /at most N\/2 \+ 1 = 33/],
    [{ architecture: "hybrid_resnet", fnoBlocks: 1 }, /at most fno_blocks 1/],
    [{ learnedInputChannels: 3 }, /follows from gridsize and input_conditioning/],
    [{ xBounds: [0.6, 0.4] }, /x_bounds/],
    [{ frameIntensityTrainable: true, gridsize: 1 }, /frame_intensity_trainable true and gridsize 1.*share no object/],
    [{ frameIntensityTrainable: true, objectBig: false }, /frame_intensity_trainable true and object_big false/],
    [{ gridsize: 3, neighborCount: 5 }, /at least gridsize² - 1 = 8/],
    [{ gridsize: 3, neighborFunction: "4_quadrant" }, /Four quadrants need gridsize 2/],
    [{ neighborFunction: "Grid" }, /neighbor_function Grid needs grid_step/],
    [{ nSubsample: 1000 }, /at most 200/],
    [{ devices: 32 }, /Each replica needs a group/],
    [{ scheduler: "MultiStage", multistageMilestones: [6, 3] }, /ascending/],
    [{ physicsForwardMode: "rectangular_scaled", lossFunction: "mae" }, /The rectangular forward model/],
  ] as const)("%j", async (overrides, message) => {
    await expect(train(overrides)).rejects.toThrow(message);
  });
});

describe("inference", () => {
  it("has the bundle's network, and n_images means patterns", async () => {
    const payload = await infer({ n_images: 30 }, { inferenceBatchSize: 3 });
    expect(payload.model).toEqual(bundle.model);
    expect(payload.inference).toMatchObject({ nPatterns: 30, middleTrim: 32 });
    expect(payload.execution.inferenceBatchSize).toBe(3);
    expect(sourceOf(payload, "neighborCount")).toBe("bundle");
  });

  it.each([
    [{ n_images: 1000 }, /at most 200/],
    [{ middleTrim: 66 }, /even number of at most N = 64/],
    [{ gridsize: 1 }, /gridsize differs from what the model was trained with; expected 2; got 1/],
    [{ batchSize: 3 }, /batch_size is a setting of training/],
    [{ nGroups: 3 }, /n_groups is a setting of training/],
    [{ prefetchFactor: 4 }, /prefetch_factor has an effect only when num_workers is above 0/],
    [{ persistentWorkers: true }, /persistent_workers has an effect only when num_workers is above 0/],
  ] as const)("refuses %j", async (overrides, message) => {
    await expect(infer(overrides)).rejects.toThrow(message);
  });

  it("a whole execution config serves both", async () => {
    const { execution } = await train();
    expect((await infer({}, { ...execution })).execution.accelerator).toBe("auto");
  });
});

it("nothing is written before everything was checked", async () => {
  let prepared = 0;
  const counting: FileProbe = {
    ...fakeFiles(),
    prepareFolder: async () => {
      prepared++;
    },
  };
  await expect(resolveTrainingPayload({ ...files, overrides: { momentum: 0.1 } }, counting)).rejects.toThrow();
  expect(prepared).toBe(0);
  await resolveTrainingPayload(files, counting);
  expect(prepared).toBe(1);
});
