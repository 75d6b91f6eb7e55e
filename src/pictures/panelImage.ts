import { type ColormapName, colormap, goesAround } from "./colormap.ts";
import type { Raster } from "./png.ts";
import { type Colour, PIXELS_PER_UNIT } from "./sheet.ts";

/** Values to be shown as an image. */
export interface PanelValues {
  /** `[y, x]`, drawn with y down. */
  readonly image: Float32Array;
  readonly height: number;
  readonly width: number;
  readonly colormap?: ColormapName;
  /** Values that differ by it are the same, in whatever colours. Default: none, or the limits' of a map that goes around. */
  readonly period?: number;
  /** `[y, x]`, 0 = not known: drawn as background, as are values that are not finite. */
  readonly mask?: ArrayLike<number>;
}

/** How an image comes to the size that it has on the sheet. */
export interface PanelSize {
  /** Pixels of the drawing for a pixel of the image, along y and x; 1 unless it is magnified. */
  readonly magnify: number;
  /** Pixels of the image that one of the drawing is the mean of, along y and x; 1 unless it is reduced. */
  readonly block: number;
  /** Units of the sheet. */
  readonly width: number;
  readonly height: number;
  /** What was done, for people: whoever looks at an image must know what is data in it. */
  readonly note: string;
}

/** Of what is not known: thin lines on a neutral ground, so that it is no colour of the data in any map. */
export interface UnknownTones {
  readonly ground: Colour;
  readonly line: Colour;
}

/** On white, and on dark pages. */
export const unknownTones: { readonly light: UnknownTones; readonly dark: UnknownTones } = {
  light: { ground: [238, 238, 236], line: [184, 184, 180] },
  dark: { ground: [34, 37, 40], line: [88, 93, 98] },
};

/** Distance of those lines in figures, pixels. */
const UNKNOWN_APART = 8 * PIXELS_PER_UNIT;

/** Whether a pixel lies on a line of what is not known, from the top left down to the right: a twelfth of them do. */
export const onUnknownLine = (down: number, right: number, apart: number): boolean =>
  12 * ((((right - down) % apart) + apart) % apart) < apart;

/**
 * Sizes of an image on the sheet: its longer side is one to two times `side` units. Small images are magnified by whole
 * numbers, smoothly, or as squares where the values go around a circle (a phase of −π is next to one of π, and nothing
 * lies between them); large ones are averaged over blocks, angles as angles.
 */
export function panelSize({ width, height, colormap: map }: PanelValues, side: number): PanelSize {
  const longer = Math.max(width, height);
  const magnify = Math.max(1, Math.ceil((side * PIXELS_PER_UNIT) / longer));
  const block = Math.max(1, Math.ceil(longer / (2 * side * PIXELS_PER_UNIT)));
  const units = (pixels: number): number => (Math.ceil(pixels / block) * magnify) / PIXELS_PER_UNIT;
  const note =
    block > 1
      ? `means of ${block} × ${block} pixels`
      : magnify === 1
        ? ""
        : goesAround(map)
          ? "pixels as squares"
          : "interpolated";
  return { magnify, block, width: units(width), height: units(height), note };
}

/** The image in its colours, at the size of the drawing. */
export function drawValues(
  panel: PanelValues,
  { magnify, block }: Pick<PanelSize, "magnify" | "block">,
  limits: readonly [low: number, high: number],
): Raster {
  const around = goesAround(panel.colormap);
  const [low, high] = limits;
  const period = panel.period ?? (around ? high - low : undefined);
  const meanOf = period === undefined ? mean : meanAround(period, (low + high) / 2);
  const values = block > 1 ? blockMeans(panel, block, meanOf) : withUnknown(panel);
  const smooth = magnify > 1 && !around;
  const [width, height] = [values.width * magnify, values.height * magnify];
  const table = colormap(panel.colormap ?? "gray");
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const value = smooth
        ? cubic(values, (y + 0.5) / magnify - 0.5, (x + 0.5) / magnify - 0.5, period)
        : values.data[Math.floor(y / magnify) * values.width + Math.floor(x / magnify)];
      data.set(Number.isNaN(value) ? unknownAt(y, x) : colourOf(table, value, limits), 3 * (y * width + x));
    }
  return { width, height, channels: 3, data };
}

const unknownAt = (y: number, x: number): Colour =>
  onUnknownLine(y, x, UNKNOWN_APART) ? unknownTones.light.line : unknownTones.light.ground;

/** The colour of a value between two limits. */
export function colourOf(table: Uint8Array, value: number, [low, high]: readonly [number, number]): Colour {
  const index = 3 * Math.round(255 * Math.min(1, Math.max(0, (value - low) / (high - low))));
  return [table[index], table[index + 1], table[index + 2]];
}

/**
 * The colour of a complex value: its phase as hue, its amplitude between two limits from black to the full colour.
 * @param hues table of that colour map
 * @param phase radians, −π to π
 */
export function complexColourOf(
  hues: Uint8Array,
  phase: number,
  amplitude: number,
  [low, high]: readonly [number, number],
): Colour {
  const value = Math.min(1, Math.max(0, (amplitude - low) / (high - low)));
  const [red, green, blue] = colourOf(hues, phase, [-Math.PI, Math.PI]);
  return [Math.round(value * red), Math.round(value * green), Math.round(value * blue)];
}

/** Values with NaN where nothing is known. */
interface Grid {
  readonly data: Float32Array;
  readonly width: number;
  readonly height: number;
}

function withUnknown({ image, mask, width, height }: PanelValues): Grid {
  const data = image.map((value, i) => (mask?.[i] === 0 || !Number.isFinite(value) ? Number.NaN : value));
  return { data, width, height };
}

/** Means of the known values of blocks; NaN where a block has none. */
function blockMeans(panel: PanelValues, block: number, meanOf: (values: Float32Array) => number): Grid {
  const from = withUnknown(panel);
  const [width, height] = [Math.ceil(panel.width / block), Math.ceil(panel.height / block)];
  const data = new Float32Array(width * height);
  const known = new Float32Array(block * block);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      let count = 0;
      for (let y = row * block; y < Math.min(panel.height, (row + 1) * block); y++)
        for (let x = column * block; x < Math.min(panel.width, (column + 1) * block); x++) {
          const value = from.data[y * panel.width + x];
          if (!Number.isNaN(value)) known[count++] = value;
        }
      data[row * width + column] = count === 0 ? Number.NaN : meanOf(known.subarray(0, count));
    }
  return { data, width, height };
}

const mean = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * The mean of values that go around: the direction of the sum of their directions, within half a period of `middle`. The
 * arithmetic mean of −3.1 and 3.1 rad would be 0, which neither is near.
 */
const meanAround =
  (period: number, middle: number) =>
  (values: Float32Array): number => {
    const turn = (2 * Math.PI) / period;
    let [along, across] = [0, 0];
    for (const value of values) {
      along += Math.cos(turn * (value - middle));
      across += Math.sin(turn * (value - middle));
    }
    return middle + Math.atan2(across, along) / turn;
  };

/**
 * Catmull-Rom interpolation, which goes through the values of the pixels; the nearest value at the image's border and
 * beside pixels that are not known. Values with a period are taken by the shorter way from the nearest one.
 */
function cubic({ data, width, height }: Grid, y: number, x: number, period?: number): number {
  const [top, left] = [Math.floor(y), Math.floor(x)];
  const nearest = data[clamped(Math.round(y), height) * width + clamped(Math.round(x), width)];
  const [down, across] = [weightsOf(y - top), weightsOf(x - left)];
  let sum = 0;
  for (let i = 0; i < 4; i++)
    for (let j = 0; j < 4; j++) {
      const value = data[clamped(top + i - 1, height) * width + clamped(left + j - 1, width)];
      const turned = period === undefined ? 0 : period * Math.round((value - nearest) / period);
      sum += down[i] * across[j] * (value - turned);
    }
  return Number.isNaN(sum) ? nearest : sum;
}

const clamped = (index: number, size: number): number => Math.min(size - 1, Math.max(0, index));

function weightsOf(t: number): readonly [number, number, number, number] {
  const [t2, t3] = [t * t, t * t * t];
  return [(-t3 + 2 * t2 - t) / 2, (3 * t3 - 5 * t2 + 2) / 2, (-3 * t3 + 4 * t2 + t) / 2, (t3 - t2) / 2];
}
