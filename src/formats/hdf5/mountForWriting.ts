import type { RandomFile } from "../byteSource.ts";
import type { Hdf5Library } from "./library.ts";
import type { WritableNode } from "./writingLibrary.ts";

/** A file as the library writes it. */
export interface WrittenFile {
  /** In the library's own file system. */
  readonly path: string;
  /** @throws what kept the file from being written */
  check(): void;
  /** From now on nothing is written any more: the library may end as if it were. */
  discard(): void;
  unmount(): void;
}

let made = 0;

/** Shows a file to the library that everything it writes goes through to. */
export function mountForWriting({ FS }: Hdf5Library, file: RandomFile): WrittenFile {
  const folder = `/written/${++made}`;
  FS.mkdirTree(folder);
  const path = `${folder}/file.h5`;
  const node = FS.create(path) as unknown as WritableNode;
  let failure: { readonly error: unknown } | undefined;
  let size = 0;
  // The library does not come out of exceptions of others: they are kept until it is left.
  const unlessFailed = (work: () => void): void => {
    if (failure !== undefined) return;
    try {
      work();
    } catch (error) {
      failure = { error };
    }
  };
  const { getattr } = node.node_ops;
  node.node_ops = {
    getattr: (of) => ({ ...(getattr(of) as object), size }),
    setattr(_node, { size: to }) {
      if (to === undefined) return;
      unlessFailed(() => file.resize(to));
      size = to;
    },
  };
  node.stream_ops = {
    llseek: node.stream_ops.llseek,
    read(_stream, into, offset, length, position) {
      let read = 0;
      unlessFailed(() => {
        const bytes = file.read(position, length);
        into.set(bytes, offset);
        read = bytes.length;
      });
      return failure === undefined ? read : length;
    },
    write(_stream, from, offset, length, position) {
      unlessFailed(() => file.write(position, new Uint8Array(from.buffer, from.byteOffset + offset, length)));
      size = Math.max(size, position + length);
      return length;
    },
  };
  return {
    path,
    check() {
      if (failure !== undefined) throw failure.error;
    },
    discard() {
      failure ??= { error: undefined };
    },
    unmount() {
      FS.unlink(path);
      FS.rmdir(folder);
    },
  };
}
