import { PtychonautError } from "../errors.ts";
import type { DataConfig } from "./dataConfig.ts";
import type { ExecutionConfig } from "./executionConfig.ts";
import type { Settings } from "./group.ts";
import type { ModelConfig } from "./modelConfig.ts";
import { deepFreeze } from "./parse.ts";
import { completeData, completeModel, completeTraining } from "./resolve/complete.ts";
import { groupNames, parseSettings } from "./schema.ts";
import type { TrainingConfig } from "./trainingConfig.ts";

/** The resolved settings of a training as a bundle or `run.json` keeps them: plain JSON, one object a group. */
export interface SavedConfig {
  readonly model: ModelConfig;
  readonly data: DataConfig;
  readonly training: TrainingConfig;
  readonly execution: ExecutionConfig;
}

/** Picks what is to be saved out of a payload. */
export function savedConfigOf({ model, data, training, execution }: SavedConfig): SavedConfig {
  return { model, data, training, execution };
}

/**
 * Reads saved settings as strictly as any others: unknown names and wrong values are errors. Settings that newer
 * versions added get their defaults.
 * @throws PtychonautError "bundle" naming the setting
 */
export function readSavedConfig(saved: Settings, where: string): SavedConfig {
  const part = (name: string): Settings => {
    const value = saved[name] ?? {};
    if (typeof value === "object" && !Array.isArray(value)) return value as Settings;
    throw new PtychonautError("bundle", `the saved ${name} settings are damaged`, { where });
  };
  const extra = Object.keys(saved).filter((name) => !groupNames.some((group) => group === name));
  if (extra.length > 0) throw new PtychonautError("bundle", `unknown saved settings "${extra[0]}"`, { where });
  try {
    const model = parseSettings("model", part("model"));
    const data = parseSettings("data", part("data"));
    const training = parseSettings("training", part("training"));
    const execution = parseSettings("execution", part("execution"));
    const { N } = model;
    if (N === null) throw new PtychonautError("bundle", "the saved settings lack N", { where });
    return deepFreeze({
      model: completeModel(model, N),
      data: completeData(data, model.gridsize, training.seed),
      training: completeTraining(training),
      execution,
    });
  } catch (cause) {
    if (!(cause instanceof PtychonautError) || cause.kind === "bundle") throw cause;
    throw new PtychonautError("bundle", "the saved settings are not of this version", {
      where,
      got: cause.message,
      fix: "use the version of ptychonaut that wrote them",
      cause,
    });
  }
}
