import type { UnknownTones } from "../../src/pictures/panelImage.ts";
import type { Colouring } from "./look.ts";
import type { PreparedArray } from "./shownArray.ts";
import type { Placement, Size } from "./view.ts";

/** An array in its colours, at its place. Sizes are pixels of the screen. */
export interface Layer {
  readonly array: PreparedArray;
  readonly colouring: Colouring;
  readonly placement: Placement;
  /** Distance of the lines over masked pixels; those over what is not known are twice as far apart. */
  readonly hatching: number;
  /** What is not known, on the page as it is. */
  readonly unknown: UnknownTones;
}

export interface Dots {
  /** `[dot, 2]` as (y, x) in pixels of an array, pixel centres at whole numbers. */
  readonly places: Float64Array;
  readonly placement: Placement;
  /** Pixels of the screen. */
  readonly side: number;
}

/** A part of a canvas. */
export interface Region extends Size {
  readonly top: number;
  readonly left: number;
}

/** Paints numbers on 2D canvases. */
export interface Painter {
  /** The array is about to be shown; what is held for it stays until as many releases. */
  hold(array: PreparedArray): void;
  release(array: PreparedArray): void;
  /** Replaces a part of the canvas; outside the array nothing is in it. */
  paint(layer: Layer, region: Region, to: CanvasRenderingContext2D): void;
  /** Over what is there. */
  dots(dots: Dots, size: Size, to: CanvasRenderingContext2D): void;
}

/** Part of a pixel of the screen that is too small to be seen: what is left of it may be an error of rounding. */
export const SLIVER = 1e-4;

/** Where an array lies in a part of the canvas. */
export const within = ({ zoom, top, left }: Placement, region: Region): Placement => ({
  zoom,
  top: top - region.top,
  left: left - region.left,
});

/** A pixel of the screen on which a line of the hatching lies: a third of them. */
export const onHatching = (down: number, right: number, distance: number): boolean =>
  3 * ((down + right) % distance) < distance;
