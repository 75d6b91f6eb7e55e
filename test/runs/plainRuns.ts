import type { InferencePayload, TrainingPayload } from "../../src/config/payload.ts";
import type { RunHooks, RunOutcome } from "../../src/runs/hooks.ts";
import * as inference from "../../src/runs/infer/inferAndRefine.ts";
import type { InferenceDeps } from "../../src/runs/infer/inferenceRun.ts";
import * as training from "../../src/runs/train/train.ts";
import { plainHome } from "./plainHome.ts";

/** Runs of `src/node/runs.ts` without pictures, for tests that look at none. */

export const runTraining = (payload: TrainingPayload, hooks: RunHooks): Promise<RunOutcome> =>
  training.runTraining(payload, hooks, plainHome);

export const runInference = (payload: InferencePayload, hooks: RunHooks, deps?: InferenceDeps): Promise<RunOutcome> =>
  inference.runInference(payload, hooks, plainHome, deps);
