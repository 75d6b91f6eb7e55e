import type { ComplexArray } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import { extractPatch } from "../optics/sampling.ts";
import type { Dataset } from "./dataset.ts";
import { scanOf, startsOf } from "./frameNumbers.ts";

/** What training on labels takes for true: the file's own patches, or the object, cut at the positions as asked for. */
export interface LabelSource {
  readonly kind: "patches" | "object";
  /** `[frame, y, x]` or `[y, x]` */
  readonly array: ComplexArray;
  /** `[frame, 2]` as (y, x), window centres in the object. */
  readonly positions: Float64Array;
  /** Factor on the array that brings it to the one normalisation. */
  readonly scale: number;
}

/** Labels of some frames, `[frame, y, x]` each. */
export interface Labels {
  readonly amplitude: Float32Array;
  /** Radians, (−π, π]. */
  readonly phase: Float32Array;
  /** 1, or 0 where a window reaches beyond the object and nothing is known. */
  readonly known: Float32Array;
}

/**
 * The labels that a scan has, as the file scales them.
 * @throws PtychonautError "data" when it has none, or only amplitudes
 */
export function labelSource({ name, patches, object, positions, labelProblem: problem }: Dataset): LabelSource {
  if (patches !== undefined) return { kind: "patches", array: patches, positions, scale: 1 };
  const labelProblem =
    problem ?? (object !== undefined && isConstant(object) ? "an object without structure" : undefined);
  if (object !== undefined && labelProblem === undefined) return { kind: "object", array: object, positions, scale: 1 };
  throw new PtychonautError("data", "the scan has no labels to train on", {
    where: name,
    expected: "complex patches Y or label (n, N, N), or a complex objectGuess to cut them from",
    ...(labelProblem === undefined ? {} : { got: labelProblem }),
    fix: "add the object or the patches to the file, or leave model_type at pinn, which needs no labels",
  });
}

/** Files hold a constant object where none is known. */
const isConstant = ({ data }: ComplexArray): boolean => data.every((value, i) => value === data[i & 1]);

/**
 * Cuts the labels of some frames: bilinear between the object's pixels.
 * @param sources one a scan
 * @param frames of several scans numbered through
 * @param n side of a patch
 */
export function labelsOf(sources: readonly LabelSource[], frames: ArrayLike<number>, n: number): Labels {
  const starts = startsOf(sources.map(({ positions }) => ({ count: positions.length / 2 })));
  const size = n * n;
  const amplitude = new Float32Array(frames.length * size);
  const phase = new Float32Array(frames.length * size);
  const known = new Float32Array(frames.length * size).fill(1);
  const patch = new Float64Array(2 * size);
  for (let k = 0; k < frames.length; k++) {
    const scan = scanOf(starts, frames[k]);
    const [source, frame] = [sources[scan], frames[k] - starts[scan]];
    labelPatch(source, frame, n, patch);
    for (let i = 0; i < size; i++) {
      amplitude[k * size + i] = Math.hypot(patch[2 * i], patch[2 * i + 1]);
      phase[k * size + i] = Math.atan2(patch[2 * i + 1], patch[2 * i]);
    }
    if (source.kind === "object") markUnknown(source, frame, n, known.subarray(k * size, (k + 1) * size));
  }
  return { amplitude, phase, known };
}

/** One frame's complex label, scaled, into `out`, interleaved `[n, n]`. */
export function labelPatch(
  { kind, array, positions, scale }: LabelSource,
  frame: number,
  n: number,
  out: Float64Array,
): void {
  if (kind === "patches") out.set(array.data.subarray(2 * n * n * frame, 2 * n * n * (frame + 1)));
  else extractPatch(array, positions[2 * frame], positions[2 * frame + 1], n, out);
  for (let i = 0; i < out.length; i++) out[i] *= scale;
}

/** Zero where a pixel's interpolation takes anything from beyond the object. */
function markUnknown({ array, positions }: LabelSource, frame: number, n: number, known: Float32Array): void {
  const half = Math.floor(n / 2);
  const inside = (axis: 0 | 1, i: number): boolean => {
    const at = positions[2 * frame + axis] - half + i;
    return at >= 0 && at <= array.shape[axis] - 1;
  };
  for (let i = 0; i < n; i++) {
    const row = inside(0, i);
    for (let j = 0; j < n; j++) if (!row || !inside(1, j)) known[i * n + j] = 0;
  }
}
