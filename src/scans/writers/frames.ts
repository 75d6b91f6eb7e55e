import type { Dataset, Measurement } from "../../data/dataset.ts";
import type { CountType, FramesToWrite } from "./framesToWrite.ts";

/** Bytes of frames that are in memory at once. */
const BLOCK_BYTES = 2 ** 24;

/** Patterns of a Dataset, some frames at a time, each block over the one before. */
export function framesOf({ patterns, ...rest }: Dataset): FramesToWrite {
  const { count, height, width } = patterns;
  const block = Math.min(count, Math.max(1, Math.floor(BLOCK_BYTES / (4 * height * width))));
  return {
    ...rest,
    shape: [count, height, width],
    again: true,
    *frames() {
      const room = new Float32Array(block * height * width);
      for (let first = 0; first < count; first += block) {
        const indices = Array.from({ length: Math.min(block, count - first) }, (_, k) => first + k);
        const out = room.subarray(0, indices.length * height * width);
        patterns.read(indices, out);
        yield out;
      }
    },
  };
}

/** The patterns as counts or as amplitudes, whatever they are in the scan. */
export async function* framesAs(
  measurement: Measurement,
  scan: FramesToWrite,
): AsyncGenerator<Float32Array, void, void> {
  const convert = scan.measurement === measurement ? undefined : measurement === "counts" ? squared : rooted;
  for await (const frames of scan.frames()) {
    convert?.(frames);
    yield frames;
  }
}

/** The smallest type of integers that holds all counts of a scan; undefined where they are not whole. Ends as soon as it knows. */
export async function countTypeOf(scan: FramesToWrite): Promise<CountType | undefined> {
  let most = 0;
  for await (const counts of framesAs("counts", scan))
    for (let i = 0; i < counts.length; i++) {
      const count = counts[i];
      if (!(count >= 0 && count < 2 ** 32) || count !== Math.floor(count)) return undefined;
      if (count > most) most = count;
    }
  return most < 2 ** 8 ? "uint8" : most < 2 ** 16 ? "uint16" : "uint32";
}

export function rooted(counts: Float32Array): void {
  for (let i = 0; i < counts.length; i++) counts[i] = Math.sqrt(counts[i]);
}

/**
 * Amplitudes to counts, so that `rooted` gives the same amplitudes again to the last bit: the integer that an amplitude is
 * the rounded root of, else the rounded square (whose root rounds to what was squared).
 */
export function squared(amplitudes: Float32Array): void {
  for (let i = 0; i < amplitudes.length; i++) {
    const amplitude = amplitudes[i];
    const square = amplitude * amplitude;
    const count = Math.round(square);
    amplitudes[i] = Math.fround(Math.sqrt(count)) === amplitude && count < MOST_EXACT ? count : square;
  }
}

/** Integers up to this are exact in float32. */
const MOST_EXACT = 2 ** 24;
