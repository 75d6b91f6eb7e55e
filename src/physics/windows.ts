import { type Complex, each } from "../graph/complex.ts";
import { add, mul, sub } from "../graph/ops/elementwise.ts";
import { gather } from "../graph/ops/indexing.ts";
import { reshape, slice } from "../graph/ops/layout.ts";
import { shapeError, type Tensor } from "../graph/tensor.ts";

/** Where windows lie on a canvas of H × W pixels, as graph inputs. */
export interface WindowInputs {
  /** int64, the number of each pixel of a window on the canvas: `[B, h w]`, or `[B, (h + 1) (w + 1)]` beside fractions. */
  readonly pixels: Tensor;
  /** `[B, 2]`, (y, x) in [0, 1]: how far between pixels each window lies. Absent: on whole pixels. */
  readonly fractions?: Tensor;
}

/**
 * Windows of a canvas, R_j O: pixels picked by number, and between pixels weighed bilinearly. The gradient adds windows up
 * where they overlap, and reaches the fractions too.
 *
 * @param canvas `[H W]`
 * @returns `[B, h, w]`
 */
export function cutWindows(
  canvas: Complex,
  { pixels, fractions }: WindowInputs,
  [height, width]: readonly [height: number, width: number],
): Complex {
  const [frames, picked] = pixels.shape as [number, number];
  const rim = fractions === undefined ? 0 : 1;
  if (picked !== (height + rim) * (width + rim))
    throw shapeError("windows", `${(height + rim) * (width + rim)} pixels each`, pixels);
  return each(canvas, (part) => {
    const whole = reshape(gather(part, pixels), [frames, height + rim, width + rim]);
    return fractions === undefined ? whole : between(between(whole, fractions, 0), fractions, 1);
  });
}

/** (1 − f) a + f b of neighbours along y or x. */
function between(windows: Tensor, fractions: Tensor, axis: 0 | 1): Tensor {
  const fraction = reshape(slice(fractions, [{ axis: 1, start: axis, end: axis + 1 }]), [-1, 1, 1]);
  const extent = windows.shape[axis + 1];
  const first = slice(windows, [{ axis: axis + 1, start: 0, end: extent - 1 }]);
  const second = slice(windows, [{ axis: axis + 1, start: 1, end: extent }]);
  return add(first, mul(fraction, sub(second, first)));
}

/**
 * The pixels that `cutWindows` picks, for a graph input.
 * @param corners `[frame, 2]`: row and column of each window's first pixel
 * @param shape of a window, with its rim where there are fractions
 */
export function windowPixels(
  corners: Int32Array,
  shape: readonly [height: number, width: number],
  canvasWidth: number,
): BigInt64Array {
  const [height, width] = shape;
  const frames = corners.length / 2;
  const out = new BigInt64Array(frames * height * width);
  // As pairs of 32 bits: numbers become BigInts a hundred times slower. Every machine that this runs on is little-endian.
  const low = new Int32Array(out.buffer);
  for (let frame = 0, i = 0; frame < frames; frame++)
    for (let y = 0; y < height; y++) {
      const first = (corners[2 * frame] + y) * canvasWidth + corners[2 * frame + 1];
      for (let x = 0; x < width; x++, i += 2) low[i] = first + x;
    }
  return out;
}
