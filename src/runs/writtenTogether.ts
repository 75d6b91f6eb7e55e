import type { FileToWrite } from "../formats/fileToWrite.ts";
import type { Home } from "./machine.ts";
import type { OutputFile } from "./outputFile.ts";

/** Ends the writing of a file on request; the store then takes it away. */
export class Stopped extends Error {}

/**
 * Writes files that are of use together: where one fails, those that are complete already go away too.
 * @returns whether the work came to its end; not where it was asked to stop
 */
export async function allOrNone(
  files: readonly OutputFile[],
  { store }: Pick<Home, "store">,
  signal: AbortSignal,
  work: (files: readonly FileToWrite[]) => Promise<void>,
): Promise<boolean> {
  const complete: string[] = [];
  const noted = (file: OutputFile): FileToWrite => ({
    path: file.path,
    async writePieces(write) {
      await file.writePieces(write);
      complete.push(file.path);
    },
    async writeAnywhere(write) {
      await file.writeAnywhere(write);
      complete.push(file.path);
    },
  });
  try {
    await work(files.map(noted));
    return true;
  } catch (error) {
    for (const path of complete) await store.remove(path);
    if (signal.aborted) return false;
    throw error;
  }
}
