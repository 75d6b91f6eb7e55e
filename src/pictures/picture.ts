import { forEachDot, textWidth } from "./font.ts";
import type { Raster } from "./png.ts";

export type Colour = readonly [red: number, green: number, blue: number];

/** A white sheet to draw a figure on. Coordinates are pixels from the top left; what falls outside is cut off. */
export interface Picture extends Raster {
  readonly channels: 3;
  readonly data: Uint8Array;
}

export function createPicture(width: number, height: number): Picture {
  return { width, height, channels: 3, data: new Uint8Array(width * height * 3).fill(255) };
}

export function fillRectangle(
  picture: Picture,
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
  colour: Colour,
): void {
  const right = Math.min(picture.width, x + width);
  const bottom = Math.min(picture.height, y + height);
  for (let i = Math.max(0, y); i < bottom; i++)
    for (let j = Math.max(0, x); j < right; j++) picture.data.set(colour, 3 * (i * picture.width + j));
}

/** Draws one line of text; (x, y) is the top left, top centre or top right of its capital letters. */
export function drawText(
  picture: Picture,
  text: string,
  { x, y, size, align = "left" }: { x: number; y: number; size: number; align?: "left" | "centre" | "right" },
  colour: Colour,
): void {
  const width = textWidth(text) * size;
  const left = align === "left" ? x : align === "right" ? x - width : x - Math.floor(width / 2);
  forEachDot(text, (row, column) =>
    fillRectangle(picture, { x: left + column * size, y: y + row * size, width: size, height: size }, colour),
  );
}
