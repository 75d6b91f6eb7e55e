import { PtychonautError, setting } from "../errors.ts";
import type { PictureWriter } from "../pictures/pictureWriter.ts";
import { sheetToSvg } from "../pictures/svg.ts";

/** Figures as SVG, which a page shows as they are and in its own fonts. */
export const svgPictures: PictureWriter = {
  async write(sheet, format) {
    if (format === "svg") return new TextEncoder().encode(sheetToSvg(sheet));
    throw new PtychonautError("usage", "a page writes its pictures as SVG", {
      got: format,
      fix: `say ${setting("pictureFormats", "svg")}`,
    });
  },
};
