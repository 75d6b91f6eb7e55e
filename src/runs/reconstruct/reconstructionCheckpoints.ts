import { alone, type Communicator, madeByFirst } from "../../communicator.ts";
import type { ReconstructionPayload } from "../../config/payload.ts";
import type { DriverState } from "../../engines/driverState.ts";
import type { RunIdentity } from "../../training/checkpoint.ts";
import { checkNamedCheckpoint } from "../namedCheckpoint.ts";
import { subfolders } from "../outputs.ts";
import { joinPath } from "../paths.ts";
import { isThere, type RunStore } from "../store.ts";
import {
  aboutCheckpoint,
  type KernelsHome,
  readReconstructionCheckpoint,
  writeReconstructionCheckpoint,
} from "./reconstructionCheckpoint.ts";

/** `OUTPUT/checkpoints/last.ckpt.zip`, whole or absent, so that whatever ends the program leaves the one before. */
export interface ReconstructionCheckpoints {
  readonly path: string;
  /** @param state is asked for the state, which takes a part of the time that saving takes */
  save(state: () => Promise<DriverState>): Promise<void>;
  /** Whether the state is to be saved after an epoch. @param epoch from 1 */
  isDue(epoch: number): boolean;
}

const checkpointFolder = (outputDir: string): string => joinPath(outputDir, subfolders.checkpoints);
const lastCheckpoint = (outputDir: string): string => joinPath(checkpointFolder(outputDir), "last.ckpt.zip");

/** Part of the time that checkpoints take at most, where nobody says how often. */
const SHARE = 1 / 20;

/** @param now seconds from any origin */
export async function openReconstructionCheckpoints(
  { outputDir, execution, reconstruction }: ReconstructionPayload,
  { identity, home }: { readonly identity: RunIdentity; readonly home: KernelsHome },
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
  return {
    path,
    async save(state) {
      const begun = now();
      await store.write(path, writeReconstructionCheckpoint(await state(), identity, home));
      savedAt = now();
      took = savedAt - begun;
    },
    isDue(epoch) {
      const since = now() - savedAt;
      return since >= longest || (every === null ? since * SHARE >= took : epoch % every === 0);
    },
  };
}

/** Takes away the checkpoint of an earlier run. */
export const removeCheckpoint = (outputDir: string, store: RunStore): Promise<void> =>
  store.remove(lastCheckpoint(outputDir));

/** A checkpoint that was found, before it is known whether it fits. */
export interface FoundCheckpoint {
  readonly seed: number | undefined;
  /** Of the run that made it. */
  readonly identity: RunIdentity;
  /** Of the kernels, where it says so. */
  readonly home: KernelsHome | undefined;
  /** @throws PtychonautError "usage" when it belongs to another run */
  restore(identity: RunIdentity): DriverState;
}

/**
 * The checkpoint that the settings ask to go on from. With "last" and nothing saved the run starts from its beginning, so
 * that one command serves however often and however early a run is killed.
 * @param ranks the processes that go on from it together. Default: this one alone
 * @throws PtychonautError "usage" when a named file is not there, "data" when it is damaged
 */
export async function checkpointToResume(
  { reconstruction: { resume }, outputDir }: ReconstructionPayload,
  store: RunStore,
  warn: (line: string) => void,
  ranks: Communicator = alone,
): Promise<FoundCheckpoint | undefined> {
  if (resume === null) return undefined;
  const path = resume === "last" ? lastCheckpoint(outputDir) : resume;
  // One looks and reads, so that all go on from the same.
  const found = await madeByFirst(ranks, async () => {
    if (resume !== "last") await checkNamedCheckpoint(path, store);
    return isThere(path, store);
  });
  if (!found) {
    warn(`no checkpoint was saved in ${outputDir}: the run starts from its beginning`);
    return undefined;
  }
  const bytes = await ranks.broadcast(ranks.rank === 0 ? await store.read(path) : new Uint8Array(0));
  const { identity, home } = aboutCheckpoint(bytes, path);
  const { seed } = identity;
  return {
    home,
    identity,
    seed: typeof seed === "number" ? seed : undefined,
    restore: (wanted) => readReconstructionCheckpoint(bytes, wanted, path),
  };
}
