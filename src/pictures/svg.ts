import { encodePng } from "./png.ts";
import { type Colour, letter, type Mark, type Sheet } from "./sheet.ts";

/** The family that PNG and PDF files are set in; programs that open an SVG without it take the next. */
export const FONT_FAMILY = "Open Sans";

/** A figure as SVG. Text stays text, curves stay curves, images are embedded as PNG. */
export function sheetToSvg({ width, height, marks }: Sheet): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT_FAMILY}, Helvetica, Arial, sans-serif" font-size="${letter}">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...marks.map(elementOf),
    "</svg>\n",
  ].join("\n");
}

const anchors = { left: "start", centre: "middle", right: "end" } as const;

function elementOf(mark: Mark): string {
  switch (mark.kind) {
    case "rectangle":
      return `<rect ${boxOf(mark)} fill="${hex(mark.colour)}"/>`;
    case "text":
      return `<text x="${short(mark.x)}" y="${short(mark.y)}" text-anchor="${anchors[mark.align]}" fill="${hex(mark.colour)}">${escaped(mark.text)}</text>`;
    case "line":
      return `<polyline points="${pointsOf(mark.points)}" fill="none" stroke="${hex(mark.colour)}" stroke-width="${mark.thickness}" stroke-linejoin="round" stroke-linecap="round"/>`;
    case "dots": {
      // A line of no length with round ends is a dot: one element for any number of them.
      const path = mark.points.map(([x, y]) => `M${short(x)} ${short(y)}h0`).join("");
      return `<path d="${path}" fill="none" stroke="${hex(mark.colour)}" stroke-width="${2 * mark.radius}" stroke-linecap="round"/>`;
    }
    case "image":
      return `<image ${boxOf(mark)} preserveAspectRatio="none" image-rendering="optimizeSpeed" href="data:image/png;base64,${base64(encodePng(mark.raster))}"/>`;
  }
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const boxOf = ({ x, y, width, height }: Box): string =>
  `x="${short(x)}" y="${short(y)}" width="${short(width)}" height="${short(height)}"`;

const pointsOf = (points: readonly (readonly [number, number])[]): string =>
  points.map(([x, y]) => `${short(x)},${short(y)}`).join(" ");

/** A hundredth of a pixel is finer than anybody sees. */
const short = (value: number): string => String(Math.round(100 * value) / 100);

const hex = (colour: Colour): string => `#${colour.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;

/** Names out of files may hold anything: what XML forbids, control characters, is shown as a replacement character. */
const escaped = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
    .replace(/[\u0000-\u001f\u007f\ufffe\uffff]/g, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");

const PIECE = 2 ** 13;

function base64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += PIECE) binary += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(binary);
}
