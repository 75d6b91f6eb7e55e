import { createHash, randomBytes } from "node:crypto";
import { access, type FileHandle, mkdir, open, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Dataset } from "../data/dataset.ts";
import { PtychonautError } from "../errors.ts";
import { readScanNpz } from "../io/scanNpz.ts";
import type { ScanOptions } from "../io/scanOptions.ts";

/**
 * A whole file in memory of its own, never a slice of Node's shared buffer pool: typed arrays laid over it are aligned
 * and belong to nobody else. Also reads files beyond 2 GiB, where `readFile` gives up.
 * @throws PtychonautError "data" when it is missing, a folder or not readable
 */
export async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, "r");
    const bytes = new Uint8Array((await file.stat()).size);
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

/** @throws PtychonautError "data" when the file is missing or holds something else */
export async function readJsonFile(path: string): Promise<unknown> {
  const text = new TextDecoder().decode(await readBytes(path));
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PtychonautError("data", "the file is not JSON", { where: path, cause });
  }
}

export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Hexadecimal SHA-256. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/**
 * Reads a scan file and remembers its path and hash.
 * @throws PtychonautError "data", see `readScanNpz`
 */
export async function readScan(path: string, options: ScanOptions = {}): Promise<Dataset> {
  const bytes = await readBytes(path);
  return readScanNpz(bytes, options, { path, sha256: sha256(bytes) });
}

/**
 * Writes a file so that a reader sees the old content or the new, never a part: a temporary file in the same folder,
 * flushed to the disk, then renamed. A failed write leaves no temporary behind.
 * @throws PtychonautError "output": no space, no permission, no such folder
 */
export async function writeAtomic(path: string, content: Uint8Array | string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  let file: FileHandle | undefined;
  try {
    file = await open(temporary, "wx");
    await file.writeFile(content);
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

/**
 * Creates the folder where needed and proves that files can be made in it, before a long run starts.
 * @throws PtychonautError "usage" when it cannot be written to, or is a file
 */
export async function ensureOutputDir(path: string): Promise<void> {
  const probe = join(path, `.ptychonaut-${randomBytes(6).toString("hex")}.tmp`);
  try {
    await mkdir(path, { recursive: true });
    await (await open(probe, "wx")).close();
    await unlink(probe);
  } catch (cause) {
    throw new PtychonautError("usage", "the output folder cannot be written to", {
      where: path,
      got: reasonOf(cause),
      fix: "name another folder, or change its permissions",
      cause,
    });
  }
}

function readFailure(cause: unknown, path: string): PtychonautError {
  if (cause instanceof PtychonautError) return cause;
  const missing = codeOf(cause) === "ENOENT";
  return new PtychonautError("data", missing ? "no such file" : "the file cannot be read", {
    where: path,
    ...(missing ? { fix: "check the path" } : { got: reasonOf(cause) }),
    cause,
  });
}

function writeFailure(cause: unknown, path: string): PtychonautError {
  const fixes: Readonly<Record<string, string>> = {
    ENOSPC: "free space on this disk, or write to another",
    EDQUOT: "free space within your quota, or write to another disk",
    EACCES: "write to a folder that you may write to",
    EROFS: "write to a folder that you may write to",
    ENOENT: "create the folder first",
  };
  const fix = fixes[codeOf(cause) ?? ""];
  return new PtychonautError("output", "the file cannot be written", {
    where: path,
    got: reasonOf(cause),
    ...(fix === undefined ? {} : { fix }),
    cause,
  });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Node's messages repeat the path after a comma; the first part says it all. */
const reasonOf = (error: unknown): string => (error instanceof Error ? error.message.split(",")[0]! : String(error));
