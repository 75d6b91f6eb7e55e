import type { ByteSource } from "./byteSource.ts";

/** The files beside a file: what links in it lead to, and what belongs to it under a name of its own. */
export interface Neighbours {
  /**
   * @param name a path from the folder that the file is in, with slashes
   * @returns undefined where there is no such file
   */
  open(name: string): Promise<ByteSource | undefined>;
}

/** Of a file that stands alone: bytes in memory. */
export const noNeighbours: Neighbours = { open: async () => undefined };
