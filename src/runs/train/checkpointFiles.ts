import { alone, type Communicator, madeByFirst } from "../../communicator.ts";
import { checkpointIdentity, type RunIdentity, readCheckpoint, writeCheckpoint } from "../../training/checkpoint.ts";
import type { KeptCheckpoint } from "../../training/checkpointPolicy.ts";
import type { TrainingState } from "../../training/trainingState.ts";
import { CHECKPOINT_ENDING, checkNamedCheckpoint } from "../namedCheckpoint.ts";
import { subfolders } from "../outputs.ts";
import { joinPath } from "../paths.ts";
import type { RunStore } from "../store.ts";

/**
 * Checkpoints of a run in `OUTPUT/checkpoints`: `last.ckpt.zip`, and the kept ones named by epoch and monitored value.
 * Every file appears whole or not at all, so whatever ends the program leaves the checkpoint before.
 */
export interface CheckpointFiles {
  readonly last: string;
  /** @param keep writes this epoch's own file too; `dropped` ones are deleted after that */
  save(state: TrainingState, keep?: KeptCheckpoint, dropped?: readonly KeptCheckpoint[]): Promise<void>;
  /** Saves the state within an epoch when `everyMinutes` have passed since the last one was saved. */
  saveWhenDue(current: () => Promise<TrainingState>): Promise<void>;
}

export interface CheckpointOptions {
  readonly store: RunStore;
  readonly outputDir: string;
  readonly identity: RunIdentity;
  /** Name of the monitored quantity, for file names. */
  readonly monitor: string;
  /** A new run: checkpoints of an earlier one in the same folder are deleted. */
  readonly fresh: boolean;
  /** Of a run that goes on from its last checkpoint: what that one counts as kept. Others are what a kill left over. */
  readonly kept?: readonly KeptCheckpoint[];
  /** Minutes between checkpoints within an epoch; 0 (the default) for none. */
  readonly everyMinutes?: number;
  /** Milliseconds from any origin. */
  readonly now?: () => number;
}

const LAST = `last${CHECKPOINT_ENDING}`;
/** Names of kept checkpoints; files of others are nobody's to read or to delete. */
const KEPT = /^epoch=\d{4,}-\w+=[-+.\w]+\.ckpt\.zip$/;
const checkpointFolder = (outputDir: string): string => joinPath(outputDir, subfolders.checkpoints);

export const lastCheckpoint = (outputDir: string): string => joinPath(checkpointFolder(outputDir), LAST);

/** @returns the writer, and how many files of an earlier run were deleted */
export async function openCheckpoints(
  options: CheckpointOptions,
): Promise<{ files: CheckpointFiles; deleted: number }> {
  const { store, outputDir, identity, monitor, fresh, kept, everyMinutes = 0, now = () => performance.now() } = options;
  const folder = checkpointFolder(outputDir);
  await store.makeFolder(folder);
  const nameOf = ({ epoch, value }: KeptCheckpoint): string =>
    `epoch=${String(epoch).padStart(4, "0")}-${monitor}=${value.toPrecision(6)}${CHECKPOINT_ENDING}`;
  const pathOf = (checkpoint: KeptCheckpoint): string => joinPath(folder, nameOf(checkpoint));
  const found = await checkpointsIn(folder, store);
  const counted = kept?.map(nameOf);
  const superseded = found.filter((name) => fresh || (counted && name !== LAST && !counted.includes(name)));
  for (const name of superseded) await store.remove(joinPath(folder, name));
  const last = lastCheckpoint(outputDir);
  let savedAt = now();
  const save: CheckpointFiles["save"] = async (state, keep, dropped = []) => {
    const bytes = writeCheckpoint(state, identity);
    if (keep !== undefined) await store.write(pathOf(keep), bytes);
    await store.write(last, bytes);
    for (const checkpoint of dropped) await store.remove(pathOf(checkpoint));
    savedAt = now();
  };
  return {
    files: {
      last,
      save,
      async saveWhenDue(current) {
        if (everyMinutes > 0 && now() - savedAt >= 60_000 * everyMinutes) await save(await current());
      },
    },
    deleted: fresh ? superseded.length : 0,
  };
}

/** Names of the checkpoints in a folder, which need not be there. The last comes last, before it the newest epoch. */
async function checkpointsIn(folder: string, store: RunStore): Promise<readonly string[]> {
  const names = await store.list(folder);
  return names.filter((name) => name === LAST || KEPT.test(name)).sort();
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
 * @param ranks the processes that go on from it together
 * @returns undefined when "last" finds none: the run was stopped before its first one
 * @throws PtychonautError "usage" when a named file is not there, "data" when it is damaged
 */
export async function findCheckpoint(
  resume: string,
  outputDir: string,
  store: RunStore,
  ranks: Communicator = alone,
): Promise<FoundCheckpoint | undefined> {
  // One looks and reads, so that all go on from the same.
  const path = await madeByFirst(ranks, async () => {
    if (resume === "last") return (await newestCheckpoint(outputDir, store)) ?? null;
    await checkNamedCheckpoint(resume, store);
    return resume;
  });
  if (path === null) return undefined;
  const bytes = await ranks.broadcast(ranks.rank === 0 ? await store.read(path) : new Uint8Array(0));
  return {
    identity: checkpointIdentity(bytes, path),
    restore: (identity) => readCheckpoint(bytes, identity, path),
  };
}

async function newestCheckpoint(outputDir: string, store: RunStore): Promise<string | undefined> {
  const folder = checkpointFolder(outputDir);
  const name = (await checkpointsIn(folder, store)).at(-1);
  return name === undefined ? undefined : joinPath(folder, name);
}
