import type { NumericData } from "../../npy.ts";
import type { Box } from "../reader.ts";

/** The numbers of a box, row-major. */
export interface BoxOf<T> extends Box {
  readonly data: T;
}

/**
 * Copies the part that two boxes of one array have in common, in stretches as long as they come.
 * @param unit numbers that an element has
 */
export function copyBox(from: BoxOf<NumericData>, to: BoxOf<Uint8Array | Float32Array>, part: Box, unit: number): void {
  const { start, count } = part;
  // Axes behind this one are whole in both.
  let axis = count.length - 1;
  while (axis > 0 && count[axis] === from.count[axis] && count[axis] === to.count[axis]) axis--;
  const [fromSteps, toSteps] = [stepsOf(from.count, unit), stepsOf(to.count, unit)];
  const length = count[axis] * fromSteps[axis];
  const copy = (depth: number, fromAt: number, toAt: number): void => {
    const [a, b] = [start[depth] - from.start[depth], start[depth] - to.start[depth]];
    if (depth === axis) {
      const first = fromAt + a * fromSteps[axis];
      to.data.set(from.data.subarray(first, first + length), toAt + b * toSteps[axis]);
      return;
    }
    for (let k = 0; k < count[depth]; k++)
      copy(depth + 1, fromAt + (a + k) * fromSteps[depth], toAt + (b + k) * toSteps[depth]);
  };
  copy(0, 0, 0);
}

/** Numbers from one element to the next along each axis. */
function stepsOf(extents: readonly number[], unit: number): number[] {
  const steps = new Array<number>(extents.length);
  let step = unit;
  for (let axis = extents.length - 1; axis >= 0; axis--) {
    steps[axis] = step;
    step *= extents[axis];
  }
  return steps;
}
