import { PtychonautError } from "../errors.ts";
import type { Rectangle } from "../metrics/image.ts";

/**
 * The scan of the grid-lines benchmark of PtychoPINN: square windows that hold a group of gridsize × gridsize patches,
 * `offset` pixels apart, are laid over each image at every `outerOffset / 2` pixels. Images lie below one another in one
 * object, whole and without overlap, so that no window sees two of them.
 */
export interface GridGeometry {
  /** Side of an image, object pixels. */
  readonly size: number;
  /** Side of a patch. */
  readonly n: number;
  readonly gridsize: number;
  readonly images: number;
  /** Distance between the patches of a group. */
  readonly offset: number;
  /** Twice the distance between groups; stitching keeps the middle `outerOffset / 2` pixels of a patch. */
  readonly outerOffset: number;
}

/** Distance between the patches of a group and, halved, between groups, as published. */
export const gridOffsets = { offset: 4, outerTrain: 8, outerTest: 20 } as const;

/** Groups along each axis of an image. @throws PtychonautError "usage" when not even one fits */
export function groupsPerAxis(geometry: GridGeometry): number {
  const { size, n, gridsize, offset } = geometry;
  const window = n + (gridsize - 1) * offset;
  if (window > size) {
    throw new PtychonautError("usage", "the benchmark's image is smaller than one group of patches", {
      expected: `a size of at least ${window}`,
      got: `${size}`,
    });
  }
  return Math.floor((size - window) / stepOf(geometry)) + 1;
}

/** Distance between neighbouring groups, and side of the tile that a patch gives to the stitched image. */
export const stepOf = ({ outerOffset }: GridGeometry): number => outerOffset / 2;

/**
 * Where the patches are, image by image, row by row; a patch that several groups share is there once.
 * @returns `[patch, 2]`, window centres as (y, x) in pixels of the stacked object
 */
export function gridPositions(geometry: GridGeometry): Float64Array {
  const { size, n, images } = geometry;
  const centres = patchCorners(geometry).map((corner) => corner + Math.floor(n / 2));
  const positions: number[] = [];
  for (let image = 0; image < images; image++) {
    for (const y of centres) for (const x of centres) positions.push(y + image * size, x);
  }
  return Float64Array.from(positions);
}

/** First pixels of the patches along one axis of an image, ascending, each once. */
function patchCorners(geometry: GridGeometry): number[] {
  const corners = new Set<number>();
  for (let group = 0; group < groupsPerAxis(geometry); group++) {
    for (let k = 0; k < geometry.gridsize; k++) corners.add(group * stepOf(geometry) + k * geometry.offset);
  }
  return [...corners].sort((a, b) => a - b);
}

/**
 * The part of the stacked object that the middle tiles of an image's patches cover. With gridsize 1 they tile it without
 * gaps and overlaps.
 */
export function stitchedRectangle(geometry: GridGeometry, image: number): Rectangle {
  const { size, n, gridsize, offset } = geometry;
  const tile = stepOf(geometry);
  const first = Math.floor(n / 2) - Math.floor(tile / 2);
  const side = (groupsPerAxis(geometry) - 1) * tile + (gridsize - 1) * offset + tile;
  return { top: image * size + first, left: first, height: side, width: side };
}
