import { setting } from "../errors.ts";
import { exponentialFactor, multistageFactor, warmupCosineFactor } from "../numerics/rateFactors.ts";
import type { Epoch } from "./engine.ts";
import type { EngineSetting } from "./settings.ts";
import type { Refusal } from "./wrapper.ts";

export type ScheduleSettings = {
  readonly scheduler: string;
  readonly exponentialGamma: number;
  readonly multistageFactor: number;
  readonly lrWarmupEpochs: number;
  readonly lrMinRatio: number;
};

/** How steps change from epoch to epoch, in the words of training's learning rates. */
export const scheduleSettings: readonly EngineSetting[] = [
  {
    ...{ name: "scheduler", kind: "choice", default: "Default" },
    values: ["Default", "Exponential", "MultiStage", "WarmupCosine"],
    help: "how long steps are from epoch to epoch: all alike, exponential decay, drops at half and three quarters of the stage's epochs, warm-up and cosine.",
  },
  {
    ...{ name: "exponentialGamma", kind: "real", default: 0.95, above: 0, max: 1 },
    help: "factor on steps each epoch (Exponential).",
  },
  {
    ...{ name: "multistageFactor", kind: "real", default: 0.1, above: 0, max: 1 },
    help: "factor on steps at each drop (MultiStage).",
  },
  {
    ...{ name: "lrWarmupEpochs", kind: "integer", default: 0, min: 0 },
    help: "epochs in which steps grow from a tenth (WarmupCosine).",
  },
  {
    ...{ name: "lrMinRatio", kind: "real", default: 0.1, min: 0, max: 1 },
    help: "last steps over the longest (WarmupCosine).",
  },
];

/** Whose settings they are. */
const OWNERS = {
  exponentialGamma: "Exponential",
  multistageFactor: "MultiStage",
  lrWarmupEpochs: "WarmupCosine",
  lrMinRatio: "WarmupCosine",
} as const;
type Owned = keyof typeof OWNERS;

/** Parts of a stage after which steps drop. */
const DROPS = [1 / 2, 3 / 4];

/** What of the settings would be ignored, or leaves no epoch; nothing where nothing does. */
export function scheduleContradiction(settings: ScheduleSettings, epochs: number): Refusal | undefined {
  for (const { name, default: initial } of scheduleSettings) {
    const owner = OWNERS[name as Owned];
    if (owner === undefined || owner === settings.scheduler || settings[name as Owned] === initial) continue;
    return {
      why: `${setting(snake(name))} has an effect only when ${setting("scheduler")} is ${owner}`,
      fix: `leave it out, or say ${setting("scheduler", owner)}`,
    };
  }
  if (settings.scheduler === "WarmupCosine" && settings.lrWarmupEpochs >= epochs)
    return {
      why: `a warm-up of ${settings.lrWarmupEpochs} of ${epochs} epochs leaves none for the cosine`,
      fix: `say more epochs, or a smaller ${setting("lr_warmup_epochs")}`,
    };
  return undefined;
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Whether steps depend on how many epochs the stage has. */
export const dependsOnEnd = ({ scheduler }: Partial<ScheduleSettings>): boolean =>
  scheduler === "MultiStage" || scheduler === "WarmupCosine";

/** Factor on the steps of an epoch. */
export function stepFactor(
  settings: ScheduleSettings,
  { number, epochs = Number.POSITIVE_INFINITY }: Pick<Epoch, "number" | "epochs">,
): number {
  const { scheduler, exponentialGamma, multistageFactor: drop, lrWarmupEpochs: warmup, lrMinRatio: least } = settings;
  switch (scheduler) {
    case "Exponential":
      return exponentialFactor(number, exponentialGamma);
    case "MultiStage":
      return multistageFactor(
        number,
        DROPS.map((part) => Math.ceil(part * epochs)),
        drop,
      );
    case "WarmupCosine":
      return warmupCosineFactor(number, { warmup, epochs, least });
    default:
      return 1;
  }
}
