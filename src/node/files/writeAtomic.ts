import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { ByteSink } from "../../formats/byteSource.ts";
import { writeFailure } from "./failures.ts";
import { fileSink } from "./fileSource.ts";
import { temporaryName } from "./leftovers.ts";

/**
 * Writes a file so that a reader sees the old content or the new, never a part: a temporary file in the same folder,
 * flushed to the disk, then renamed. A failed write leaves no temporary behind.
 * @throws PtychonautError "output": no space, no permission, no such folder
 */
export async function writeAtomic(path: string, content: Uint8Array | string): Promise<void> {
  await replaceFile(path, (file) => file.writeFile(content));
}

/** Writes a file of any size in the same way, piece by piece. @throws PtychonautError "output", as `writeAtomic` */
export async function writePieces(path: string, write: (sink: ByteSink) => void): Promise<void> {
  await replaceFile(path, async ({ fd }) => write(fileSink(fd)));
}

async function replaceFile(path: string, fill: (file: FileHandle) => Promise<void>): Promise<void> {
  const temporary = join(dirname(path), temporaryName(basename(path)));
  let file: FileHandle | undefined;
  try {
    file = await open(temporary, "wx");
    await fill(file);
    await file.sync();
    await file.close();
    file = undefined;
    await rename(temporary, path);
  } catch (error) {
    await file?.close().catch(() => {});
    await unlink(temporary).catch(() => {});
    throw writeFailure(error, path);
  }
}
