import type { FolderClaim } from "../config/fileProbe.ts";
import { checkFolder, type FolderContents, replacedBy } from "./folderRules.ts";
import { outputs, subfolders } from "./outputs.ts";
import { joinPath } from "./paths.ts";
import { checkNoInput } from "./sameFile.ts";
import type { RunStore } from "./store.ts";

/**
 * Takes a look at a folder before a command writes to it: nobody else does, nothing is lost unasked, no input is
 * replaced. Makes it where needed, and clears away what killed runs left.
 * @throws PtychonautError "usage" with what is in the way
 */
export async function claimFolder(folder: string, claim: FolderClaim, store: RunStore): Promise<void> {
  await store.checkFree(folder);
  await store.claim(folder);
  await checkLosses(folder, claim, store);
}

/** The same look, at a folder that need not be there, of which nothing is changed. @throws as `claimFolder` */
export async function checkClaim(folder: string, claim: FolderClaim, store: RunStore): Promise<void> {
  await store.checkFree(folder);
  await checkLosses(folder, claim, store);
}

async function checkLosses(folder: string, claim: FolderClaim, store: RunStore): Promise<void> {
  const contents = await contentsOf(folder, store);
  const added = contents.names.filter((name) => name === outputs.words || name === outputs.settings);
  const replaced = [...replacedBy(claim.command, contents), ...added].map((name) => joinPath(folder, name));
  // A folder among the inputs stands for the model in it.
  const inputs = claim.inputs.flatMap((path) => [path, joinPath(path, outputs.model)]);
  await checkNoInput(replaced, inputs, store);
  checkFolder(folder, contents, claim);
}

/**
 * Does work in a folder that nobody else writes to meanwhile.
 * @param log is told when the folder was taken over from a run that has ended
 * @throws PtychonautError "usage" when another run has the folder
 */
export async function inLockedFolder<T>(
  folder: string,
  store: RunStore,
  log: (line: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  const lock = await store.lock(folder);
  try {
    if (lock.takenOver !== undefined) log(`${folder}: took over from a run that has ended (${lock.takenOver})`);
    return await work();
  } finally {
    await lock.release();
  }
}

async function contentsOf(folder: string, store: RunStore): Promise<FolderContents> {
  const checkpoints = await store.list(joinPath(folder, subfolders.checkpoints));
  const names = [...(await store.list(folder)), ...checkpoints.map((name) => joinPath(subfolders.checkpoints, name))];
  if (!names.includes(outputs.run)) return { names };
  try {
    const text = new TextDecoder().decode(await store.read(joinPath(folder, outputs.run)));
    const command = (JSON.parse(text) as { readonly command?: unknown } | null)?.command;
    return { names, writtenBy: typeof command === "string" ? command : "something else" };
  } catch {
    return { names, writtenBy: "something else" };
  }
}
