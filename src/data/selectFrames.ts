import { sizeOf } from "../arrays.ts";
import type { Dataset, Patterns } from "./dataset.ts";

/** A scan of some of a scan's frames, in the order given. The patterns are not copied. */
export function selectFrames(dataset: Dataset, frames: readonly number[]): Dataset {
  const { positions, nominalPositions, patches, scanIndex, frameIntensities, skipped, energies } = dataset;
  return {
    ...dataset,
    patterns: selectedPatterns(dataset.patterns, frames),
    positions: Float64Array.from(rows(positions, 2, frames)),
    ...(nominalPositions === undefined
      ? {}
      : { nominalPositions: Float64Array.from(rows(nominalPositions, 2, frames)) }),
    ...(scanIndex === undefined ? {} : { scanIndex: Int32Array.from(rows(scanIndex, 1, frames)) }),
    // They are counted anew, as the frames are.
    ...(skipped === undefined ? {} : { skipped: places(skipped, frames) }),
    ...(energies === undefined ? {} : { energies: Float64Array.from(rows(energies, 1, frames)) }),
    ...(frameIntensities === undefined
      ? {}
      : { frameIntensities: Float64Array.from(rows(frameIntensities, 1, frames)) }),
    ...(patches === undefined
      ? {}
      : {
          patches: {
            shape: [frames.length, ...patches.shape.slice(1)],
            data: Float32Array.from(rows(patches.data, 2 * sizeOf(patches.shape.slice(1)), frames)),
          },
        }),
  };
}

function places(some: readonly number[], frames: readonly number[]): number[] {
  const wanted = new Set(some);
  return frames.flatMap((frame, place) => (wanted.has(frame) ? [place] : []));
}

/** Some of the patterns, in the order given; nothing is copied. */
export function selectedPatterns(patterns: Patterns, frames: readonly number[]): Patterns {
  return {
    count: frames.length,
    height: patterns.height,
    width: patterns.width,
    origin: { kind: "selected", patterns, frames },
    read: (indices, out) =>
      patterns.read(
        Array.from(indices, (index) => frames[index]),
        out,
      ),
  };
}

/** The numbers of some rows of `length` numbers each. */
function* rows(data: ArrayLike<number>, length: number, frames: readonly number[]): Generator<number> {
  for (const frame of frames) for (let i = 0; i < length; i++) yield data[frame * length + i];
}
