import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { PictureWriter } from "../../pictures/pictureWriter.ts";
import { PIXELS_PER_UNIT } from "../../pictures/sheet.ts";
import { FONT_FAMILY, sheetToSvg } from "../../pictures/svg.ts";
import { sheetToPdf } from "./pdf.ts";

/** Figures as files in Node: SVG as it is, PNG by resvg, PDF by PDFKit, the last two set in a font that comes along. */
export const pictureWriter: PictureWriter = {
  async write(sheet, format) {
    if (format === "svg") return new TextEncoder().encode(sheetToSvg(sheet));
    if (format === "pdf") return sheetToPdf(sheet, await font());
    const { Resvg } = await rasteriser();
    const drawing = new Resvg(sheetToSvg(sheet), {
      fitTo: { mode: "zoom", value: PIXELS_PER_UNIT },
      font: { fontBuffers: [await font()], defaultFontFamily: FONT_FAMILY },
    });
    try {
      return drawing.render().asPng();
    } finally {
      drawing.free();
    }
  },
};

const resolve = createRequire(import.meta.url).resolve;

const font = once(() => readFile(resolve("@expo-google-fonts/open-sans/400Regular/OpenSans_400Regular.ttf")));

const rasteriser = once(async () => {
  const resvg = await import("@resvg/resvg-wasm");
  await resvg.initWasm(await readFile(resolve("@resvg/resvg-wasm/index_bg.wasm")));
  return resvg;
});

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
