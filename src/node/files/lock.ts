import { randomBytes } from "node:crypto";
import { lstatSync, readFileSync, type Stats, unlinkSync } from "node:fs";
import { link, lstat, readdir, readFile, rename, stat, unlink, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { PtychonautError } from "../../errors.ts";
import type { FolderLock } from "../../runs/store.ts";
import { codeOf, reasonOf } from "./failures.ts";
import { makeFolders } from "./folders.ts";
import { temporaryName } from "./leftovers.ts";
import { isAlive, processesSeen, startOf } from "./processes.ts";
import { LINKLESS } from "./writeAtomic.ts";

const LOCK = ".ptychonaut.lock";
const IN_USE = "the output folder is in use";
/** What somebody leaves behind who is killed while taking over; it is of no use once the lock is somebody's. */
const TURN = /^\.ptychonaut\.lock(\.[0-9a-f]{16})+$/;

const holderSchema = z.object({
  pid: z.int(),
  /** When the process started, as its system counts; null where that cannot be known. */
  started: z.string().nullable(),
  host: z.string(),
  /** Processes that see one another have the same. */
  among: z.string(),
  since: z.string(),
  /** Tells one lock from the next. */
  nonce: z.string().regex(/^[0-9a-f]{16}$/),
});
type Holder = z.infer<typeof holderSchema>;

const TOUCH_MS = 60_000;
/** Times that a lock is tried for that comes and goes, or that others take over meanwhile. */
const MOST_TRIES = 1000;
/** A holder that is busy with one long computation does not come to touch its lock. */
const SILENT_MS = 15 * TOUCH_MS;

/**
 * Takes a folder for this process, until it is released or the process ends.
 *
 * The lock is a file that names its holder and appears whole or not at all: it is made beside its place and linked there,
 * which fails where there is one already. A lock is worth what its holder is worth: one of a process that has ended is
 * taken over. Whether one is alive that runs on another host, or among other process numbers, cannot be asked; it
 * touches its lock now and then, and counts as ended when it has not for long.
 * @throws PtychonautError "usage" when another process has it, with which and since when
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  try {
    await makeFolders(folder);
    const lock = await acquire(join(folder, LOCK), folder);
    for (const name of await readdir(folder)) if (TURN.test(name)) await unlink(join(folder, name)).catch(() => {});
    return lock;
  } catch (cause) {
    if (cause instanceof PtychonautError) throw cause;
    throw new PtychonautError("output", "the output folder cannot be locked", {
      where: folder,
      got: reasonOf(cause),
      cause,
    });
  }
}

/** @throws PtychonautError "usage" when somebody has the folder */
export async function checkUnlocked(folder: string): Promise<void> {
  const path = join(folder, LOCK);
  const holder = await readHolder(path);
  if (holder !== undefined && (await holds(holder, path))) throw inUse(holder, path, folder);
}

async function acquire(path: string, folder: string): Promise<FolderLock> {
  const own: Holder = {
    pid: process.pid,
    started: startOf(process.pid) ?? null,
    host: hostname(),
    among: processesSeen(),
    since: new Date().toISOString(),
    nonce: randomBytes(8).toString("hex"),
  };
  const temporary = join(folder, temporaryName("lock"));
  await writeFile(temporary, `${JSON.stringify(own)}\n`, { flag: "wx" });
  try {
    for (let attempt = 0; attempt < MOST_TRIES; attempt++) {
      if (await linked(temporary, path)) return held(path, own);
      const holder = await readHolder(path);
      if (holder === undefined) continue;
      if (await holds(holder, path)) throw inUse(holder, path, folder);
      if (!(await takeOver(path, holder, temporary, folder))) continue;
      return { ...held(path, own), takenOver: `process ${holder.pid} on ${holder.host}, since ${holder.since}` };
    }
    throw unusable(path, "one that nobody can take over");
  } finally {
    await unlink(temporary).catch(() => {});
  }
}

/**
 * Puts the new lock in the place of one whose holder has ended. Of several that find it, one gets the lock on its
 * nonce, which nobody gets once the lock has another.
 */
async function takeOver(path: string, dead: Holder, temporary: string, folder: string): Promise<boolean> {
  const turn = await acquire(`${path}.${dead.nonce}`, folder).catch((error: unknown) => {
    if (!(error instanceof PtychonautError && error.what === IN_USE)) throw error;
  });
  if (turn === undefined) {
    await sleep(20);
    return false;
  }
  try {
    if ((await readHolder(path))?.nonce !== dead.nonce) return false;
    await rename(temporary, path);
    return true;
  } finally {
    await turn.release();
  }
}

async function linked(temporary: string, path: string): Promise<boolean> {
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    if (!LINKLESS.has(codeOf(error) ?? "")) throw error;
    return await madeAlone(temporary, path);
  }
}

/** As good as such a file system allows: whoever reads it in the moment between finds it empty, and waits. */
async function madeAlone(temporary: string, path: string): Promise<boolean> {
  try {
    await writeFile(path, await readFile(temporary), { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

function held(path: string, { nonce }: Holder): FolderLock {
  const release = (): void => {
    if (readHolderNow(path)?.nonce === nonce) unlinkSync(path);
  };
  const touch = setInterval(() => {
    const now = new Date();
    void utimes(path, now, now).catch(() => {});
  }, TOUCH_MS);
  touch.unref();
  process.once("exit", release);
  return {
    release: async () => {
      clearInterval(touch);
      process.off("exit", release);
      release();
    },
  };
}

async function holds({ pid, started, host, among }: Holder, path: string): Promise<boolean> {
  if (host !== hostname() || among !== processesSeen()) return !(await silent(path));
  return isAlive(pid) && (started === null || startOf(pid) === started);
}

/** By the clock of the disk that has the lock, which may be another host's. */
async function silent(path: string): Promise<boolean> {
  const probe = join(dirname(path), temporaryName("lock"));
  await writeFile(probe, "", { flag: "wx" });
  try {
    const [now, touched] = await Promise.all([stat(probe), stat(path).catch(() => undefined)]);
    return touched === undefined || now.mtimeMs - touched.mtimeMs > SILENT_MS;
  } finally {
    await unlink(probe);
  }
}

/**
 * Undefined when there is none. One that cannot be read is a lock of nobody known, as long as it stays so.
 * @throws PtychonautError "usage" for one that is no file, or stays unreadable
 */
async function readHolder(path: string): Promise<Holder | undefined> {
  let got: string | undefined;
  for (let attempt = 0; attempt < 10; attempt++) {
    try {
      // Looked at first: reading a FIFO would wait for somebody to write to it.
      const kind = otherThanFile(await lstat(path));
      if (kind !== undefined) throw unusable(path, kind);
      const holder = parsed(await readFile(path, "utf8"));
      if (holder !== undefined) return holder;
    } catch (error) {
      if (error instanceof PtychonautError) throw error;
      // Also where the folder itself is a file: whoever makes it says so.
      if (["ENOENT", "ENOTDIR"].includes(codeOf(error) ?? "")) return undefined;
      got = reasonOf(error);
    }
    await sleep(50);
  }
  throw unusable(path, got);
}

const otherThanFile = (found: Stats): string | undefined =>
  found.isFile() ? undefined : found.isDirectory() ? "a folder" : found.isSymbolicLink() ? "a link" : "no regular file";

function unusable(path: string, got: string | undefined): PtychonautError {
  return new PtychonautError("usage", "the lock of the output folder cannot be read", {
    where: path,
    ...(got === undefined ? {} : { got }),
    fix: "if no run is writing to this folder, delete the lock",
  });
}

function readHolderNow(path: string): Holder | undefined {
  try {
    return lstatSync(path).isFile() ? parsed(readFileSync(path, "utf8")) : undefined;
  } catch {
    return undefined;
  }
}

function parsed(text: string): Holder | undefined {
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function inUse({ pid, host, since }: Holder, path: string, folder: string): PtychonautError {
  const here = host === hostname();
  return new PtychonautError("usage", IN_USE, {
    where: folder,
    got: `process ${pid}${here ? "" : ` on ${host}`} writes to it since ${since}`,
    fix: here
      ? "wait for it, stop it, or name another folder"
      : `wait for it, or name another folder; if it has ended, its lock is given up after ${SILENT_MS / 60_000} minutes, or delete ${path}`,
  });
}
