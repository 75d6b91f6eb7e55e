import { PtychonautError, setting } from "../errors.ts";
import { subfolders } from "./outputs.ts";
import { joinPath } from "./paths.ts";
import type { RunStore } from "./store.ts";

/** Names of checkpoints end so. */
export const CHECKPOINT_ENDING = ".ckpt.zip";

/** @throws PtychonautError "usage" where what `resume` names is no file */
export async function checkNamedCheckpoint(path: string, store: RunStore): Promise<void> {
  const kind = await store.kindOf(path);
  if (kind === "file") return;
  const inside = kind === "folder" ? await checkpointBelow(path, store) : undefined;
  const goOn = `to go on with a run: ${setting("output_dir", inside === undefined ? "RUN" : path)} ${setting("resume", "last")}`;
  throw new PtychonautError("usage", "there is no checkpoint to resume from", {
    where: path,
    expected: `a checkpoint's file, as a run leaves in ${subfolders.checkpoints}, or last`,
    got: kind === undefined ? "nothing of that name" : `a ${kind}`,
    fix: inside === undefined ? goOn : `name ${inside}, or, ${goOn}`,
  });
}

/** The last checkpoint in the folder of a run, or in its folder of checkpoints. */
async function checkpointBelow(folder: string, store: RunStore): Promise<string | undefined> {
  for (const place of [folder, joinPath(folder, subfolders.checkpoints)]) {
    const last = (await store.list(place))
      .filter((name) => name.endsWith(CHECKPOINT_ENDING))
      .sort()
      .at(-1);
    if (last !== undefined) return joinPath(place, last);
  }
  return undefined;
}
