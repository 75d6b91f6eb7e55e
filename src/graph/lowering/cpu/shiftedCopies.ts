import { concat, pad, reshape, slice } from "../../ops/layout.ts";
import type { Tensor } from "../../tensor.ts";

/**
 * `[batch, channel · taps, y · x]`: the image shifted to every tap of a kernel, zeros outside.
 * @param turned taps in reverse order
 */
export function shiftedCopies(
  x: Tensor,
  [ky, kx]: readonly [number, number],
  [py, px]: readonly [number, number],
  [height, width]: readonly [number, number],
  turned: boolean,
): Tensor {
  const [batch, channels] = x.shape as [number, number];
  const padded = pad(x, [
    [py, py],
    [px, px],
  ]);
  const copies: Tensor[] = [];
  for (let tap = 0; tap < ky * kx; tap++) {
    const at = turned ? ky * kx - 1 - tap : tap;
    const [dy, dx] = [Math.floor(at / kx), at % kx];
    const shifted = slice(padded, [
      { axis: 2, start: dy, end: dy + height },
      { axis: 3, start: dx, end: dx + width },
    ]);
    copies.push(reshape(shifted, [batch, channels, 1, height * width]));
  }
  return reshape(concat(copies, 2), [batch, channels * ky * kx, height * width]);
}
