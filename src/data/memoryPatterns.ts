import { PtychonautError } from "../errors.ts";
import type { Patterns } from "./dataset.ts";

/** Number types that patterns arrive in from files and detectors. */
export type PatternArray = Float32Array | Float64Array | Uint8Array | Uint16Array | Uint32Array | Int32Array;

/**
 * Patterns over one array in memory, `[frame, y, x]` row-major, zero frequency at the centre. Keeps the array, does not
 * copy it. Integers are widened to float32 as they are read, so counts above 65535 cannot wrap.
 *
 * @throws PtychonautError "shape" when the array does not hold count·height·width numbers.
 */
export function memoryPatterns(
  data: PatternArray,
  shape: readonly [count: number, height: number, width: number],
): Patterns {
  const [count, height, width] = shape;
  const size = height * width;
  if (data.length !== count * size) {
    throw new PtychonautError("shape", "patterns do not fill their shape", {
      expected: `${count * size} numbers for [${count}, ${height}, ${width}]`,
      got: `${data.length}`,
    });
  }
  return {
    count,
    height,
    width,
    origin: { kind: "memory" },
    read(indices: ArrayLike<number>, out: Float32Array): void {
      checkRead(indices, out, shape);
      for (let k = 0; k < indices.length; k++) {
        const frame = indices[k];
        out.set(data.subarray(frame * size, (frame + 1) * size), k * size);
      }
    },
  };
}

/**
 * What every `Patterns.read` refuses.
 * @throws PtychonautError "shape" for an output of another length, "usage" for a frame that is not there
 */
export function checkRead(
  indices: ArrayLike<number>,
  out: Float32Array,
  [count, height, width]: readonly [count: number, height: number, width: number],
): void {
  if (out.length !== indices.length * height * width) {
    throw new PtychonautError("shape", "output of a pattern read has the wrong length", {
      expected: `${indices.length * height * width}`,
      got: `${out.length}`,
    });
  }
  for (let k = 0; k < indices.length; k++) {
    const frame = indices[k];
    if (frame >= 0 && frame < count) continue;
    throw new PtychonautError("usage", "no such frame", { expected: `0 … ${count - 1}`, got: `${frame}` });
  }
}
