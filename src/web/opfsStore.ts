import { PtychonautError } from "../errors.ts";
import type { ByteSink, RandomFile, ScratchFile } from "../formats/byteSource.ts";
import { memorySink } from "../formats/memorySink.ts";
import { baseName, folderOf, joinPath } from "../runs/paths.ts";
import { absolutePath } from "../runs/slashPaths.ts";
import {
  concatenated,
  type FolderLock,
  type OpenFile,
  outputExists,
  type RunStore,
  type WriteOptions,
} from "../runs/store.ts";
import { fileSource } from "./fileSource.ts";
import type { Locks, PrivateFolder, SyncAccessHandle } from "./privateFiles.ts";

/** Files on their way lie here, apart from those that are whole. */
const PARTS = ".parts";

/** Scratch files have to be there before anybody knows that they are needed. */
const SCRATCH_FILES = 2;

/**
 * The browser's private files as a store: they stay when the page is closed. Only in workers, in a secure context.
 *
 * What is written is whole or absent: it is written apart and then moved. Folders are one run's by the browser's locks, which
 * all pages of one origin share and which end with the page.
 * @param folder of the origin's private files
 * @throws PtychonautError "device" where there are none
 */
export async function openPrivateFiles(folder: string): Promise<RunStore> {
  const { storage, locks } = navigator as unknown as {
    readonly storage?: {
      getDirectory?(): Promise<PrivateFolder>;
      estimate(): Promise<{ quota?: number; usage?: number }>;
    };
    readonly locks?: Locks;
  };
  if (storage?.getDirectory === undefined || locks === undefined)
    throw new PtychonautError("device", "this browser gives the page no private files", {
      fix: "serve the page over https or from this computer, or use another browser",
    });
  const root = await attempt(async () =>
    (await storage.getDirectory?.())?.getDirectoryHandle(folder, { create: true }),
  );
  if (root === undefined) throw new PtychonautError("device", "the browser's private files cannot be opened");
  const parts = await ownParts(await root.getDirectoryHandle(PARTS, { create: true }), locks);
  const scratchFiles = await scratchPool(parts);
  const files = new PrivateFiles(root, parts);
  const room = async (): Promise<number | undefined> => {
    const { quota, usage } = await storage.estimate();
    return quota === undefined || usage === undefined ? undefined : quota - usage;
  };
  return storeOf(files, { locks, prefix: `ptychonaut ${folder} `, room, scratchFiles });
}

interface Surroundings {
  readonly locks: Locks;
  /** Of the names of locks. */
  readonly prefix: string;
  readonly room: () => Promise<number | undefined>;
  readonly scratchFiles: ScratchPool;
}

function storeOf(files: PrivateFiles, { locks, prefix, room, scratchFiles }: Surroundings): RunStore {
  const writeAnywhere: RunStore["writeAnywhere"] = (path, write, how) =>
    files.replace(path, how, (handle) => write(randomFile(handle)));
  const nameOfLock = (folder: string): string => prefix + absolutePath(folder);
  const lock = (folder: string): Promise<FolderLock> =>
    new Promise((resolve, reject) => {
      const hold = async (held: object | null): Promise<void> => {
        if (held === null) reject(inUse(folder));
        else
          await new Promise<void>((letGo) => {
            const release = async (): Promise<void> => {
              letGo();
              await free;
            };
            resolve({ release });
          });
      };
      const free = locks.request(nameOfLock(folder), { ifAvailable: true }, hold);
      free.catch(reject);
    });
  const claim: RunStore["claim"] = async (folder) => {
    await files.makeFolder(folder).catch((cause: unknown) => {
      throw new PtychonautError("usage", "the output folder cannot be written to", {
        where: folder,
        fix: "name another folder",
        cause,
      });
    });
  };
  return {
    read: async (path) => new Uint8Array(await (await files.file(path)).arrayBuffer()),
    open: (path) => files.open(path),
    async openFolder(folder, names) {
      const opened = await Promise.all(names.map((name) => files.open(joinPath(folder, name))));
      return concatenated(opened.map((source, i) => ({ name: names[i], stamp: source.stamp, source })));
    },
    kindOf: (path) => files.kindOf(path),
    identity: async (path) => ((await files.kindOf(path)) === undefined ? undefined : absolutePath(path)),
    list: (folder) => files.list(folder),
    write: (path, content, how) => writeAnywhere(path, (file) => file.write(0, bytesOf(content)), how),
    writePieces: (path, write, how) => files.replace(path, how, (handle) => write(sinkOf(handle))),
    writeAnywhere,
    async append(path, content) {
      const parent = await files.parentOf(path, "output");
      const file = await parent.getFileHandle(baseName(path), { create: true });
      const handle = await asked(file, () => file.createSyncAccessHandle());
      try {
        randomFile(handle).write(handle.getSize(), bytesOf(content));
      } finally {
        handle.close();
      }
    },
    remove: (path) => files.remove(path),
    makeFolder: (path) => files.makeFolder(path),
    claim,
    async claimFile(path) {
      if ((await files.kindOf(path)) === "folder") throw notWritable(path, "usage", "a folder");
      await files.parentOf(path, "usage");
    },
    // Whoever took the lock to look would be taken for a run by others that look, and be in the way of one that begins.
    async checkFree(folder) {
      const { held = [] } = await locks.query();
      if (held.some(({ name }) => name === nameOfLock(folder))) throw inUse(folder);
    },
    lock,
    freeBytes: room,
    scratch() {
      const made: ScratchFile[] = [];
      return {
        make() {
          const file = scratchFiles();
          made.push(file);
          return file;
        },
        remove() {
          for (const file of made.splice(0)) file.remove();
        },
      };
    },
    absolute: absolutePath,
  };
}

/** Files and folders by their paths. */
class PrivateFiles {
  readonly #root: PrivateFolder;
  readonly #parts: PrivateFolder;
  /** The browser's times are too coarse to tell that a file was replaced at once. */
  readonly #replaced = new Map<string, number>();
  #count = 0;

  constructor(root: PrivateFolder, parts: PrivateFolder) {
    this.#root = root;
    this.#parts = parts;
  }

  async kindOf(path: string): Promise<"file" | "folder" | undefined> {
    const name = absolutePath(path);
    if (name === "/") return "folder";
    const parent = await this.#folder(folderOf(name));
    if (parent === undefined) return undefined;
    if ((await attempt(() => parent.getFileHandle(baseName(name)))) !== undefined) return "file";
    return (await attempt(() => parent.getDirectoryHandle(baseName(name)))) === undefined ? undefined : "folder";
  }

  async file(path: string): Promise<File> {
    const parent = await this.#folder(folderOf(absolutePath(path)));
    const handle = parent && (await attempt(() => parent.getFileHandle(baseName(path))));
    if (handle !== undefined) return asked(handle, () => handle.getFile());
    const isFolder = (await this.kindOf(path)) === "folder";
    throw new PtychonautError("data", isFolder ? "the file cannot be read" : "no such file", {
      where: path,
      ...(isFolder ? { got: "a folder" } : { fix: "check the path" }),
    });
  }

  async open(path: string): Promise<OpenFile> {
    const file = await this.file(path);
    const times = this.#replaced.get(absolutePath(path)) ?? 0;
    return { ...fileSource(file), stamp: `${file.lastModified} ${file.size} ${times}`, close() {} };
  }

  async list(path: string): Promise<readonly string[]> {
    const folder = await this.#folder(absolutePath(path));
    const names: string[] = [];
    if (folder !== undefined) for await (const [name] of folder.entries()) if (name !== PARTS) names.push(name);
    return names;
  }

  async remove(path: string): Promise<void> {
    const parent = await this.#folder(folderOf(absolutePath(path)));
    await (parent && attempt(() => parent.removeEntry(baseName(path))));
  }

  async makeFolder(path: string): Promise<void> {
    let folder = this.#root;
    for (const name of namesIn(path)) {
      const inside = folder;
      const next = await attempt(() => inside.getDirectoryHandle(name, { create: true }));
      if (next === undefined)
        throw new PtychonautError("output", "the folder cannot be made", { where: path, got: `${name} is a file` });
      folder = next;
    }
  }

  /** The folder that a file is to be in. @throws PtychonautError of this kind where there is none */
  async parentOf(path: string, kind: "output" | "usage"): Promise<PrivateFolder> {
    const parent = await this.#folder(folderOf(absolutePath(path)));
    if (parent === undefined) throw notWritable(path, kind, "no such folder");
    return parent;
  }

  /** Writes a file apart and puts it in its place once it is whole. */
  async replace(
    path: string,
    { exclusive = false }: WriteOptions = {},
    write: (handle: SyncAccessHandle) => void | Promise<void>,
  ): Promise<void> {
    const refuse = async (): Promise<void> => {
      const kind = await this.kindOf(path);
      if (kind === "folder") throw notWritable(path, "output", "a folder");
      if (exclusive && kind === "file") throw outputExists(path);
    };
    await refuse();
    const parent = await this.parentOf(path, "output");
    const name = `${crypto.randomUUID()}.part`;
    const part = await this.#parts.getFileHandle(name, { create: true });
    try {
      const handle = await asked(part, () => part.createSyncAccessHandle());
      try {
        await write(handle);
        handle.flush();
      } finally {
        handle.close();
      }
      await refuse();
      await part.move(parent, baseName(path));
      this.#replaced.set(absolutePath(path), ++this.#count);
    } catch (error) {
      await attempt(() => this.#parts.removeEntry(name));
      throw error;
    }
  }

  async #folder(path: string): Promise<PrivateFolder | undefined> {
    let folder: PrivateFolder | undefined = this.#root;
    for (const name of namesIn(path)) {
      const inside: PrivateFolder = folder;
      folder = await attempt(() => inside.getDirectoryHandle(name));
      if (folder === undefined) return undefined;
    }
    return folder;
  }
}

const namesIn = (path: string): readonly string[] =>
  absolutePath(path)
    .split("/")
    .filter((name) => name !== "");

/**
 * Waits for what is asked of a handle, and holds the handle meanwhile: Chromium never answers for one that nobody holds any
 * more and that is collected first.
 */
async function asked<T>(handle: object, ask: () => Promise<T>): Promise<T> {
  held.add(handle);
  try {
    return await ask();
  } finally {
    held.delete(handle);
  }
}

const held = new Set<object>();

/** What the browser refuses because it is not there, or is something else, is undefined. */
async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch {
    return undefined;
  }
}

const notWritable = (where: string, kind: "output" | "usage", got: string): PtychonautError =>
  new PtychonautError(kind, "the file cannot be written", { where, got });

const inUse = (where: string): PtychonautError =>
  new PtychonautError("usage", "the output folder is in use", {
    where,
    fix: "wait for its run, stop it, or name another folder",
  });

const bytesOf = (content: Uint8Array | string): Uint8Array =>
  typeof content === "string" ? new TextEncoder().encode(content) : content;

/** @throws PtychonautError "output" where the browser gives no more room */
function put(handle: SyncAccessHandle, offset: number, bytes: Uint8Array): void {
  try {
    if (handle.write(bytes, { at: offset }) === bytes.length) return;
  } catch (cause) {
    throw noRoom(bytes.length, cause);
  }
  throw noRoom(bytes.length, undefined);
}

const noRoom = (bytes: number, cause: unknown): PtychonautError =>
  new PtychonautError("output", "the browser gives no more room for files", {
    got: `${bytes} bytes to write${cause instanceof Error ? `: ${cause.message}` : ""}`,
    fix: "delete runs that are not needed",
    cause,
  });

function sinkOf(handle: SyncAccessHandle): ByteSink {
  let size = 0;
  return {
    write(bytes) {
      put(handle, size, bytes);
      size += bytes.length;
    },
    writeAt: (offset, bytes) => put(handle, offset, bytes),
  };
}

function randomFile(handle: SyncAccessHandle): RandomFile {
  return {
    get size() {
      return handle.getSize();
    },
    read(offset, length) {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, handle.getSize() - offset)));
      if (bytes.length > 0) handle.read(bytes, { at: offset });
      return bytes;
    },
    write: (offset, bytes) => put(handle, offset, bytes),
    resize: (size) => handle.truncate(size),
  };
}

/** A folder of this worker's own, for as long as it lives; those of workers that have ended are removed. */
async function ownParts(all: PrivateFolder, locks: Locks): Promise<PrivateFolder> {
  const own = crypto.randomUUID();
  await new Promise<void>((held) => {
    const forever = (): Promise<never> => {
      held();
      return new Promise(() => {});
    };
    void locks.request(`ptychonaut parts ${own}`, { ifAvailable: true }, forever);
  });
  const folder = await all.getDirectoryHandle(own, { create: true });
  const others: string[] = [];
  for await (const [name] of all.entries()) if (name !== own) others.push(name);
  for (const name of others)
    await locks.request(`ptychonaut parts ${name}`, { ifAvailable: true }, async (lock) => {
      if (lock !== null) await attempt(() => all.removeEntry(name, { recursive: true }));
    });
  return folder;
}

type ScratchPool = () => ScratchFile;

/** Scratch files that are open already, since whoever needs one does not wait; when all are taken, memory. */
async function scratchPool(parts: PrivateFolder): Promise<ScratchPool> {
  const free: SyncAccessHandle[] = [];
  for (let k = 0; k < SCRATCH_FILES; k++) {
    const file = await parts.getFileHandle(`${crypto.randomUUID()}.scratch`, { create: true });
    free.push(await asked(file, () => file.createSyncAccessHandle()));
  }
  return () => {
    const handle = free.pop();
    if (handle === undefined) return memoryScratch();
    const sink = sinkOf(handle);
    return {
      write: (bytes) => sink.write(bytes),
      source: () => ({ size: handle.getSize(), read: (offset, length) => randomFile(handle).read(offset, length) }),
      remove() {
        handle.truncate(0);
        if (!free.includes(handle)) free.push(handle);
      },
    };
  };
}

function memoryScratch(): ScratchFile {
  const { sink, bytes } = memorySink();
  return {
    write: (piece) => sink.write(piece),
    source() {
      const all = bytes();
      return { size: all.length, read: (offset, length) => all.subarray(offset, offset + length) };
    },
    remove() {},
  };
}
