import { PtychonautError, setting } from "../errors.ts";
import {
  type ByteSink,
  type ByteSource,
  joinedSources,
  type MakeScratch,
  type RandomFile,
} from "../formats/byteSource.ts";
import { parseJson } from "../formats/json.ts";
import type { OpenHdf5 } from "../formats/neighbours.ts";
import type { NamedSource } from "../formats/tiffFolder.ts";
import { type ZipWriter, zipWriter } from "../formats/writeZip.ts";

/** A file that is open for reading, piece by piece. */
export interface OpenFile extends ByteSource {
  /** What the file was like when it was opened: it has another one after it was replaced or changed. */
  readonly stamp: string;
  close(): void;
}

/** Files of a folder that are read as one. */
export interface OpenFolder extends OpenFile {
  readonly files: readonly NamedSource[];
}

export interface WriteOptions {
  /** A file that is there is not replaced but an error ("usage"). Default false. */
  readonly exclusive?: boolean;
}

/** A folder that is one run's. */
export interface FolderLock {
  /** What it was taken over from, in words; absent where nobody held it. */
  readonly takenOver?: string;
  release(): Promise<void>;
}

/** Scratch files in one folder, which go away together. */
export interface ScratchFolder {
  readonly make: MakeScratch;
  remove(): void;
}

/**
 * Where runs read their inputs and leave their results: a disk, memory, a browser's private files. Paths are plain strings
 * in the store's own notation (see `paths.ts`).
 */
export interface RunStore {
  /** A whole file, in memory of its own. @throws PtychonautError "data" when it is missing, a folder or not readable */
  read(path: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Opens a file to be read where it is. @throws PtychonautError "data", as `read` */
  open(path: string): Promise<OpenFile>;
  /** Opens files of a folder, as many as there are. @throws PtychonautError "data", as `read` */
  openFolder(folder: string, names: readonly string[]): Promise<OpenFolder>;
  /** What is there, if anything. */
  kindOf(path: string): Promise<"file" | "folder" | "device" | undefined>;
  /** The same for all names of one file or folder; undefined where there is none. */
  identity(path: string): Promise<string | undefined>;
  /** Names of what is in a folder, in any order; none where there is no such folder. */
  list(folder: string): Promise<readonly string[]>;
  /**
   * Writes a file so that a reader sees the old content or the new, never a part.
   * @throws PtychonautError "output": no room, no permission, no such folder
   */
  write(path: string, content: Uint8Array | string, how?: WriteOptions): Promise<void>;
  /** Writes a file of any size in the same way, piece by piece. @throws PtychonautError "output", as `write` */
  writePieces(path: string, write: (sink: ByteSink) => void | Promise<void>, how?: WriteOptions): Promise<void>;
  /** Writes a file of any size in the same way, at any place in it. @throws PtychonautError "output", as `write` */
  writeAnywhere(path: string, write: (file: RandomFile) => void | Promise<void>, how?: WriteOptions): Promise<void>;
  /** Adds to a file's end; makes it where it is not there. For logs: a reader may see a part. @throws as `write` */
  append(path: string, content: Uint8Array | string): Promise<void>;
  /** Deletes a file, if it is there. */
  remove(path: string): Promise<void>;
  /** Makes a folder of a run's own, with its parents, and clears it of what killed runs left half written. */
  makeFolder(path: string): Promise<void>;
  /**
   * Proves that a file of this name can be written, before anything else happens, and clears away what killed writers left
   * half written beside it. @throws PtychonautError "usage" when it cannot
   */
  claimFile(path: string): Promise<void>;
  /**
   * Makes a folder ready for a run's results, before anything else happens: makes it, with its parents, and proves that files
   * can be made in it. `claimFolder` looks at what is there. @throws PtychonautError "usage" when they cannot
   */
  claim(folder: string): Promise<void>;
  /** @throws PtychonautError "usage" when a run writes to the folder, here or elsewhere */
  checkFree(folder: string): Promise<void>;
  /**
   * Keeps a folder for one run, until it is released or the program ends.
   * @throws PtychonautError "usage", as `checkFree`
   */
  lock(folder: string): Promise<FolderLock>;
  /** Room for scratch files in a folder, until they are removed. @param log is told what takes how much room */
  scratch(folder: string, log: (line: string) => void): ScratchFolder;
  /** What opens HDF5 files, see `Neighbours`. */
  readonly openHdf5?: OpenHdf5;
  /** Bytes that there is room for in a folder, or where it would be made; undefined where nobody knows. */
  freeBytes(folder: string): Promise<number | undefined>;
  /** The one full name of a path. @param from what a relative path starts at; default: where the program runs */
  absolute(path: string, from?: string): string;
}

export function outputExists(path: string): PtychonautError {
  return new PtychonautError("usage", "the file exists", {
    where: path,
    fix: `name another, or say that it may go: ${setting("overwrite")}`,
  });
}

export async function isThere(path: string, store: RunStore): Promise<boolean> {
  return (await store.kindOf(path)) !== undefined;
}

/** @throws PtychonautError "data" when the file is missing or holds something else */
export async function readJson(path: string, store: RunStore): Promise<unknown> {
  return parseJson(new TextDecoder().decode(await store.read(path)), path);
}

/** Writes JSON for people, ending in a newline. Numbers that are not finite become null. */
export async function writeJson(path: string, value: unknown, store: RunStore): Promise<void> {
  await store.write(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Writes a zip archive of any size, member by member. @throws PtychonautError "output" */
export async function writeArchive(
  path: string,
  write: (writer: ZipWriter) => void | Promise<void>,
  store: RunStore,
  how: WriteOptions = {},
): Promise<void> {
  const fill = async (sink: ByteSink): Promise<void> => {
    const writer = zipWriter(sink);
    await write(writer);
    writer.finish();
  };
  await store.writePieces(path, fill, how);
}

/** Gives a file's bytes to a reader, and closes it. @throws PtychonautError "data" for whatever the reader trips over */
export async function withFile<T>(path: string, store: RunStore, read: (file: OpenFile) => T | Promise<T>): Promise<T> {
  const file = await store.open(path);
  try {
    return await read(file);
  } catch (error) {
    throw unreadable(error, path);
  } finally {
    file.close();
  }
}

/** The bytes of files one after the other. @param close lets go of them */
export function concatenated(
  files: readonly (NamedSource & { readonly stamp: string })[],
  close: () => void = () => {},
): OpenFolder {
  return {
    files,
    ...joinedSources(files.map(({ source }) => source)),
    stamp: files.map(({ name, stamp }) => `${name} ${stamp}`).join("\n"),
    close,
  };
}

/** What a reader trips over, as an error that names the file. */
export function unreadable(cause: unknown, path: string): PtychonautError {
  if (cause instanceof PtychonautError) return cause;
  const got = cause instanceof Error ? cause.message.split(",")[0] : String(cause);
  return new PtychonautError("data", "the file cannot be read", { where: path, got, cause });
}
