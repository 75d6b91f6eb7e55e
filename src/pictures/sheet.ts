import type { Raster } from "./png.ts";

export type Colour = readonly [red: number, green: number, blue: number];

/** What a figure is made of, in units that are pixels on a screen; x to the right, y down, from the top left. */
export type Mark =
  | {
      readonly kind: "rectangle";
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
      readonly colour: Colour;
    }
  /** One line of text; (x, y) is the left end, the middle or the right end of its base line. */
  | {
      readonly kind: "text";
      readonly text: string;
      readonly x: number;
      readonly y: number;
      readonly align: "left" | "centre" | "right";
      readonly colour: Colour;
    }
  /** A line through points. */
  | {
      readonly kind: "line";
      readonly points: readonly (readonly [x: number, y: number])[];
      readonly thickness: number;
      readonly colour: Colour;
    }
  | {
      readonly kind: "dots";
      readonly points: readonly (readonly [x: number, y: number])[];
      readonly radius: number;
      readonly colour: Colour;
    }
  /** An image that fills a rectangle; its pixels are shown as they are. */
  | {
      readonly kind: "image";
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
      readonly raster: Raster;
    };

/** A figure before it is written as PNG, SVG or PDF: marks on white, later ones over earlier ones. */
export interface Sheet {
  readonly width: number;
  readonly height: number;
  readonly marks: readonly Mark[];
}

/** Height of letters, their whole body, in units of the sheet. */
export const letter = 14;
/** From the top of capital letters to the base line. */
export const capitalHeight: number = 0.714 * letter;

/** Pixels that a PNG, and every image within a sheet, has for a unit of the sheet. */
export const PIXELS_PER_UNIT = 2;

export const ink: Colour = [38, 38, 38];
/** Of places that are marked in an image, and of lines over pixels that are masked or doubtful. */
export const dotInk: Colour = [213, 60, 40];
export const hatchInk: Colour = [213, 60, 40];

/**
 * Width of a line of text, estimated from how wide letters of a kind are: where a figure is laid out there is no font
 * at hand. Good to a tenth, which decides about a margin only.
 */
export function textWidth(text: string): number {
  let ems = 0;
  for (const character of text) ems += emsOf(character);
  return ems * letter;
}

function emsOf(character: string): number {
  if ("iljI.,:;|!' ".includes(character)) return 0.27;
  if ("frt()[]-".includes(character)) return 0.35;
  if ("mwMW%".includes(character)) return 0.9;
  return /[A-Z−+=<>~]/.test(character) ? 0.66 : 0.57;
}
