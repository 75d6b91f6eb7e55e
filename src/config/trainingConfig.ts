import { z } from "zod";
import { choice, integer, optional, real, withDefault } from "./fields.ts";
import type { Open, SettingGroup } from "./group.ts";

export type Regulariser = "Total_Variation" | "Mean_Deviation" | "None";

/** What is minimised and how, fully resolved. */
export interface TrainingConfig {
  readonly profile: "ci" | null;
  readonly testDataFile: string | null;
  readonly maxEpochs: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly resume: string | null;
  /** A bundle, or the folder of the training that wrote it. */
  readonly initFrom: string | null;
  readonly freeze: "none" | "encoder";
  readonly epochsFineTune: number;
  readonly fineTuneGamma: number;
  readonly lossFunction: "poisson" | "mae";
  readonly ampLoss: Regulariser;
  readonly ampLossCoeff: number;
  readonly phaseLoss: Regulariser;
  readonly phaseLossCoeff: number;
  readonly probeLearningRateFactor: number;
  readonly frameIntensityLearningRateFactor: number;
  readonly optimizer: "adam" | "adamw" | "sgd";
  readonly beta1: number;
  readonly beta2: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly emaDecay: number;
  readonly exponentialGamma: number;
  readonly multistageMilestones: readonly number[];
  readonly multistageFactor: number;
  readonly lrWarmupEpochs: number;
  readonly lrMinRatio: number;
  readonly plateauFactor: number;
  readonly plateauPatience: number;
  readonly plateauMinLr: number;
  readonly plateauThreshold: number;
}

export type TrainingSettings = Open<TrainingConfig, "multistageMilestones">;

/** May differ between the parts of one training. */
const free = { identity: "never" } as const;

const regulariser = (what: string) =>
  choice(["Total_Variation", "Mean_Deviation", "None"], "None", `Regulariser on the ${what}.`);
const coefficient = (what: string) => withDefault(real({ min: 0 }), 1, `Weight of the ${what} regulariser.`);

const schema = z.strictObject({
  profile: optional(
    z.enum(["ci"]),
    "A bundle of settings. ci: count intensities with the rectangular forward model and the Poisson loss.",
    // The settings that it stands for are compared themselves.
    free,
  ),
  testDataFile: optional(z.string().min(1), "Scan used for validation instead of a part of the training scan."),
  maxEpochs: withDefault(integer({ min: 1 }), 100, "Epochs: passes over all groups.", free),
  batchSize: withDefault(integer({ min: 1 }), 16, "Groups in one training batch."),
  seed: withDefault(
    integer({ min: 0, max: 0xffffffff }),
    42,
    "Seed of everything random: start weights, split, grouping, order of batches.",
  ),
  resume: optional(z.string().min(1), 'Continue from this checkpoint; "last" is the newest one in output_dir.', free),
  initFrom: optional(
    z.string().min(1),
    "Start from the weights of this model, a bundle or the folder of its training, instead of fresh ones. The network is the model's.",
    // Its weights are compared, wherever they lie.
    free,
  ),
  freeze: choice(
    ["none", "encoder"],
    "none",
    "Part of the network that keeps the weights of init_from; the rest learns.",
  ),
  epochsFineTune: withDefault(
    integer({ min: 0 }),
    0,
    "Epochs after max_epochs in which the encoder is frozen and the rest learns on.",
    free,
  ),
  fineTuneGamma: withDefault(
    real({ above: 0 }),
    0.1,
    "Learning rate of those epochs over learning_rate; no schedule changes it.",
  ),
  lossFunction: choice(
    ["poisson", "mae"],
    "poisson",
    "Poisson likelihood of the counts, or mean absolute error of the amplitudes; of a supervised model always mae, against labels.",
  ),
  ampLoss: regulariser("amplitude"),
  ampLossCoeff: coefficient("amplitude"),
  phaseLoss: regulariser("phase"),
  phaseLossCoeff: coefficient("phase"),
  probeLearningRateFactor: withDefault(
    real({ above: 0 }),
    1,
    "Learning rate of the probe over that of the network (probe_trainable).",
  ),
  frameIntensityLearningRateFactor: withDefault(
    real({ above: 0 }),
    10,
    "Learning rate of the patterns' intensities over that of the network: each is seen a few times an epoch (frame_intensity_trainable).",
  ),
  optimizer: choice(["adam", "adamw", "sgd"], "adam", "Optimiser; sgd has Nesterov momentum."),
  beta1: withDefault(real({ min: 0, below: 1 }), 0.9, "Decay of the first moment (adam, adamw)."),
  beta2: withDefault(real({ min: 0, below: 1 }), 0.999, "Decay of the second moment (adam, adamw)."),
  momentum: withDefault(real({ min: 0, below: 1 }), 0.9, "Nesterov momentum (sgd)."),
  weightDecay: withDefault(
    real({ min: 0 }),
    0,
    "Weight decay: an L2 term (adam, sgd) or decoupled from the gradient (adamw).",
  ),
  emaDecay: withDefault(
    real({ min: 0, below: 1 }),
    0,
    "Decay of a running mean of the weights, taken after every step; validation, pictures and the saved model have the mean. 0.999 looks back over about 1000 steps, and early over a ninth of them. 0: none.",
  ),
  exponentialGamma: withDefault(
    real({ above: 0, max: 1 }),
    0.95,
    "Factor on the learning rate each epoch (Exponential).",
  ),
  multistageMilestones: optional(
    z.array(z.int().min(1)).readonly(),
    "Epochs after which the learning rate drops (MultiStage); half and three quarters of max_epochs when left open.",
    { identity: "stated" },
  ),
  multistageFactor: withDefault(
    real({ above: 0, max: 1 }),
    0.1,
    "Factor on the learning rate at each milestone (MultiStage).",
  ),
  lrWarmupEpochs: withDefault(
    integer({ min: 0 }),
    0,
    "Epochs of linear warm-up from a tenth of the learning rate (WarmupCosine).",
  ),
  lrMinRatio: withDefault(real({ min: 0, max: 1 }), 0.1, "Last learning rate over the first (WarmupCosine)."),
  plateauFactor: withDefault(
    real({ above: 0, below: 1 }),
    0.5,
    "Factor on the learning rate on a plateau (ReduceLROnPlateau, Adaptive).",
  ),
  plateauPatience: withDefault(
    integer({ min: 0 }),
    2,
    "Epochs without improvement before the rate drops (ReduceLROnPlateau, Adaptive).",
  ),
  plateauMinLr: withDefault(real({ min: 0 }), 5e-5, "Smallest learning rate (ReduceLROnPlateau, Adaptive)."),
  plateauThreshold: withDefault(
    real({ min: 0 }),
    0,
    "Relative change that counts as improvement (ReduceLROnPlateau, Adaptive).",
  ),
}) satisfies z.ZodType<TrainingSettings>;

const TENSORFLOW = "it belongs to the reference's TensorFlow backend";
const DEAD = "the reference system never reads it";

export const trainingGroup: SettingGroup<TrainingSettings> = {
  name: "training",
  title: "Training",
  schema,
  refused: {
    nll: "say loss_function",
    maeWeight: TENSORFLOW,
    nllWeight: TENSORFLOW,
    realspaceMaeWeight: TENSORFLOW,
    realspaceWeight: TENSORFLOW,
    maePredL2MatchTarget: "the predicted amplitude is not rescaled per sample in this version",
    stage1Epochs: DEAD,
    stage2Epochs: DEAD,
    stage3Epochs: DEAD,
    physicsWeightSchedule: DEAD,
    stage3LrFactor: DEAD,
    framework: "there is one trainer",
    orchestrator: "say logger_backend",
  },
};
