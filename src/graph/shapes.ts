import { PtychonautError } from "../errors.ts";

/** NumPy broadcasting of several shapes. */
export function broadcastShapes(op: string, ...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    let extent = 1;
    for (const shape of shapes) {
      const own = shape[shape.length - rank + axis] ?? 1;
      if (own === 1 || own === extent) continue;
      if (extent !== 1) {
        throw new PtychonautError("shape", `${op}: shapes do not broadcast`, {
          got: shapes.map((s) => `[${s.join(", ")}]`).join(" and "),
        });
      }
      extent = own;
    }
    return extent;
  });
}

/** Axis numbers counted from the front; negative ones count from the back. */
export function normaliseAxes(op: string, axes: readonly number[], rank: number): number[] {
  return axes.map((axis) => {
    const normal = axis < 0 ? axis + rank : axis;
    if (!Number.isInteger(axis) || normal < 0 || normal >= rank) {
      throw new PtychonautError("shape", `${op}: no such axis`, {
        expected: `an axis of rank ${rank}`,
        got: String(axis),
      });
    }
    return normal;
  });
}

export const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((extent, axis) => extent === b[axis]);
