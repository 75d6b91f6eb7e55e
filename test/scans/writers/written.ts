import type { FileToWrite } from "../../../src/formats/fileToWrite.ts";
import { memoryFile, memorySink } from "../../../src/formats/memorySink.ts";

/** The bytes of what is written to files of these names. */
export async function writtenTo(
  paths: readonly string[],
  write: (files: readonly FileToWrite[]) => Promise<void>,
): Promise<Record<string, Uint8Array>> {
  const made: Record<string, Uint8Array> = {};
  await write(
    paths.map((path) => ({
      path,
      async writePieces(fill) {
        const memory = memorySink();
        await fill(memory.sink);
        made[path] = memory.bytes();
      },
      async writeAnywhere(fill) {
        const { file, bytes } = memoryFile();
        await fill(file);
        made[path] = bytes();
      },
    })),
  );
  return made;
}
