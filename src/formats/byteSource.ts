/** Bytes that are read piece by piece: a file that stays on its disk, or memory. */
export interface ByteSource {
  readonly size: number;
  /** The file's path, where there is one: another thread can open it again. */
  readonly path?: string;
  /** What the file was like when it was opened: it has another one after it was replaced or changed. */
  readonly stamp?: string;
  /** Exactly `length` bytes from `offset`, which must lie inside. May share memory with the source. */
  read(offset: number, length: number): Uint8Array;
  /** The same into memory that is there, as many as it holds. */
  readInto?(offset: number, into: Uint8Array): void;
}

/** Exactly as many bytes as `into` holds, without a detour where the source knows how. */
export function readInto(source: ByteSource, offset: number, into: Uint8Array): void {
  if (source.readInto === undefined) into.set(source.read(offset, into.length));
  else source.readInto(offset, into);
}

/** Where bytes go in order, and now and then back over what is already there. */
export interface ByteSink {
  write(bytes: Uint8Array): void;
  /** Overwrites bytes that were written in one call. */
  writeAt(offset: number, bytes: Uint8Array): void;
}

/** A file that is being made, written at any place and read back: what containers with an index need. */
export interface RandomFile {
  readonly size: number;
  /** As many of the bytes from `offset` as there are before the end, at most `length`. */
  read(offset: number, length: number): Uint8Array;
  /** Room that was left before `offset` reads as zeros. */
  write(offset: number, bytes: Uint8Array): void;
  /** Cuts the file, or fills it up with zeros. */
  resize(size: number): void;
}

/** A file for a while, beside a run's output. */
export interface ScratchFile {
  write(bytes: Uint8Array): void;
  /** What was written until now; on a disk also what is written later. */
  source(): ByteSource;
  /** Gives its room on the disk back before the run ends. */
  remove(): void;
}

/**
 * Makes a scratch file of a known size.
 * @param why said to the user, who pays with room on the disk
 * @throws PtychonautError "output" when there is not enough
 */
export type MakeScratch = (bytes: number, why: string) => ScratchFile;

export function memorySource(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}

export const asSource = (input: Uint8Array | ByteSource): ByteSource =>
  input instanceof Uint8Array ? memorySource(input) : input;

/** The bytes of several sources one after the other. */
export function joinedSources(sources: readonly ByteSource[]): ByteSource {
  return {
    size: sources.reduce((sum, { size }) => sum + size, 0),
    read(offset, length) {
      const out = new Uint8Array(length);
      let start = 0;
      for (const source of sources) {
        const [from, to] = [Math.max(offset, start), Math.min(offset + length, start + source.size)];
        if (from < to) out.set(source.read(from - start, to - from), from - offset);
        start += source.size;
      }
      return out;
    },
  };
}
