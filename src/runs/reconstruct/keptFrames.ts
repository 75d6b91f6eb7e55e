import type { Patterns } from "../../data/dataset.ts";
import { KEPT_BYTES } from "../../engines/preparedFrames.ts";
import type { Amplitudes, Shelf } from "../../engines/scan.ts";
import { type MakeScratch, readInto } from "../../formats/byteSource.ts";
import { gigabytes, patternMemory } from "../memory.ts";

type Sizes = Pick<Amplitudes, "count" | "height" | "width">;

/** Of patterns that stay in their file so much is in memory, however many they are. */
export const KEPT_OF_FILE: number = 2 ** 27;

/** Part of the free room that frames may take on a disk: what the run writes, and others, need some too. */
const SHARE_OF_ROOM = 0.5;

/** How the frames of all epochs are kept once they are prepared. */
export interface KeptFrames {
  /** Bytes of those that may be in memory. */
  readonly inMemory: number;
  /** Bytes of those that are on the disk instead; 0 where there is room in memory, or none on the disk. */
  readonly onDisk: number;
}

/**
 * Who has all patterns in memory has room for them twice; else, and of more, they go to the disk.
 * @param free bytes on the disk that there are for it; undefined where there is none, or nobody knows
 */
export function keptFrames(amplitudes: Sizes, patterns: Patterns, free: number | undefined): KeptFrames {
  const bytes = bytesOf(amplitudes);
  const most = patternMemory(patterns) > 0 ? KEPT_BYTES : KEPT_OF_FILE;
  if (bytes > most && free !== undefined && bytes <= SHARE_OF_ROOM * free)
    return { inMemory: KEPT_OF_FILE, onDisk: bytes };
  return { inMemory: KEPT_BYTES, onDisk: 0 };
}

const bytesOf = ({ count, height, width }: Sizes): number => 4 * count * height * width;

/** What is in memory of frames whose object pixels are so many times as large. */
export function keptInMemory(amplitudes: Sizes, { inMemory }: KeptFrames, coarse: number): number {
  const bytes = bytesOf(amplitudes) / coarse ** 2;
  return bytes <= inMemory ? bytes : 0;
}

/** What is to be said of it. */
export function keptWarnings(
  amplitudes: Sizes,
  { inMemory, onDisk }: KeptFrames,
  free: number | undefined,
): readonly string[] {
  const bytes = bytesOf(amplitudes);
  if (onDisk > 0 || bytes <= inMemory) return [];
  const room = free === undefined ? "of which there is none here" : `of which ${gigabytes(free)} are free`;
  return [
    `patterns are prepared anew in every epoch, which takes longer: prepared they are ${gigabytes(bytes)}, too many for memory and for more than half of the disk, ${room}`,
  ];
}

/** Amplitudes that are kept so. */
export function keptAmplitudes(amplitudes: Amplitudes, kept: KeptFrames, scratch: MakeScratch): Amplitudes {
  const { inMemory, onDisk } = kept;
  const shelf = (frames: number, pixels: number): Shelf => shelfOn(scratch, frames, pixels);
  return { ...amplitudes, keeping: { inMemory, ...(onDisk > 0 ? { shelf } : {}) } };
}

function shelfOn(scratch: MakeScratch, frames: number, pixels: number): Shelf {
  const file = scratch(4 * frames * pixels, "patterns as the engines take them");
  const source = file.source();
  const frame = new Float32Array(pixels);
  const bytes = new Uint8Array(frame.buffer);
  return {
    append: (values) => file.write(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
    get(place) {
      readInto(source, place * bytes.length, bytes);
      return frame;
    },
    remove: () => file.remove(),
  };
}
