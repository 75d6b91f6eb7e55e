/** A few numbers of every frame: how its light lies on the detector, coarsely. */
export interface FrameFeatures {
  readonly count: number;
  /** Cells along an axis; a cell is a block of the detector. */
  readonly cells: number;
  /** `[frame, cell]`: Σ over the cell's valid pixels of the values as they are stored. */
  readonly sums: Float32Array;
  /** The same of the squared values. */
  readonly energies: Float32Array;
}

/** Cells along an axis: enough to tell neighbours from others. */
const CELLS = 16;
/** Of longer scans there are fewer. */
const LONG = 16_384;

export interface FeatureTally {
  add(data: ArrayLike<number>): void;
  finish(): FrameFeatures;
}

/** @param mask `[y, x]`, 0 = not valid */
export function featureTally(
  { count, height, width }: { readonly count: number; readonly height: number; readonly width: number },
  mask?: ArrayLike<number>,
): FeatureTally {
  const size = height * width;
  const cells = Math.max(1, Math.min(count > LONG ? CELLS / 2 : CELLS, height, width));
  const cellOf = Int32Array.from(
    { length: size },
    (_, i) => Math.floor((Math.floor(i / width) * cells) / height) * cells + Math.floor(((i % width) * cells) / width),
  );
  const sums = new Float32Array(count * cells * cells);
  const energies = new Float32Array(count * cells * cells);
  let frame = 0;
  return {
    add(data) {
      for (let start = 0; start < data.length; start += size, frame++) {
        const first = frame * cells * cells;
        for (let i = 0; i < size; i++) {
          const value = data[start + i];
          if (!(value > 0 && value < Number.POSITIVE_INFINITY) || mask?.[i] === 0) continue;
          sums[first + cellOf[i]] += value;
          energies[first + cellOf[i]] += value * value;
        }
      }
    },
    finish: () => ({ count, cells, sums, energies }),
  };
}
