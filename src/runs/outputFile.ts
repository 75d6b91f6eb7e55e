import { PtychonautError } from "../errors.ts";
import type { FileToWrite } from "../formats/fileToWrite.ts";
import type { ZipWriter } from "../formats/writeZip.ts";
import { checkNoInput } from "./sameFile.ts";
import { outputExists, type RunStore, type WriteOptions, writeArchive } from "./store.ts";

/** A single file that a command writes. */
export interface OutputFile extends FileToWrite {
  write(content: Uint8Array | string): Promise<void>;
  /** Writes a zip archive of any size, member by member. */
  writeArchive(write: (writer: ZipWriter) => void | Promise<void>): Promise<void>;
}

export interface OutputFileOptions {
  /** Files that the command reads. */
  readonly inputs?: readonly string[];
  /** Whether a file that is there may be replaced. */
  readonly overwrite: boolean;
}

/** A file in a folder that was claimed as a whole. */
export const fileToWrite = (path: string, store: RunStore, how: WriteOptions = {}): FileToWrite => ({
  path,
  writePieces: (write) => store.writePieces(path, write, how),
  writeAnywhere: (write) => store.writeAnywhere(path, write, how),
});

/**
 * The door for every command that writes a file of a name that was given: looks, before anything is computed, whether it
 * may be written, and when it is written makes sure that nothing came there in the meantime.
 * @throws PtychonautError "usage" when it is an input, is there already, is no file, or cannot be made
 */
export async function claimOutputFile(
  path: string,
  { inputs = [], overwrite }: OutputFileOptions,
  store: RunStore,
): Promise<OutputFile> {
  await checkNoInput([path], inputs, store);
  const kind = await store.kindOf(path);
  if (kind !== undefined && kind !== "file")
    throw new PtychonautError("usage", "the output is there and is no file", {
      where: path,
      got: `a ${kind}`,
      fix: "name another",
    });
  if (kind === "file" && !overwrite) throw outputExists(path);
  await store.claimFile(path);
  const how = { exclusive: !overwrite };
  return {
    ...fileToWrite(path, store, how),
    write: (content) => store.write(path, content, how),
    writeArchive: (write) => writeArchive(path, write, store, how),
  };
}
