import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { PtychonautError } from "../errors.ts";
import type { KeptCheckpoint } from "../training/checkpointPolicy.ts";
import {
  checkpointIdentity,
  type RunIdentity,
  readCheckpoint,
  type TrainingState,
  writeCheckpoint,
} from "../training/trainingState.ts";
import { readBytes, writeAtomic } from "./files.ts";

/**
 * Checkpoints of a run in `OUTPUT/checkpoints`: `last.ckpt.zip`, and the kept ones named by epoch and monitored value.
 * Every file appears whole or not at all, so whatever ends the program leaves the checkpoint before.
 */
export interface CheckpointFiles {
  readonly last: string;
  /** @param keep writes this epoch's own file too; `dropped` ones are deleted after that */
  save(state: TrainingState, keep?: KeptCheckpoint, dropped?: readonly KeptCheckpoint[]): Promise<void>;
}

export interface CheckpointOptions {
  readonly outputDir: string;
  readonly identity: RunIdentity;
  /** Name of the monitored quantity, for file names. */
  readonly monitor: string;
}

const SUFFIX = ".ckpt.zip";

export const lastCheckpoint = (outputDir: string): string => join(outputDir, "checkpoints", `last${SUFFIX}`);

/**
 * @param options.fresh a new run: checkpoints of an earlier one in the same folder are deleted
 * @returns the writer, and how many files of an earlier run were deleted
 */
export async function openCheckpoints(
  options: CheckpointOptions & { readonly fresh: boolean },
): Promise<{ files: CheckpointFiles; deleted: number }> {
  const { outputDir, identity, monitor, fresh } = options;
  const folder = join(outputDir, "checkpoints");
  await mkdir(folder, { recursive: true });
  const names = await readdir(folder);
  const leftovers = names.filter((name) => name.startsWith(".") && name.includes(SUFFIX) && name.endsWith(".tmp"));
  const old = fresh ? names.filter((name) => !name.startsWith(".") && name.endsWith(SUFFIX)) : [];
  for (const name of [...leftovers, ...old]) await rm(join(folder, name), { force: true });
  const nameOf = ({ epoch, value }: KeptCheckpoint): string =>
    join(folder, `epoch=${String(epoch).padStart(4, "0")}-${monitor}=${value.toPrecision(6)}${SUFFIX}`);
  const last = lastCheckpoint(outputDir);
  return {
    files: {
      last,
      async save(state, keep, dropped = []) {
        const bytes = writeCheckpoint(state, identity);
        if (keep !== undefined) await writeAtomic(nameOf(keep), bytes);
        await writeAtomic(last, bytes);
        for (const checkpoint of dropped) await rm(nameOf(checkpoint), { force: true });
      },
    },
    deleted: old.length,
  };
}

/** A checkpoint that was found, before it is known whether it fits. */
export interface FoundCheckpoint {
  /** Of the run that wrote it. */
  readonly identity: RunIdentity;
  /** The state to continue from. @throws PtychonautError "usage" when it belongs to another run */
  restore(identity: RunIdentity): TrainingState;
}

/**
 * @param resume a file, or "last" for the newest checkpoint in the output folder
 * @throws PtychonautError "usage" when there is none, "data" when it is damaged
 */
export async function findCheckpoint(resume: string, outputDir: string): Promise<FoundCheckpoint> {
  const path = resume === "last" ? lastCheckpoint(outputDir) : resume;
  const bytes = await readBytes(path).catch((cause: unknown) => {
    throw new PtychonautError("usage", "there is no checkpoint to resume from", {
      where: path,
      fix: 'name a checkpoint file, or "last" with the output_dir of the run to continue',
      cause,
    });
  });
  return {
    identity: checkpointIdentity(bytes, path),
    restore: (identity) => readCheckpoint(bytes, identity, path),
  };
}
