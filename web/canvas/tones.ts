import { type UnknownTones, unknownTones } from "../../src/pictures/panelImage.ts";

const known = new Map<string, UnknownTones>();

/** How what is not known looks on a page with text of a colour: light text is on a dark one. */
export function tonesBeside(text: string): UnknownTones {
  const tones = known.get(text) ?? unknownTones[isLight(text) ? "dark" : "light"];
  known.set(text, tones);
  return tones;
}

/** @param colour in any words that style sheets know */
function isLight(colour: string): boolean {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  if (context === null) return false;
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 127;
}
