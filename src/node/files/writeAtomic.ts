import { access, type FileHandle, link, open, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { ByteSink, RandomFile } from "../../formats/byteSource.ts";
import { outputExists, type WriteOptions } from "../../runs/store.ts";
import { codeOf, writeFailure } from "./failures.ts";
import { fileSink, randomFile } from "./fileSource.ts";
import { removeLeftovers, temporaryName } from "./leftovers.ts";

/**
 * Writes a file so that a reader sees the old content or the new, never a part: a temporary file in the same folder,
 * flushed to the disk, then renamed. A failed write leaves no temporary behind.
 * @throws PtychonautError "output": no space, no permission, no such folder
 */
export async function writeAtomic(path: string, content: Uint8Array | string, how: WriteOptions = {}): Promise<void> {
  await replaceFile(path, (file) => file.writeFile(content), how);
}

/** Writes a file of any size in the same way, piece by piece. @throws PtychonautError "output", as `writeAtomic` */
export async function writePieces(
  path: string,
  write: (sink: ByteSink) => void | Promise<void>,
  how: WriteOptions = {},
): Promise<void> {
  await replaceFile(path, async ({ fd }) => write(fileSink(fd)), how);
}

/** Writes a file of any size in the same way, at any place in it. @throws PtychonautError "output", as `writeAtomic` */
export async function writeAnywhere(
  path: string,
  write: (file: RandomFile) => void | Promise<void>,
  how: WriteOptions = {},
): Promise<void> {
  await replaceFile(path, async ({ fd }) => write(randomFile(fd)), how);
}

/**
 * Proves that a file of this name can be made, before long work, and clears away what killed writers left beside it.
 * @throws PtychonautError "usage" when it cannot
 */
export async function ensureWritable(path: string): Promise<void> {
  const temporary = join(dirname(path), temporaryName(basename(path)));
  try {
    await (await open(temporary, "wx")).close();
    await unlink(temporary);
  } catch (cause) {
    throw writeFailure(cause, path, "usage");
  }
  await removeLeftovers(dirname(path));
}

async function replaceFile(
  path: string,
  fill: (file: FileHandle) => Promise<void>,
  { exclusive = false }: WriteOptions,
): Promise<void> {
  const temporary = join(dirname(path), temporaryName(basename(path)));
  let file: FileHandle | undefined;
  try {
    file = await open(temporary, "wx+");
    await fill(file);
    await file.sync();
    await file.close();
    file = undefined;
    if (exclusive) await moveToNew(temporary, path);
    else await rename(temporary, path);
  } catch (error) {
    await file?.close().catch(() => {});
    await unlink(temporary).catch(() => {});
    throw writeFailure(error, path);
  }
}

/** Renames, unless there is something of that name: as one act, where the file system has links. */
async function moveToNew(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
    await unlink(from);
  } catch (error) {
    const code = codeOf(error) ?? "";
    if (code === "EEXIST" || (LINKLESS.has(code) && (await isThere(to)))) throw outputExists(to);
    if (!LINKLESS.has(code)) throw error;
    await rename(from, to);
  }
}

/** What file systems without links say. */
export const LINKLESS: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
