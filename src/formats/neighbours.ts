import type { ByteSource } from "./byteSource.ts";
import type { Hdf5Reader } from "./hdf5/reader.ts";

/** A file beside another, open until that one is closed. */
export interface NeighbourFile extends ByteSource {
  close(): void;
}

/** The files beside a file: what links in it lead to, and what belongs to it under a name of its own. */
export interface Neighbours {
  /**
   * @param name a path from the folder that the file is in, with slashes
   * @returns undefined where there is no such file
   */
  open(name: string): Promise<NeighbourFile | undefined>;
  /** What opens HDF5 files, where there is a place in which a hostile one ends nothing else. Default: this thread. */
  readonly openHdf5?: OpenHdf5;
}

/** Opens an HDF5 file. @throws PtychonautError "data" when it is damaged */
export type OpenHdf5 = (source: ByteSource, where: string, neighbours: Neighbours) => Promise<Hdf5Reader>;

/** Of a file that stands alone: bytes in memory. */
export const noNeighbours: Neighbours = { open: async () => undefined };

/** The same, and what was opened of them, to be closed. */
export function remembered({ open, ...others }: Neighbours): Neighbours & {
  readonly files: readonly NeighbourFile[];
  close(): void;
} {
  const files: NeighbourFile[] = [];
  return {
    ...others,
    files,
    async open(name) {
      const file = await open(name);
      if (file !== undefined) files.push(file);
      return file;
    },
    close() {
      for (const file of files.splice(0)) file.close();
    },
  };
}
