import { type Alignment, restricted } from "./align.ts";
import type { GaugeOptions } from "./gauge.ts";
import type { ComplexImage } from "./image.ts";
import { sampleMask, sampleWindow } from "./resample.ts";

/** An aligned reconstruction on the reference's pixels. */
export interface InReferenceFrame {
  /** `[H, W]` of the reference; 0 where nothing is known. */
  readonly image: ComplexImage;
  /** Row-major, 1 where the reconstruction and the reference are known. */
  readonly known: Uint8Array;
}

/** Brings an aligned reconstruction onto the reference's pixels, by interpolation where it lies between them. */
export function inReferenceFrame(
  { aligned, covered, gauge }: Alignment,
  shape: readonly [height: number, width: number],
): InReferenceFrame {
  const origin = [0 - gauge.origin[0], 0 - gauge.origin[1]] as const;
  const known = sampleMask(covered, aligned.shape, origin, shape);
  const { image } = sampleWindow(aligned, origin, shape);
  return { image: { shape, data: image.data.map((value, i) => (known[i >> 1] === 1 ? value : 0)) }, known };
}

/** The reference's pixels that all masks have; all of them where there is no mask. */
export function commonArea(masks: readonly Uint8Array[], pixels: number): Uint8Array {
  return masks.reduce((common, mask) => common.map((value, i) => value & mask[i]), new Uint8Array(pixels).fill(1));
}

/**
 * What an alignment compares, on the reference's pixels: every pixel at the nearest one. {@link overArea} takes the same
 * way back, so that the area of a single reconstruction is its own.
 */
export function areaInReference(
  { covered, source, gauge }: Alignment,
  [height, width]: readonly [height: number, width: number],
): Uint8Array {
  const area = new Uint8Array(height * width);
  eachPixel(source.shape, gauge.origin, [height, width], (own, there) => {
    area[there] = covered[own];
  });
  return area;
}

/**
 * An alignment over an area of the reference: the gauge is fitted again over the pixels that are left.
 * @throws PtychonautError "usage" when too little is left
 */
export function overArea(
  alignment: Alignment,
  area: Uint8Array,
  shape: readonly [height: number, width: number],
  gauge?: GaugeOptions,
): Alignment {
  const keep = new Uint8Array(alignment.covered.length);
  eachPixel(alignment.source.shape, alignment.gauge.origin, shape, (own, there) => {
    keep[own] = area[there];
  });
  return restricted(alignment, keep, gauge);
}

/** Every pixel of an image at `origin`, with the pixel of the reference that is nearest to it. */
function eachPixel(
  [rows, columns]: readonly [number, number],
  origin: readonly [row: number, column: number],
  [height, width]: readonly [number, number],
  visit: (own: number, there: number) => void,
): void {
  const [top, left] = origin.map(Math.round);
  for (let i = Math.max(0, -top); i < Math.min(rows, height - top); i++)
    for (let j = Math.max(0, -left); j < Math.min(columns, width - left); j++)
      visit(i * columns + j, (i + top) * width + j + left);
}
