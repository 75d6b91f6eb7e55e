import type { ByteSink, RandomFile } from "./byteSource.ts";

/** A file of a known name that is to be made: whole or not at all. */
export interface FileToWrite {
  readonly path: string;
  /** From its start to its end. @throws PtychonautError "output" */
  writePieces(write: (sink: ByteSink) => void | Promise<void>): Promise<void>;
  /** At any place in it. @throws PtychonautError "output" */
  writeAnywhere(write: (file: RandomFile) => void | Promise<void>): Promise<void>;
}
