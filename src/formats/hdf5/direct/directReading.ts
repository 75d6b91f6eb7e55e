import { sizeOf } from "../../../arrays.ts";
import type { ByteSource } from "../../byteSource.ts";
import type { Box, Hdf5Reader } from "../reader.ts";
import { BITSHUFFLE, bitshuffleDecoder, OUTPUTS, type Output } from "./bitshuffle.ts";
import { chunkGrid, chunkPlace } from "./chunkGrid.ts";
import { type ChunkPlaces, chunkPlaces } from "./chunkPlaces.ts";
import { DirectChunks, MOST_CHUNK_BYTES } from "./directChunks.ts";

/** How a dataset is read without the library. */
export interface DirectArray {
  bytes(box: Box): Uint8Array;
  /** As float32 numbers; of those kinds that become such on the way. */
  readonly floats?: (box: Box, out: Float32Array) => void;
}

/**
 * Finds out which datasets of a file can be read without the library, several times faster: those that are bitshuffled.
 * @param sources the file and those beside it, by their paths from its folder: "" for itself
 * @returns undefined for a path of one that the library has to read
 */
export async function directReading(
  reader: Hdf5Reader,
  sources: ReadonlyMap<string, ByteSource>,
  where: string,
): Promise<(path: string) => DirectArray | undefined> {
  if (!reader.filters.includes(BITSHUFFLE)) return () => undefined;
  const decoder = await bitshuffleDecoder();
  const known = new Map<string, DirectArray | undefined>();

  const open = (path: string): DirectArray | undefined => {
    const { shape, chunks, dtype, itemSize } = reader.header(path);
    if (chunks === undefined || sizeOf(chunks) * itemSize > MOST_CHUNK_BYTES) return undefined;
    const stored = reader.bitshuffled(path);
    const source = stored && sources.get(stored.file);
    if (stored === undefined || source === undefined) return undefined;
    const places = chunkPlaces(source, stored.address, { shape, chunks, itemSize });
    if (places === undefined) return undefined;
    const direct = new DirectChunks(
      {
        ...{ source, places, stored, dtype, shape, chunks },
        where: `${where}: ${path}`,
        otherwise: (box) => reader.bytes(path, box),
      },
      decoder,
    );
    // Behind a link to another file may be one to a third.
    if (stored.file !== "" && !agrees(direct, places, reader, path)) return undefined;
    const output = outputOf(dtype);
    return {
      bytes: (box) => direct.bytes(box),
      ...(output === undefined ? {} : { floats: (box, out) => direct.floats(box, out, output) }),
    };
  };

  return (path) => {
    if (!known.has(path)) known.set(path, open(path));
    return known.get(path);
  };
}

/** Whether both ways find the same in the first chunk that has a place. */
function agrees(direct: DirectChunks, { offsets }: ChunkPlaces, reader: Hdf5Reader, path: string): boolean {
  const { shape, chunks = [] } = reader.header(path);
  const first = offsets.findIndex((offset) => offset >= 0);
  if (first < 0) return false;
  const start = chunkPlace(chunkGrid(shape, chunks), first).map((at, axis) => at * chunks[axis]);
  const box = { start, count: start.map((at, axis) => Math.min(chunks[axis], shape[axis] - at)) };
  const truth = reader.bytes(path, box);
  return direct.bytes(box).every((byte, i) => byte === truth[i]);
}

/** As what elements come out that are to be float32. */
function outputOf(dtype: string): Output | undefined {
  if (dtype === "float32") return "asTheyAre";
  return Object.keys(OUTPUTS).find((name): name is Output => name === dtype);
}
