import { type FileHandle, open } from "node:fs/promises";
import { PtychonautError } from "../../errors.ts";
import { checkRegular, readFailure } from "./failures.ts";
import { READING } from "./fileSource.ts";

/**
 * A whole file in memory of its own, never a slice of Node's shared buffer pool: typed arrays laid over it are aligned
 * and belong to nobody else. Also reads files beyond 2 GiB, where `readFile` gives up.
 * @throws PtychonautError "data" when it is missing, a folder, no regular file or not readable
 */
export async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, READING);
    const found = await file.stat();
    checkRegular(found, path);
    const bytes = new Uint8Array(found.size);
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await file.read(bytes, at, Math.min(bytes.length - at, 2 ** 30), at);
      if (bytesRead === 0)
        throw new PtychonautError("data", "the file became shorter while it was read", { where: path });
      at += bytesRead;
    }
    return bytes;
  } catch (error) {
    throw readFailure(error, path);
  } finally {
    await file?.close();
  }
}
