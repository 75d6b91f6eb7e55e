import type { ReconstructionPayload } from "../../config/payload.ts";
import type { DriverState } from "../../engines/driverState.ts";
import { PtychonautError } from "../../errors.ts";
import type { RunIdentity } from "../../training/checkpoint.ts";
import { subfolders } from "../outputs.ts";
import { joinPath } from "../paths.ts";
import { isThere, type RunStore } from "../store.ts";
import {
  readReconstructionCheckpoint,
  reconstructionIdentity,
  writeReconstructionCheckpoint,
} from "./reconstructionCheckpoint.ts";

/** `OUTPUT/checkpoints/last.ckpt.zip`, whole or absent, so that whatever ends the program leaves the one before. */
export interface ReconstructionCheckpoints {
  readonly path: string;
  save(state: DriverState): Promise<void>;
  /** Saves after an epoch where that is due. @param epoch from 1 */
  saveWhenDue(epoch: number, state: () => Promise<DriverState>): Promise<void>;
}

const checkpointFolder = (outputDir: string): string => joinPath(outputDir, subfolders.checkpoints);
const lastCheckpoint = (outputDir: string): string => joinPath(checkpointFolder(outputDir), "last.ckpt.zip");

/** Part of the time that checkpoints take at most, where nobody says how often. */
const SHARE = 1 / 20;

/** @param now seconds from any origin */
export async function openReconstructionCheckpoints(
  { outputDir, execution, reconstruction }: ReconstructionPayload,
  identity: RunIdentity,
  store: RunStore,
  now: () => number = () => performance.now() / 1000,
): Promise<ReconstructionCheckpoints | undefined> {
  if (!execution.enableCheckpointing) return undefined;
  await store.makeFolder(checkpointFolder(outputDir));
  const path = lastCheckpoint(outputDir);
  const every = reconstruction.checkpointEveryNEpochs;
  const longest =
    execution.checkpointEveryNMinutes === 0 ? Number.POSITIVE_INFINITY : 60 * execution.checkpointEveryNMinutes;
  let [savedAt, took] = [now(), 0];
  const save = async (state: () => Promise<DriverState>): Promise<void> => {
    const begun = now();
    await store.write(path, writeReconstructionCheckpoint(await state(), identity));
    savedAt = now();
    took = savedAt - begun;
  };
  return {
    path,
    save: (state) => save(async () => state),
    async saveWhenDue(epoch, state) {
      const since = now() - savedAt;
      const due = every === null ? since * SHARE >= took || since >= longest : epoch % every === 0;
      if (due) await save(state);
    },
  };
}

/** Takes away the checkpoint of an earlier run. */
export const removeCheckpoint = (outputDir: string, store: RunStore): Promise<void> =>
  store.remove(lastCheckpoint(outputDir));

/** A checkpoint that was found, before it is known whether it fits. */
export interface FoundCheckpoint {
  readonly seed: number | undefined;
  /** @throws PtychonautError "usage" when it belongs to another run */
  restore(identity: RunIdentity): DriverState;
}

/**
 * The checkpoint that the settings ask to go on from. With "last" and nothing saved the run starts from its beginning, so
 * that one command serves however often and however early a run is killed.
 * @throws PtychonautError "usage" when a named file is not there, "data" when it is damaged
 */
export async function checkpointToResume(
  { reconstruction: { resume }, outputDir }: ReconstructionPayload,
  store: RunStore,
  warn: (line: string) => void,
): Promise<FoundCheckpoint | undefined> {
  if (resume === null) return undefined;
  const path = resume === "last" ? lastCheckpoint(outputDir) : resume;
  if (!(await isThere(path, store))) {
    if (resume === "last") {
      warn(`no checkpoint was saved in ${outputDir}: the run starts from its beginning`);
      return undefined;
    }
    throw new PtychonautError("usage", "there is no checkpoint to resume from", {
      where: path,
      fix: 'name a checkpoint file, or "last" with the output_dir of the run to continue',
    });
  }
  const bytes = await store.read(path);
  const { seed } = reconstructionIdentity(bytes, path);
  return {
    seed: typeof seed === "number" ? seed : undefined,
    restore: (identity) => readReconstructionCheckpoint(bytes, identity, path),
  };
}
