import type { ByteSource } from "../byteSource.ts";
import type { Hdf5Library } from "./library.ts";

/** A file as the library sees it. */
export interface MountedFile {
  /** In the library's own file system. */
  readonly path: string;
  /** What was read since it was asked last: offset and bytes of each. */
  takeReads(): readonly (readonly [offset: number, length: number])[];
}

/** The sources of one file that is open, and of those it leads to. */
export interface Sources {
  /** In all. */
  bytes: number;
  /** The first failure of one: the library knows it as a failure of the disk, since no error may pass through it. */
  failure?: unknown;
}

/** Code of an input or output error in the library's own system. */
const EIO = 29;

/** Reads that are remembered at most; only few are ever looked at. */
const MOST_READS = 64;

/** Shows bytes to the library as a file that cannot be written. Its folder must be there. */
export function mount({ FS }: Hdf5Library, path: string, source: ByteSource, sources: Sources): MountedFile {
  const node = FS.create(path);
  let reads: [number, number][] = [];
  const getattr = node.node_ops["getattr"];
  sources.bytes += source.size;
  node.usedBytes = source.size;
  node.node_ops = { getattr: (of) => ({ ...(getattr(of) as object), size: source.size }) };
  node.stream_ops = {
    llseek: node.stream_ops.llseek,
    read(_stream, into, offset, length, position) {
      const there = Math.max(0, Math.min(length, source.size - position));
      if (there === 0) return 0;
      if (reads.length < MOST_READS) reads.push([position, there]);
      try {
        into.set(source.read(position, there), offset);
      } catch (error) {
        sources.failure ??= error;
        throw new FS.ErrnoError(EIO);
      }
      return there;
    },
  };
  return {
    path,
    takeReads() {
      const taken = reads;
      reads = [];
      return taken;
    },
  };
}

/** Takes away a folder with all that is in it. */
export function removeTree(library: Hdf5Library, folder: string): void {
  const { FS } = library;
  for (const name of FS.readdir(folder)) {
    const path = `${folder}/${name}`;
    if (name === "." || name === "..") continue;
    if (FS.isDir(FS.stat(path).mode)) removeTree(library, path);
    else FS.unlink(path);
  }
  FS.rmdir(folder);
}
