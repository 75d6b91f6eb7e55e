import { PtychonautError } from "../../src/errors.ts";
import type { Parts } from "./parts.ts";

/** Picture and colour bar as they are seen, on the page's background. */
export async function pngOf({ root, picture, bar, barPicture }: Parts, ratio: number): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = picture.width + Math.round(bar.offsetWidth * ratio);
  canvas.height = picture.height;
  const context = canvas.getContext("2d");
  if (context === null) throw new PtychonautError("device", "this browser draws on no canvas");
  context.fillStyle = backgroundOf(root);
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0);
  context.drawImage(barPicture, picture.width, 0);
  return new Promise((resolve, reject) =>
    canvas.toBlob(
      (blob) => (blob === null ? reject(new PtychonautError("output", "the browser made no PNG")) : resolve(blob)),
      "image/png",
    ),
  );
}

/** The first colour behind an element that is not transparent; the browser's own for the scheme if there is none. */
function backgroundOf(element: Element | null): string {
  for (let at = element; at !== null; at = at.parentElement) {
    const { backgroundColor } = getComputedStyle(at);
    if (!/^(transparent|rgba\(.*, 0\))$/.test(backgroundColor)) return backgroundColor;
  }
  return "Canvas";
}
