import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  type Stats,
  statfsSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { PtychonautError, setting } from "../../errors.ts";
import type { ByteSink, RandomFile, ScratchFile } from "../../formats/byteSource.ts";
import type { OpenFile, ScratchFolder } from "../../runs/store.ts";
import { checkRegular } from "./failures.ts";
import { temporaryName } from "./leftovers.ts";

/** To open a file for reading without waiting for the other end, where it turns out to be a pipe. */
export const READING: number = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a file to be read where it is. Reads go through the system's cache of files, which is not this program's memory.
 * What is read is of the file as it was opened: its hash was taken then, and runs for hours read it again and again.
 * @param stamp of an earlier opening, where it must be that file still
 * @throws the system's error when it cannot be opened; PtychonautError "data" when it is no regular file; "changed" when
 *   it was changed, replaced or deleted since
 */
export function openSource(path: string, stamp?: string): OpenFile {
  if (stamp !== undefined && !existsSync(path)) throw changed(path, "no file");
  const file = openSync(path, READING);
  const opened = fstatSync(file);
  try {
    checkRegular(opened, path);
  } catch (error) {
    closeSync(file);
    throw error;
  }
  const own = stampOf(opened);
  if (stamp !== undefined && own !== stamp) {
    closeSync(file);
    throw changed(path, "another file");
  }
  const readInto = (offset: number, into: Uint8Array): void => {
    readFully(file, offset, into, path);
    // Looked at after reading: whatever came before or meanwhile shows.
    if (stampOf(fstatSync(file)) !== own) throw changed(path, "other bytes");
    const there = statSync(path, { throwIfNoEntry: false });
    if (there === undefined) throw changed(path, "no file");
    if (stampOf(there) !== own) throw changed(path, "another file");
  };
  return {
    path,
    size: opened.size,
    stamp: own,
    read(offset, length) {
      const bytes = new Uint8Array(length);
      readInto(offset, bytes);
      return bytes;
    },
    readInto,
    close: () => closeSync(file),
  };
}

/** Tells a file from another, and from what it was before somebody wrote to it. */
const stampOf = ({ dev, ino, size, mtimeMs }: Stats): string => [dev, ino, size, mtimeMs].join();

function changed(path: string, got: string): PtychonautError {
  return new PtychonautError("changed", "the file was changed while a run was reading it", {
    where: path,
    expected: "the file that was opened, whose SHA-256 is recorded",
    got,
    fix:
      "leave files alone until the runs that read them have ended, and start again; checkpoints that a training has saved " +
      `stay, and go on with the file as it was: ${setting("resume", "last")}`,
  });
}

/**
 * Scratch files in a folder. They are removed when asked, and at the latest when the program ends.
 * @param log is told what takes how much room
 */
export function scratchFolder(folder: string, log: (line: string) => void): ScratchFolder {
  const removals = new Set<() => void>();
  const removeAll = (): void => {
    for (const remove of removals) remove();
  };
  process.once("exit", removeAll);
  return {
    make(bytes, why) {
      checkRoom(folder, bytes);
      const path = join(folder, temporaryName("patterns"));
      log(`${why}: ${(bytes / 2 ** 30).toPrecision(3)} GiB in ${path}, until the run ends`);
      const file = createScratch(path);
      removals.add(file.remove);
      return {
        ...file,
        remove() {
          removals.delete(file.remove);
          file.remove();
        },
      };
    },
    remove() {
      process.off("exit", removeAll);
      removeAll();
      removals.clear();
    },
  };
}

function createScratch(path: string): ScratchFile {
  const file = openSync(path, "wx+");
  const sink = fileSink(file);
  let size = 0;
  return {
    write(bytes) {
      try {
        sink.write(bytes);
      } catch (cause) {
        throw new PtychonautError("output", "the scratch file of the patterns cannot be written", {
          where: path,
          got: cause instanceof Error ? cause.message : String(cause),
          fix: "free space on this disk, or write the output to another",
          cause,
        });
      }
      size += bytes.length;
    },
    source: () => ({
      path,
      get size() {
        return size;
      },
      read(offset, length) {
        const bytes = new Uint8Array(length);
        readFully(file, offset, bytes, path);
        return bytes;
      },
      readInto: (offset, into) => readFully(file, offset, into, path),
    }),
    remove() {
      closeSync(file);
      unlinkSync(path);
    },
  };
}

/** Part of the free room that a scratch file leaves for everything else. */
const ROOM_TO_LEAVE = 0.02;

function checkRoom(folder: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (bytes <= (1 - ROOM_TO_LEAVE) * free) return;
  throw new PtychonautError("output", "not enough room on the disk to lay out the patterns", {
    where: folder,
    expected: `${bytes} bytes`,
    got: `${free} bytes free`,
    fix: "save the scan uncompressed with its frames first (numpy.savez), or write the output to another disk",
  });
}

/** An open file to write to. */
export function fileSink(file: number): ByteSink {
  let size = 0;
  return {
    write(bytes) {
      writeFully(file, bytes, size);
      size += bytes.length;
    },
    writeAt: (offset, bytes) => writeFully(file, bytes, offset),
  };
}

/** An open file, empty as yet, to write to and to read from at any place. */
export function randomFile(file: number): RandomFile {
  let size = 0;
  return {
    get size() {
      return size;
    },
    read(offset, length) {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      let at = 0;
      while (at < bytes.length) {
        const read = readSync(file, bytes, at, Math.min(bytes.length - at, MOST_AT_ONCE), offset + at);
        if (read === 0) throw new PtychonautError("output", "a file became shorter while it was written");
        at += read;
      }
      return bytes;
    },
    write(offset, bytes) {
      writeFully(file, bytes, offset);
      size = Math.max(size, offset + bytes.length);
    },
    resize(to) {
      ftruncateSync(file, to);
      size = to;
    },
  };
}

/** Writes all bytes at an offset of the file. */
function writeFully(file: number, bytes: Uint8Array, position: number): void {
  for (let at = 0; at < bytes.length; ) {
    at += writeSync(file, bytes, at, Math.min(bytes.length - at, MOST_AT_ONCE), position + at);
  }
}

/** What the system reads or writes in one call at most. */
const MOST_AT_ONCE = 2 ** 30;

/** Fills memory from an offset of the file on. */
function readFully(file: number, offset: number, into: Uint8Array, path: string): void {
  for (let at = 0; at < into.length; ) {
    const read = readSync(file, into, at, Math.min(into.length - at, MOST_AT_ONCE), offset + at);
    if (read === 0) throw changed(path, "a shorter one");
    at += read;
  }
}
