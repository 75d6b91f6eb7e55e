import type { Sheet } from "./sheet.ts";

/** Formats that a figure can be written in. */
export const PICTURE_FORMATS = ["png", "svg", "pdf"] as const;
export type PictureFormat = (typeof PICTURE_FORMATS)[number];

/** Turns figures into files; what it takes to do so (a font, a rasteriser) is the home's. */
export interface PictureWriter {
  write(sheet: Sheet, format: PictureFormat): Promise<Uint8Array>;
}
