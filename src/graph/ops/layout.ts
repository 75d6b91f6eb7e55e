import { sizeOf } from "../../arrays.ts";
import { PtychonautError } from "../../errors.ts";
import { broadcastShapes, normaliseAxes, sameShape } from "../shapes.ts";
import { shapeError, type Tensor } from "../tensor.ts";

/** Operators that move values without changing them. */

/** One extent may be −1: it takes what is left. */
export function reshape(x: Tensor, shape: readonly number[]): Tensor {
  const known = shape.reduce((product, extent) => (extent === -1 ? product : product * extent), 1);
  const full = shape.map((extent) => (extent === -1 ? x.size / known : extent));
  if (sizeOf(full) !== x.size || full.some((extent) => !Number.isInteger(extent))) {
    throw shapeError("Reshape", `${x.size} elements for [${shape.join(", ")}]`, x);
  }
  if (sameShape(full, x.shape)) return x;
  return x.graph.emit("Reshape", [x, x.graph.int64(full)], {}, [{ shape: full, dtype: x.dtype }])[0];
}

export function transpose(x: Tensor, perm: readonly number[]): Tensor {
  const axes = normaliseAxes("Transpose", perm, x.rank);
  if (axes.length !== x.rank || new Set(axes).size !== x.rank) {
    throw shapeError("Transpose", `a permutation of ${x.rank} axes instead of [${perm.join(", ")}]`, x);
  }
  if (axes.every((axis, i) => axis === i)) return x;
  return x.graph.emit("Transpose", [x], { perm: axes }, [{ shape: axes.map((a) => x.shape[a]), dtype: x.dtype }])[0];
}

/** Broadcasts to a shape. */
export function expand(x: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(broadcastShapes("Expand", x.shape, shape), x.shape)) return x;
  if (!sameShape(broadcastShapes("Expand", x.shape, shape), shape))
    throw shapeError("Expand", `[${shape.join(", ")}]`, x);
  return x.graph.emit("Expand", [x, x.graph.int64(shape)], {}, [{ shape: [...shape], dtype: x.dtype }])[0];
}

export function concat(parts: readonly Tensor[], axis: number): Tensor {
  const first = parts[0];
  if (parts.length === 1) return first;
  const [at] = normaliseAxes("Concat", [axis], first.rank) as [number];
  for (const part of parts) {
    if (part.rank !== first.rank || part.shape.some((extent, i) => i !== at && extent !== first.shape[i])) {
      throw shapeError("Concat", `equal extents but along axis ${at}`, ...parts);
    }
  }
  const shape = first.shape.map((extent, i) => (i === at ? parts.reduce((n, part) => n + part.shape[at], 0) : extent));
  return first.graph.emit("Concat", parts, { axis: at }, [{ shape, dtype: first.dtype }])[0];
}

export interface SliceRange {
  readonly axis: number;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  /** Default 1. */
  readonly step?: number;
}

/** A block of the tensor; starts and ends count from the front. */
export function slice(x: Tensor, ranges: readonly SliceRange[]): Tensor {
  const shape = [...x.shape];
  const effective = ranges
    .map((range) => ({ ...range, step: range.step ?? 1, axis: normaliseAxes("Slice", [range.axis], x.rank)[0] }))
    .filter(({ axis, start, end, step }) => !(start === 0 && end === x.shape[axis] && step === 1));
  for (const { axis, start, end, step } of effective) {
    if (!(start >= 0 && start < end && end <= x.shape[axis] && step >= 1)) {
      throw shapeError("Slice", `a range inside axis ${axis} instead of ${start}:${end}:${step}`, x);
    }
    shape[axis] = Math.ceil((end - start) / step);
  }
  if (effective.length === 0) return x;
  const list = (key: "start" | "end" | "axis" | "step"): Tensor => x.graph.int64(effective.map((range) => range[key]));
  return x.graph.emit("Slice", [x, list("start"), list("end"), list("axis"), list("step")], {}, [
    { shape, dtype: x.dtype },
  ])[0];
}

/** Zeros around the last axes: `padding` is `[before, after]` for each of them. */
export function pad(x: Tensor, padding: readonly (readonly [number, number])[]): Tensor {
  const skipped = x.rank - padding.length;
  if (skipped < 0) throw shapeError("Pad", `at least ${padding.length} axes`, x);
  const full = [...Array.from({ length: skipped }, () => [0, 0] as const), ...padding];
  if (full.every(([before, after]) => before === 0 && after === 0)) return x;
  if (full.some(([before, after]) => before < 0 || after < 0)) {
    throw new PtychonautError("shape", "Pad: padding cannot be negative; use slice to crop");
  }
  const pads = x.graph.int64([...full.map(([before]) => before), ...full.map(([, after]) => after)]);
  const shape = x.shape.map((extent, axis) => extent + full[axis][0] + full[axis][1]);
  return x.graph.emit("Pad", [x, pads], { mode: "constant" }, [{ shape, dtype: x.dtype }])[0];
}
