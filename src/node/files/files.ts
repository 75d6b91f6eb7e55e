import { createHash } from "node:crypto";
import { access, type FileHandle, mkdir, open, readdir, rename, stat, unlink } from "node:fs/promises";
import { totalmem } from "node:os";
import { basename, dirname, join } from "node:path";
import type { Dataset } from "../../data/dataset.ts";
import { PtychonautError } from "../../errors.ts";
import type { ArrayFile } from "../../formats/arrayFile.ts";
import type { ByteSource } from "../../formats/byteSource.ts";
import { looksLikeArrays, openArrayFile } from "../../formats/containers.ts";
import { parseJson } from "../../formats/json.ts";
import { type ZipWriter, zipWriter } from "../../formats/writeZip.ts";
import { readScanArrays, readScanShape } from "../../scans/registry.ts";
import type { ScanShape } from "../../scans/scanFormat.ts";
import type { ScanOptions } from "../../scans/scanOptions.ts";
import { readAndKeep, takeKept } from "./checkedScans.ts";
import { type FileSource, fileSink, openSource, scratchFolder } from "./fileSource.ts";
import { removeLeftovers, temporaryName } from "./leftovers.ts";

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
  return parseJson(new TextDecoder().decode(await readBytes(path)), path);
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

/** SHA-256 of a file, hexadecimal, a piece at a time. */
export function sha256Of(source: ByteSource): string {
  const hash = createHash("sha256");
  const piece = 2 ** 22;
  for (let at = 0; at < source.size; at += piece) hash.update(source.read(at, Math.min(piece, source.size - at)));
  return hash.digest("hex");
}

/**
 * Reads a scan file into memory and remembers its path and hash.
 * @throws PtychonautError "data", see `readScanArrays`
 */
export async function readScan(path: string, options: ScanOptions = {}): Promise<Dataset> {
  return openedArrays(path, (file, source) => readScanArrays(file, options, { path, sha256: sha256Of(source) }));
}

/** Where the patterns of a scan are while a run works with them. */
export interface PatternStorage {
  /** auto: in memory unless they would take more than a quarter of it. */
  readonly inMemory: "auto" | "yes" | "no";
  /** Where scratch files may go. */
  readonly folder: string;
  readonly log: (line: string) => void;
}

/** A scan whose patterns may lie in its file, which stays open until it is closed. */
export interface OpenScan {
  readonly dataset: Dataset;
  /** Closes the file and removes what was written beside the output. */
  close(): void;
}

/**
 * Opens a scan file: its patterns in memory, or read from the file when they are asked for. The numbers are the same. One
 * that `scanShape` has just read is not read again.
 * @throws PtychonautError "data", see `readScanArrays`; "output" when a scratch file finds no room
 */
export async function openScan(path: string, options: ScanOptions, storage: PatternStorage): Promise<OpenScan> {
  const kept = takeKept(path, options);
  if (kept !== undefined && storage.inMemory !== "no") return { dataset: kept, close: () => {} };
  const source = sourceOf(path);
  const scratch = scratchFolder(storage.folder, storage.log);
  let file: ArrayFile | undefined;
  const close = (): void => {
    file?.close();
    source.close();
    scratch.remove();
  };
  try {
    file = await openArrayFile(source, path);
    const inFile = staysInFile(storage.inMemory, file, source, options);
    if (inFile) storage.log(`${path}: the patterns stay in their file`);
    const dataset = readScanArrays(file, options, {
      path,
      sha256: sha256Of(source),
      ...(inFile ? { scratch: scratch.make } : {}),
    });
    return { dataset, close };
  } catch (error) {
    close();
    throw readFailure(error, path);
  }
}

/** Several open scans. */
export interface OpenScans {
  readonly datasets: readonly Dataset[];
  close(): void;
}

/** Opens scans one after the other; when one fails, the others are closed. See `openScan`. */
export async function openScans(
  paths: readonly string[],
  options: ScanOptions,
  storage: PatternStorage,
): Promise<OpenScans> {
  const open: OpenScan[] = [];
  const close = (): void => {
    for (const scan of open) scan.close();
  };
  try {
    for (const path of paths) open.push(await openScan(path, options, storage));
  } catch (error) {
    close();
    throw error;
  }
  return { datasets: open.map(({ dataset }) => dataset), close };
}

/**
 * The scans that a path names: a file itself, or the files of arrays in a folder, by name.
 * @throws PtychonautError "data" when it is missing, or a folder without scans
 */
export async function scanFiles(path: string): Promise<readonly string[]> {
  const found = await stat(path).catch((error: unknown) => {
    throw readFailure(error, path);
  });
  if (!found.isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => looksLikeArrays(name) && !name.startsWith("."));
  if (names.length === 0)
    throw new PtychonautError("data", "no scan in this folder", { where: path, expected: "files that end with .npz" });
  return names.sort().map((name) => join(path, name));
}

/** Bytes of patterns that are read just to see that they are sound. */
const CHECKED_AT_ONCE = 2 ** 28;

/**
 * The shape of a scan. A small one is read and checked as a whole, so that a bad file is refused before anything else
 * happens; of a larger one the headers are read.
 * @throws PtychonautError "data", see `readScanArrays`
 */
export async function scanShape(path: string, options: ScanOptions): Promise<ScanShape> {
  return openedArrays(path, (file, source) => {
    const shape = readScanShape(file, options, path);
    if (shape.patternBytes <= CHECKED_AT_ONCE) {
      const read = (): Dataset => readScanArrays(file, options, { path, sha256: sha256Of(source) });
      if (staysInFile("auto", file, source, options)) read();
      else readAndKeep(path, options, read);
    }
    return shape;
  });
}

/** Gives the arrays of a file to a reader, and closes it. */
export async function openedArrays<T>(path: string, read: (file: ArrayFile, source: ByteSource) => T): Promise<T> {
  return opened(path, async (source) => {
    const file = await openArrayFile(source, path);
    try {
      return read(file, source);
    } finally {
      file.close();
    }
  });
}

/** Gives a file's bytes to a reader, and closes it. */
export async function opened<T>(path: string, read: (source: ByteSource) => T | Promise<T>): Promise<T> {
  const source = sourceOf(path);
  try {
    return await read(source);
  } catch (error) {
    throw readFailure(error, path);
  } finally {
    source.close();
  }
}

function sourceOf(path: string): FileSource {
  try {
    return openSource(path);
  } catch (error) {
    throw readFailure(error, path);
  }
}

/** Part of the memory that patterns may take before they stay in their file. */
const SHARE_OF_MEMORY = 0.25;

function staysInFile(
  inMemory: PatternStorage["inMemory"],
  file: ArrayFile,
  source: ByteSource,
  options: ScanOptions,
): boolean {
  if (inMemory !== "auto") return inMemory === "no";
  // Deflate cannot make more than a gigabyte of so little.
  if (source.size < 2 ** 20) return false;
  const { patternBytes } = readScanShape(file, options, source.path ?? "scan");
  return patternBytes > SHARE_OF_MEMORY * usableMemory();
}

/** Bytes, with the limit of a container where there is one. */
function usableMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/**
 * Writes a file so that a reader sees the old content or the new, never a part: a temporary file in the same folder,
 * flushed to the disk, then renamed. A failed write leaves no temporary behind.
 * @throws PtychonautError "output": no space, no permission, no such folder
 */
export async function writeAtomic(path: string, content: Uint8Array | string): Promise<void> {
  await replaceFile(path, (file) => file.writeFile(content));
}

/**
 * Writes a zip archive of any size in the same way, member by member.
 * @throws PtychonautError "output", as `writeAtomic`
 */
export async function writeZipFile(path: string, write: (writer: ZipWriter) => void): Promise<void> {
  await replaceFile(path, async ({ fd }) => {
    const writer = zipWriter(fileSink(fd));
    write(writer);
    writer.finish();
  });
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

/** Folders below an output folder in which runs replace files. */
const SUBFOLDERS = ["", "checkpoints", "reconstructions", "analysis"];

/**
 * Creates the folder where needed, proves that files can be made in it, before a long run starts, and clears away what
 * killed runs left in it.
 * @throws PtychonautError "usage" when it cannot be written to, or is a file
 */
export async function ensureOutputDir(path: string): Promise<void> {
  const probe = join(path, temporaryName("ptychonaut"));
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
  for (const folder of SUBFOLDERS) await removeLeftovers(join(path, folder));
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
  if (cause instanceof PtychonautError) return cause;
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
const reasonOf = (error: unknown): string => (error instanceof Error ? error.message.split(",")[0] : String(error));
