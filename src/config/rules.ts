import { PtychonautError } from "../errors.ts";
import { generatorNamed, generatorSettings, generatorsWith } from "../nets/registry.ts";
import type { DataConfig } from "./dataConfig.ts";
import type { ExecutionConfig } from "./executionConfig.ts";
import type { InferenceConfig } from "./inferenceConfig.ts";
import { contradiction, sameValue } from "./merge.ts";
import type { ModelConfig } from "./modelConfig.ts";
import { snakeCase } from "./names.ts";
import { parseRefinement } from "./refinement.ts";
import { completeData, completeModel, completeTraining } from "./resolve/complete.ts";
import { parseSettings } from "./schema.ts";
import { checkTrackingUri } from "./trackingUri.ts";
import type { TrainingConfig } from "./trainingConfig.ts";

/**
 * Rules between settings. A setting that has no effect beside another one is an error unless it has its default value:
 * nothing that was asked for is silently ignored.
 */

/** The settings that describe a network: those of its generator, and what enters it. */
export function networkSettings(architecture: string): readonly (keyof ModelConfig)[] {
  return [
    "architecture",
    "gridsize",
    "objectBig",
    "inputConditioning",
    "standardiseInput",
    ...generatorNamed(architecture).settings,
  ];
}

export function checkModel(model: ModelConfig): void {
  const idle = idleSettings(model, completeModel(parseSettings("model"), model.N));
  if (!model.probeMask) idle(["probeMaskSigma", "probeMaskDiameter"], "probe_mask is on");
  if (model.physicsForwardMode !== "rectangular_scaled") {
    idle(["rectS1s2Trainable", "rectS1s2Init"], "physics_forward_mode is rectangular_scaled");
  } else {
    idle(["amplitudePhysicsGain", "intensityScaleTrainable"], "physics_forward_mode is amplitude");
  }
  const generator = generatorNamed(model.architecture);
  for (const name of generatorSettings.filter((setting) => !generator.settings.includes(setting))) {
    idle([name], `architecture is ${generatorsWith(name).join(" or ")}`);
  }
  generator.check?.(model);
  if (model.modelType === "supervised") {
    const physics = [
      "trainingPatchWeighting",
      "amplitudePhysicsGain",
      "intensityScaleTrainable",
      "probeTrainable",
      "frameIntensityTrainable",
    ] as const;
    idle(physics, "model_type is pinn: labels say nothing about them");
  }
  if (model.frameIntensityTrainable && (!model.objectBig || model.gridsize === 1)) {
    const [name, value] = model.gridsize === 1 ? ["gridsize", 1] : ["objectBig", false];
    const why =
      "patches that share no object leave a bright beam and a bright object the same; merge groups of several";
    throw contradiction("frameIntensityTrainable", true, String(name), value, why);
  }
  if (model.cnnOutputMode !== "amp_phase") idle(["ampActivation"], "cnn_output_mode is amp_phase");
  if (model.standardiseInput) idle(["fnoInputTransform"], "standardise_input is off");
  if (!model.spatialDecoder) idle(["decoderSpatialKernel"], "spatial_decoder is on");
  if (!model.objectBig || model.gridsize === 1) {
    idle(["trainingPatchWeighting"], "gridsize is above 1 and object_big is on");
  }
}

export function checkData(data: DataConfig, gridsize: number): void {
  const idle = idleSettings(data, completeData(parseSettings("data"), gridsize, data.subsampleSeed));
  checkPositions(data);
  checkScaleContract(data);
  for (const axis of ["xBounds", "yBounds"] as const) {
    const [lower, upper] = data[axis];
    if (lower >= upper) throw wrong(axis, "a lower fraction and a greater upper one", `${lower} ${upper}`);
  }
  if (gridsize === 1) {
    idle(
      ["neighborCount", "neighborFunction", "minNeighborDistance", "maxNeighborDistance", "neighborPoolSize"],
      "gridsize is above 1",
    );
  }
  if (data.neighborFunction !== "Nearest") idle(["neighborCount", "neighborPoolSize"], "neighbor_function is Nearest");
  if (data.neighborFunction === "Grid") {
    if (data.gridStep === null) {
      throw new PtychonautError("usage", "neighbor_function Grid needs grid_step", {
        expected: "the distance along y and x between the patterns of a group",
      });
    }
  } else idle(["gridStep"], "neighbor_function is Grid");
  if (data.neighborFunction === "Nearest" || data.neighborFunction === "Grid") {
    idle(["minNeighborDistance", "maxNeighborDistance"], "neighbor_function is Min_dist or 4_quadrant");
  }
  if (data.neighborFunction !== "4_quadrant") idle(["quadrantNeighborCount"], "neighbor_function is 4_quadrant");
  if (!data.enableOversampling) idle(["neighborPoolSize"], "enable_oversampling is on");
  if (gridsize === 1 && data.nGroups === null) idle(["enableOversampling"], "gridsize is above 1 or n_groups is given");
  if (data.neighborFunction === "4_quadrant" && gridsize !== 2) {
    throw contradiction("neighborFunction", "4_quadrant", "gridsize", gridsize, "four quadrants need gridsize 2");
  }
  if (data.neighborCount < gridsize ** 2 - 1) {
    throw wrong("neighborCount", `at least gridsize² - 1 = ${gridsize ** 2 - 1}`, String(data.neighborCount));
  }
  const { minNeighborDistance: near, maxNeighborDistance: far } = data;
  if (far !== null && near >= far) throw contradiction("minNeighborDistance", near, "maxNeighborDistance", far);
}

/** Another scan to validate on leaves nothing to hold back. */
export function checkHoldingBack(data: DataConfig, { testDataFile }: Pick<TrainingConfig, "testDataFile">): void {
  if (testDataFile === null) return;
  idleSettings(data, parseSettings("data"))(["validationFraction", "splitMode"], "test_data_file is not given");
}

function checkPositions(data: DataConfig): void {
  if (data.positionsKey !== null && data.positionOrder === null) {
    throw new PtychonautError("usage", `positions_key "${data.positionsKey}" needs position_order`, {
      expected: "xy or yx",
      fix: "say which column is which; it is never guessed",
    });
  }
}

/** Version and domain are one statement; counts need the count contract, and then hold the dose themselves. */
function checkScaleContract({ scaleContractVersion: version, measurementDomain: domain, nphotons }: DataConfig): void {
  if ((version === null) !== (domain === null)) {
    throw new PtychonautError("usage", "scale_contract_version and measurement_domain go together", {
      got: version === null ? `measurement_domain ${domain} alone` : `scale_contract_version ${version} alone`,
    });
  }
  if (domain === "count_intensity") {
    if (version !== "ci_intensity_v2") {
      throw contradiction("measurementDomain", domain, "scaleContractVersion", version, "counts need ci_intensity_v2");
    }
    if (nphotons !== null) {
      throw contradiction("measurementDomain", domain, "nphotons", nphotons, "the dose is in the counts");
    }
  }
  if (domain === "normalized_amplitude" && nphotons === null) {
    throw new PtychonautError("usage", "measurement_domain normalized_amplitude needs the dose", {
      expected: "nphotons, as a flag or in the file's metadata",
    });
  }
}

export function checkTraining(training: TrainingConfig, execution: ExecutionConfig, model: ModelConfig): void {
  const { multistageMilestones } = training;
  const idle = idleSettings(training, completeTraining(parseSettings("training", { maxEpochs: training.maxEpochs })));
  const { scheduler } = execution;
  if (scheduler !== "Exponential") idle(["exponentialGamma"], "scheduler is Exponential");
  if (scheduler !== "MultiStage") idle(["multistageMilestones", "multistageFactor"], "scheduler is MultiStage");
  if (scheduler !== "WarmupCosine") idle(["lrWarmupEpochs", "lrMinRatio"], "scheduler is WarmupCosine");
  if (scheduler !== "ReduceLROnPlateau" && scheduler !== "Adaptive") {
    const plateau = ["plateauFactor", "plateauPatience", "plateauMinLr", "plateauThreshold"] as const;
    idle(plateau, "scheduler is ReduceLROnPlateau or Adaptive");
  }
  if (training.epochsFineTune === 0) idle(["fineTuneGamma"], "epochs_fine_tune is above 0");
  if (training.initFrom === null)
    idle(["freeze"], "init_from is given: a fresh encoder would stay what chance made it");
  else idleSettings(model, parseSettings("model"))(["initialization"], "init_from is not given");
  if (training.optimizer === "sgd") idle(["beta1", "beta2"], "optimizer is adam or adamw");
  else idle(["momentum"], "optimizer is sgd");
  if (!model.probeTrainable) idle(["probeLearningRateFactor"], "probe_trainable is on");
  if (!model.frameIntensityTrainable) idle(["frameIntensityLearningRateFactor"], "frame_intensity_trainable is on");
  if (training.ampLoss === "None") idle(["ampLossCoeff"], "amp_loss is given");
  if (training.phaseLoss === "None") idle(["phaseLossCoeff"], "phase_loss is given");
  if (multistageMilestones.some((epoch, i) => i > 0 && epoch <= multistageMilestones[i - 1])) {
    throw wrong("multistageMilestones", "epochs in ascending order", multistageMilestones.join(" "));
  }
  if (training.lrWarmupEpochs >= training.maxEpochs) {
    throw contradiction("lrWarmupEpochs", training.lrWarmupEpochs, "maxEpochs", training.maxEpochs);
  }
  if (model.modelType === "supervised" && training.lossFunction !== "mae") {
    throw contradiction(
      "modelType",
      model.modelType,
      "lossFunction",
      training.lossFunction,
      "labels are compared by mean absolute error: say mae, or nothing",
    );
  }
  if (model.physicsForwardMode === "rectangular_scaled" && training.lossFunction !== "poisson") {
    throw contradiction(
      "physicsForwardMode",
      model.physicsForwardMode,
      "lossFunction",
      training.lossFunction,
      "the rectangular forward model predicts intensities, so its loss is poisson",
    );
  }
  if (typeof execution.devices === "number" && execution.devices > training.batchSize) {
    throw contradiction("devices", execution.devices, "batchSize", training.batchSize, "each replica needs a group");
  }
}

export function checkExecution(execution: ExecutionConfig): void {
  const idle = idleSettings(execution, parseSettings("execution"));
  if (execution.gradientClipVal === null) idle(["gradientClipAlgorithm"], "gradient_clip_val is given");
  if (!execution.scaleBatch) idle(["scaleLearningRate"], "scale_batch is on");
  if (execution.numWorkers === 0) idle(["prefetchFactor", "persistentWorkers"], "num_workers is above 0");
  if (!execution.enableCheckpointing) idle(["checkpointSaveTopK", "checkpointEveryNMinutes"], "checkpointing is on");
  if (execution.loggerBackend !== "mlflow") idle(["mlflowTrackingUri", "experimentName"], "logger is mlflow");
  if (execution.mlflowTrackingUri !== null) checkTrackingUri(execution.mlflowTrackingUri, "mlflow_tracking_uri");
  if (!execution.logPatchStats) idle(["patchStatsLimit"], "log_patch_stats is on");
  if (execution.reconLogEveryNEpochs === 0) {
    idle(
      ["reconLogNumPatches", "reconLogFixedIndices", "reconLogStitch", "reconLogMaxStitchSamples"],
      "recon_log_every_n_epochs is above 0",
    );
  }
  if (execution.reconLogFixedIndices !== null)
    idle(["reconLogNumPatches"], "recon_log_fixed_indices is left open: it names the patches");
  if (!execution.reconLogStitch) idle(["reconLogMaxStitchSamples"], "recon_log_stitch is on");
}

export function checkInference(inference: InferenceConfig, { N, physicsForwardMode }: ModelConfig): void {
  const { middleTrim, varproScaling, phaseAlignment, refine } = inference;
  if (refine !== null) parseRefinement(refine);
  if (varproScaling && physicsForwardMode !== "rectangular_scaled") {
    throw contradiction(
      "varproScaling",
      varproScaling,
      "physicsForwardMode",
      physicsForwardMode,
      "real and imaginary part have scales of their own only where the model was trained with rectangular_scaled (profile ci)",
    );
  }
  if (varproScaling && phaseAlignment) {
    throw contradiction(
      "varproScaling",
      varproScaling,
      "phaseAlignment",
      phaseAlignment,
      "turning the patches' phases mixes the parts that the fit is to scale apart",
    );
  }
  if (middleTrim > N || middleTrim % 2 !== 0) {
    throw wrong("middleTrim", `an even number of at most N = ${N}`, String(middleTrim));
  }
}

/** Refuses settings that were moved from their default although they have no effect. */
function idleSettings<T extends object>(
  config: T,
  defaults: Readonly<Record<keyof T, unknown>>,
): (names: readonly (keyof T & string)[], condition: string) => void {
  return (names, condition) => {
    for (const name of names) {
      if (sameValue(config[name], defaults[name])) continue;
      throw new PtychonautError("usage", `${snakeCase(name)} has an effect only when ${condition}`, {
        got: `${snakeCase(name)} ${JSON.stringify(config[name])}`,
      });
    }
  };
}

function wrong(name: string, expected: string, got: string): PtychonautError {
  return new PtychonautError("usage", `wrong value for ${snakeCase(name)}`, { expected, got });
}
