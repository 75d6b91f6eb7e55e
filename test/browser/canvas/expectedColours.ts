import { colormap } from "../../../src/pictures/colormap.ts";
import { colourOf, complexColourOf, unknownTones } from "../../../src/pictures/panelImage.ts";
import { hatchInk } from "../../../src/pictures/sheet.ts";
import type { Colouring } from "../../../web/canvas/look.ts";
import type { MadeArray } from "./arrays.ts";

/** A canvas that is to show an array: a pixel of it at the top left and the zoom, in pixels of the screen. */
export interface Shown {
  readonly array: MadeArray;
  readonly colouring: Colouring;
  readonly height: number;
  readonly width: number;
  readonly zoom: number;
  /** Of the array's corner. */
  readonly top: number;
  readonly left: number;
  /** Distance of the lines over masked pixels. */
  readonly hatching: number;
  /** Whether the page is dark. */
  readonly dark?: boolean;
}

/** How far, in parts of the range between the limits, float32 and a device's functions may be off: a quarter of a colour. */
const OFF = 0.25 / 255;

/** Pixels that have neither the colour of their numbers nor one next to it within what rounding may do. */
export function wrongPixels(shown: Shown, pixels: ArrayLike<number>): string[] {
  const wrong: string[] = [];
  for (let row = 0; row < shown.height; row++)
    for (let column = 0; column < shown.width; column++) {
      const at = 4 * (row * shown.width + column);
      const got = Array.from({ length: 4 }, (_, c) => pixels[at + c]);
      const allowed = coloursAt(shown, row, column);
      if (!allowed.some((colour) => colour.every((value, c) => value === got[c])))
        wrong.push(`${row}, ${column}: ${got} is none of ${allowed.join(" | ")}`);
    }
  return wrong;
}

type Rgba = readonly number[];

function coloursAt(
  { array, colouring, zoom, top, left, hatching, dark }: Shown,
  row: number,
  column: number,
): readonly Rgba[] {
  const [height, width] = array.shape;
  const [down, right] = [row - top, column - left];
  if (down < 0 || right < 0 || down + 0.5 >= height * zoom || right + 0.5 >= width * zoom) return [[0, 0, 0, 0]];
  const covered = zoom < 1 ? parts(down, right, zoom, array) : nearest(down, right, zoom, array);
  const sums = new Map<string, number>();
  const add = (name: string, value: number): void => {
    sums.set(name, (sums.get(name) ?? 0) + value);
  };
  for (const { i, part } of covered) {
    const [re, im] = array.complex ? [array.data[2 * i], array.data[2 * i + 1]] : [array.data[i], 0];
    const kind =
      array.known?.[i] === 0 || !Number.isFinite(re) ? "unknown" : array.mask?.[i] === 0 ? "masked" : "shown";
    add(kind, part);
    if (kind === "unknown" || (kind === "masked" && zoom < 1)) continue;
    add("counted", part);
    add("re", part * re);
    add("im", part * im);
    add("magnitude", part * (array.complex ? Math.hypot(re, im) : re));
  }
  const shown = sums.get("shown") ?? 0;
  const counted = sums.get("counted") ?? 0;
  const mean = (name: string): number => (sums.get(name) ?? 0) / counted;
  // A line for twelve pixels, down to the right.
  const thin = (((right - down) % (2 * hatching)) + 2 * hatching) % (2 * hatching) < hatching / 6;
  const unknownInk = unknownTones[dark ? "dark" : "light"][thin ? "line" : "ground"];
  const ownColours =
    counted * Math.min(1, zoom * zoom) < 1e-4
      ? [unknownInk]
      : coloursOf(colouring, mean("magnitude"), Math.atan2(mean("im"), mean("re")));
  const inked = (sums.get("masked") ?? 0) > shown && 3 * ((down + right) % hatching) < hatching;
  return (inked ? [hatchInk] : ownColours).map((rgb) => [...rgb, 255]);
}

interface Part {
  readonly i: number;
  readonly part: number;
}

const nearest = (down: number, right: number, zoom: number, { shape: [, width] }: MadeArray): Part[] => [
  { i: Math.floor((down + 0.5) / zoom) * width + Math.floor((right + 0.5) / zoom), part: 1 },
];

/** Which part of a pixel of the screen each of the array's covers, up to a factor. */
function parts(down: number, right: number, zoom: number, { shape: [height, width] }: MadeArray): Part[] {
  const out: Part[] = [];
  const overlap = (index: number, at: number): number =>
    Math.max(0, Math.min(index + 1, (at + 1) / zoom) - Math.max(index, at / zoom));
  for (let y = Math.floor(down / zoom); y < Math.min(height, (down + 1) / zoom); y++)
    for (let x = Math.floor(right / zoom); x < Math.min(width, (right + 1) / zoom); x++)
      out.push({ i: y * width + x, part: overlap(y, down) * overlap(x, right) });
  return out;
}

function coloursOf(
  { quantity, colormap: name, limits, log }: Colouring,
  magnitude: number,
  phase: number,
): readonly Rgba[] {
  const table = colormap(name);
  const [low, high] = limits;
  if (quantity === "phase") return [-OFF, 0, OFF].map((off) => colourOf(table, phase + off * (high - low), limits));
  const t = log ? Math.log(magnitude / low) / Math.log(high / low) : (magnitude - low) / (high - low);
  if (quantity !== "complex") return [-OFF, 0, OFF].map((off) => colourOf(table, t + off, [0, 1]));
  return [-OFF, 0, OFF].flatMap((off) =>
    [-OFF, 0, OFF].map((turn) => complexColourOf(table, phase + 2 * Math.PI * turn, t + off, [0, 1])),
  );
}
