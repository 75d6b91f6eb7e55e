import { PtychonautError } from "../errors.ts";
import type { ScratchFile } from "../formats/byteSource.ts";
import { memoryFile, memorySink } from "../formats/memorySink.ts";
import { folderOf } from "./paths.ts";
import { absolutePath as absolute } from "./slashPaths.ts";
import { concatenated, type OpenFile, outputExists, type RunStore, type WriteOptions } from "./store.ts";

/** A file is replaced as a whole, so whoever has it open keeps what they opened. */
interface Stored {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly stamp: string;
}

/** A store in memory: for pages, workers and tests. Its paths are absolute, "/" between names, and end with the program. */
export function memoryStore(): RunStore {
  const files = new Map<string, Stored>();
  const folders = new Set<string>(["/"]);
  let writes = 0;
  const find = (path: string): Stored => {
    const found = files.get(absolute(path));
    if (found !== undefined) return found;
    const isFolder = folders.has(absolute(path));
    throw new PtychonautError("data", isFolder ? "the file cannot be read" : "no such file", {
      where: path,
      ...(isFolder ? { got: "a folder" } : { fix: "check the path" }),
    });
  };
  const locked = new Set<string>();
  const checkFree = async (folder: string): Promise<void> => {
    if (locked.has(absolute(folder)))
      throw new PtychonautError("usage", "the output folder is in use", {
        where: folder,
        fix: "wait for its run, stop it, or name another folder",
      });
  };
  const checkPlace = (path: string, kind: "output" | "usage"): void => {
    const name = absolute(path);
    if (folders.has(name) || !folders.has(folderOf(name)))
      throw new PtychonautError(kind, "the file cannot be written", {
        where: path,
        got: folders.has(name) ? "a folder" : "no such folder",
      });
  };
  const put = (path: string, bytes: Uint8Array<ArrayBuffer>, { exclusive = false }: WriteOptions = {}): void => {
    const name = absolute(path);
    if (exclusive && files.has(name)) throw outputExists(path);
    checkPlace(path, "output");
    files.set(name, { bytes, stamp: String(++writes) });
  };
  const makeFolder = async (path: string): Promise<void> => {
    for (let folder = absolute(path); folder !== "/"; folder = folderOf(folder)) {
      if (files.has(folder))
        throw new PtychonautError("output", "the folder cannot be made", { where: path, got: `${folder} is a file` });
      folders.add(folder);
    }
  };
  return {
    read: async (path) => find(path).bytes.slice(),
    async open(path): Promise<OpenFile> {
      const { bytes, stamp } = find(path);
      return { ...sourceOf(bytes), stamp, close() {} };
    },
    openFolder: async (folder, names) =>
      concatenated(
        names.map((name) => {
          const { bytes, stamp } = find(`${folder}/${name}`);
          return { name, stamp, source: sourceOf(bytes) };
        }),
      ),
    async kindOf(path) {
      const name = absolute(path);
      return files.has(name) ? "file" : folders.has(name) ? "folder" : undefined;
    },
    async identity(path) {
      const name = absolute(path);
      return files.has(name) || folders.has(name) ? name : undefined;
    },
    async list(folder) {
      const name = absolute(folder);
      return [...files.keys(), ...folders].filter((path) => path !== "/" && folderOf(path) === name).map(nameIn);
    },
    write: async (path, content, how) => put(path, bytesOf(content).slice(), how),
    async writePieces(path, write, how) {
      const pieces = memorySink();
      await write(pieces.sink);
      put(path, pieces.bytes(), how);
    },
    async writeAnywhere(path, write, how) {
      const { file, bytes } = memoryFile();
      await write(file);
      put(path, bytes(), how);
    },
    async append(path, content) {
      const pieces = memorySink();
      pieces.sink.write(files.get(absolute(path))?.bytes ?? new Uint8Array());
      pieces.sink.write(bytesOf(content));
      put(path, pieces.bytes());
    },
    async remove(path) {
      files.delete(absolute(path));
    },
    makeFolder,
    async claim(folder) {
      await makeFolder(folder).catch((cause: unknown) => {
        throw new PtychonautError("usage", "the output folder cannot be written to", {
          where: folder,
          fix: "name another folder",
          cause,
        });
      });
    },
    claimFile: async (path) => checkPlace(path, "usage"),
    checkFree,
    async lock(folder) {
      await checkFree(folder);
      const name = absolute(folder);
      locked.add(name);
      return {
        async release() {
          locked.delete(name);
        },
      };
    },
    freeBytes: async () => undefined,
    scratch: () => ({ make: scratchFile, remove() {} }),
    absolute,
  };
}

const nameIn = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

const bytesOf = (content: Uint8Array | string): Uint8Array =>
  typeof content === "string" ? new TextEncoder().encode(content) : content;

const sourceOf = (bytes: Uint8Array): Pick<OpenFile, "size" | "read"> => ({
  size: bytes.length,
  read: (offset, length) => bytes.subarray(offset, offset + length),
});

function scratchFile(): ScratchFile {
  const pieces = memorySink();
  return { write: (bytes) => pieces.sink.write(bytes), source: () => sourceOf(pieces.bytes()), remove() {} };
}
