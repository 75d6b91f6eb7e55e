import type { TrainingPayload } from "../../config/payload.ts";
import type { RunIdentity } from "../../training/checkpoint.ts";
import type { TrainingState } from "../../training/trainingState.ts";
import type { RunHooks } from "../hooks.ts";
import type { Home } from "../machine.ts";
import { type CheckpointFiles, type FoundCheckpoint, findCheckpoint, openCheckpoints } from "./checkpointFiles.ts";

/**
 * The checkpoint that the settings ask to go on from. With "last" and nothing saved the run starts from its beginning,
 * so that one command serves however often and however early a run is killed.
 * @throws PtychonautError "usage" when a named file is not there, "data" when it is damaged
 */
export async function checkpointToResume(
  { training: { resume }, outputDir }: TrainingPayload,
  { store, machine: { ranks } }: Home,
  warn: (line: string) => void,
): Promise<FoundCheckpoint | undefined> {
  if (resume === null) return undefined;
  const found = await findCheckpoint(resume, outputDir, store, ranks);
  if (found === undefined) warn(`no checkpoint was saved in ${outputDir}: the run starts from its beginning`);
  return found;
}

/**
 * Opens the checkpoints of a run, if it is to write any: of several processes rank 0 does.
 * @param run `validate` is undefined without validation data
 * @param restored the state that the run goes on from; absent for a run from the beginning
 */
export async function checkpointWriter(
  { identity, validate }: { readonly identity: RunIdentity; readonly validate: unknown },
  restored: TrainingState | undefined,
  { outputDir, execution, training }: TrainingPayload,
  { store, machine: { ranks } }: Home,
  log: RunHooks["log"],
): Promise<CheckpointFiles | undefined> {
  if (!execution.enableCheckpointing || ranks.rank > 0) return undefined;
  const { files, deleted } = await openCheckpoints({
    store,
    outputDir,
    identity,
    monitor: validate === undefined ? "train_loss" : execution.checkpointMonitorMetric,
    fresh: restored === undefined,
    ...(restored !== undefined && training.resume === "last" ? { kept: restored.kept } : {}),
    everyMinutes: execution.checkpointEveryNMinutes,
  });
  if (deleted > 0) log(`deleted ${deleted} checkpoints of an earlier run in this folder`);
  return files;
}
