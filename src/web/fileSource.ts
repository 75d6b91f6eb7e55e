import { PtychonautError } from "../errors.ts";
import type { ByteSource } from "../formats/byteSource.ts";

/** A browser's, which only workers have. */
interface SyncReader {
  readAsArrayBuffer(blob: Blob): ArrayBuffer;
}

/**
 * A file that the user has chosen, of any size, read piece by piece where it is. Only in a worker: a page cannot read a file
 * without waiting.
 * @throws PtychonautError "usage" in a page
 */
export function fileSource(file: Blob): ByteSource {
  const { FileReaderSync } = globalThis as { readonly FileReaderSync?: new () => SyncReader };
  if (FileReaderSync === undefined)
    throw new PtychonautError("usage", "a page cannot read a file piece by piece", {
      fix: "open it in a worker of the page",
    });
  const reader = new FileReaderSync();
  return {
    size: file.size,
    read(offset, length) {
      try {
        return new Uint8Array(reader.readAsArrayBuffer(file.slice(offset, offset + length)));
      } catch (cause) {
        throw new PtychonautError("changed", "the file cannot be read any more", {
          got: cause instanceof Error ? cause.message : String(cause),
          fix: "choose it again",
          cause,
        });
      }
    },
  };
}
