import { openArrayFile } from "../../../src/formats/containers.ts";
import { fileSource } from "../../../src/web/fileSource.ts";

/** HDF5 files of a browser's user, base64. */
export interface Hdf5Files {
  /** With datasets that need plugins. */
  readonly filters: string;
  /** What a file of more than 2 GiB begins with, how much of nothing follows, and what it ends with: a dataset "frames". */
  readonly large: { readonly head: string; readonly gap: number; readonly tail: string };
}

export interface Hdf5Findings {
  /** Each dataset's numbers, or the message of its error. */
  readonly filters: Readonly<Record<string, readonly number[] | string>>;
  readonly size: number;
  readonly lastFrame: readonly number[];
  /** Where the large file's dataset lies. */
  readonly offset: number | undefined;
}

interface Scope {
  onmessage: ((event: { readonly data: Hdf5Files }) => void) | null;
  postMessage(message: unknown): void;
}
const scope = globalThis as unknown as Scope;

scope.onmessage = ({ data }) => {
  look(data).then(
    (results) => scope.postMessage({ results }),
    (error: unknown) => scope.postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : error }),
  );
};

async function look({ filters, large }: Hdf5Files): Promise<Hdf5Findings> {
  const compressed = await openArrayFile(fileSource(new Blob([bytesOf(filters)])), "filters.h5");
  const found: Record<string, readonly number[] | string> = {};
  for (const key of compressed.keys) {
    try {
      found[key] = [...compressed.readNumbers(key).data];
    } catch (error) {
      found[key] = String(error);
    }
  }
  const part = new Blob([new Uint8Array(2 ** 26)]);
  const parts = Array<Blob>(large.gap / part.size).fill(part);
  const blob = new Blob([bytesOf(large.head), ...parts, bytesOf(large.tail)]);
  const file = await openArrayFile(fileSource(blob), "large.h5");
  const [count] = file.header("frames").shape;
  return {
    filters: found,
    size: blob.size,
    lastFrame: [...file.readImages("frames", count - 1, 1)],
    offset: file.storedAt("frames")?.offset,
  };
}

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
