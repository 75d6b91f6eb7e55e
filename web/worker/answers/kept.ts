import { PtychonautError } from "../../../src/errors.ts";
import { baseName, folderOf, joinPath } from "../../../src/runs/paths.ts";
import { type RunStore, withFile } from "../../../src/runs/store.ts";
import type { KeptScan } from "../protocol.ts";
import type { RunEntry } from "../runEntries.ts";
import { SCANS, samplePath } from "../scanPlaces.ts";
import type { Answers, Desk } from "./answer.ts";
import { removeAll } from "./removeAll.ts";
import { runs } from "./runs.ts";

/** Scans of this folder are by themselves; elsewhere those of a folder were opened together. */
const SIMULATED = folderOf(samplePath("any"));

export const kept: Answers<"kept"> = async (_, desk, asked) => {
  const { itself } = desk.home.store;
  const all = await runs(undefined, desk, asked);
  const paths: string[] = [];
  for (const name of await itself.list(SCANS)) {
    const path = joinPath(SCANS, name);
    if (path !== SIMULATED) paths.push(path);
    else for (const file of await itself.list(path)) paths.push(joinPath(path, file));
  }
  const scans: KeptScan[] = [];
  for (const path of paths) {
    const held = all.find((run) => run.state === "running" && isOf(run, path));
    scans.push({
      ...{ path, name: await nameAt(path, itself), bytes: await bytesIn(path, itself) },
      neededBy: all.filter((run) => goesOn(run) && isOf(run, path)).map(({ id }) => id),
      ...(held === undefined ? {} : { heldBy: held.id }),
    });
  }
  const { usage, quota } = (await navigator.storage?.estimate?.()) ?? {};
  return {
    scans: scans.sort((a, b) => b.bytes - a.bytes),
    ...(usage === undefined ? {} : { usedBytes: usage }),
    ...(quota === undefined ? {} : { givenBytes: quota }),
  };
};

/** @throws PtychonautError "usage" while a run, of this page or another, works on it */
export const forgetKept: Answers<"forgetKept"> = async ({ path }, desk, asked) => {
  const running = (await runs(undefined, desk, asked)).find((run) => run.state === "running" && isOf(run, path));
  if (running !== undefined)
    throw new PtychonautError("usage", "a run is working on this scan", {
      ...{ where: await nameAt(path, desk.home.store.itself), got: running.id, fix: "wait for it, or pause it" },
    });
  await removeAll(path, desk.home.store.itself);
  const closed = await isGone(desk);
  if (closed) desk.setScan(undefined);
  return { closed };
};

/** What it was opened as: the folder's name, within the one that marks it where there is one. */
async function nameAt(path: string, store: RunStore): Promise<string> {
  const [name, ...others] = (await store.kindOf(path)) === "folder" ? await store.list(path) : [];
  const isMarked = name !== undefined && others.length === 0 && (await store.kindOf(joinPath(path, name))) === "folder";
  return isMarked ? name : baseName(path);
}

/** Whether the open scan went with it. One that the user's own file is read from is there. */
async function isGone(desk: Desk): Promise<boolean> {
  const path = desk.opened()?.path;
  return path !== undefined && (await desk.home.store.kindOf(path)) === undefined;
}

const goesOn = ({ state }: RunEntry): boolean => state === "paused" || state === "cut" || state === "running";

const isOf = ({ scan, model }: RunEntry, path: string): boolean =>
  [scan.path, model ?? ""].some((used) => used === path || used.startsWith(`${path}/`));

async function bytesIn(path: string, store: RunStore): Promise<number> {
  if ((await store.kindOf(path)) !== "folder") return withFile(path, store, ({ size }) => size);
  let sum = 0;
  for (const name of await store.list(path)) sum += await bytesIn(joinPath(path, name), store);
  return sum;
}
