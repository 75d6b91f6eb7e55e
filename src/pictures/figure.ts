import { PtychonautError } from "../errors.ts";
import { lengthLabel } from "../optics/units.ts";
import { robustLimits, roundDown, ticks } from "./axisScale.ts";
import { colormap } from "./colormap.ts";
import { chartLeft, type LineChart, lineChartMarks } from "./lineChart.ts";
import { drawValues, type PanelSize, type PanelValues, panelSize } from "./panelImage.ts";
import type { Raster } from "./png.ts";
import {
  type Colour,
  capitalHeight,
  dotInk,
  hatchInk,
  ink,
  letter,
  type Mark,
  PIXELS_PER_UNIT,
  type Sheet,
  textWidth,
} from "./sheet.ts";

export interface Panel extends PanelValues {
  readonly title: string;
  /** Values of the colour bar's ends. Default: robust limits of the image where `mask` allows. */
  readonly limits?: readonly [low: number, high: number];
  /** Printed above the colour bar, for example "rad". */
  readonly unit?: string;
  /** Printed below the image, for example how well it fits. */
  readonly caption?: string;
  /** Places to mark, as (y, x) in pixels of the image, pixel centres at whole numbers. */
  readonly dots?: readonly (readonly [y: number, x: number])[];
  /** Lines over the image, each from one end to the other, in the same pixels. */
  readonly hatching?: readonly Stroke[];
}

/** From (y, x) to (y, x). */
export type Stroke = readonly [from: readonly [y: number, x: number], to: readonly [y: number, x: number]];

export interface FigureOptions {
  /** Side of an object pixel in metres; the scale bar is in pixels when it is unknown. */
  readonly pixelSizeM?: number;
  /** Whether panels have scale bars: not those of diffraction. Default true. */
  readonly scaleBars?: boolean;
  /** Each image's longer side on the sheet is about one to two times this, units. Default 384. */
  readonly panelSize?: number;
  /** What whoever sees the picture must know, above everything: that the result explains nothing, say. */
  readonly warning?: string;
}

const warningInk: Colour = [178, 24, 24];
const noteInk: Colour = [130, 130, 130];
const margin = 20;
const panelGap = 32;
const titleHeight = 28;
const footHeight = 40;
const captionHeight = letter + 6;
const barGap = 14;
const barWidth = 18;
const tickLength = 5;
/** Letters whose middle is beside a tick hang by this much below it. */
const halfCapital = capitalHeight / 2;

/** Panels side by side, each an image with title, colour bar and scale bar. */
export function figure(panels: readonly Panel[], options: FigureOptions = {}): Sheet {
  return figureOfRows([panels], options);
}

/**
 * Rows of panels and charts, whose columns are as wide as the widest in them; where there is neither the sheet stays
 * empty.
 * @throws PtychonautError "shape" when a panel's image has another size than it says
 */
export function figureOfRows(
  rows: readonly (readonly (Panel | LineChart | undefined)[])[],
  options: FigureOptions = {},
): Sheet {
  const cells = rows.map((row) => row.map((cell) => cell && cellOf(cell, options)));
  const columns = Array.from({ length: Math.max(...rows.map((row) => row.length)) }, (_, column) =>
    Math.max(0, ...cells.map((row) => row[column]?.width ?? 0)),
  );
  const heights = cells.map((row) => Math.max(0, ...row.map((cell) => cell?.height ?? 0)));
  const width = 2 * margin - panelGap + columns.reduce((sum, column) => sum + column + panelGap, 0);
  const marks: Mark[] = [];
  let top = margin;
  if (options.warning !== undefined) {
    const lines = wrapped(options.warning, width - 2 * margin);
    marks.push(...lines.map((line, i) => textMark(line, margin, top + i * captionHeight, "left", warningInk)));
    top += lines.length * captionHeight + 8;
  }
  for (const [i, row] of cells.entries()) {
    let left = margin;
    for (const [j, cell] of row.entries()) {
      if (cell !== undefined) marks.push(...cell.marks(left, top));
      left += columns[j] + panelGap;
    }
    top += heights[i];
  }
  return { width, height: top + margin, marks };
}

/** What a place of the sheet holds; sizes with title and foot. */
interface Cell {
  readonly width: number;
  readonly height: number;
  marks(left: number, top: number): Mark[];
}

function cellOf(content: Panel | LineChart, options: FigureOptions): Cell {
  if ("curves" in content)
    return {
      width: chartLeft + content.width,
      height: titleHeight + content.height + footHeight + 10,
      marks: (left, top) => [
        textMark(content.title, left, top),
        ...lineChartMarks(content, left + chartLeft, top + titleHeight),
      ],
    };
  const prepared = prepare(content, options);
  return {
    width: prepared.fullWidth,
    height: titleHeight + prepared.size.height + footHeight + prepared.lines.length * captionHeight,
    marks: (left, top) => panelMarks(prepared, left, top),
  };
}

/** A panel with everything that its layout needs. Sizes are units of the sheet. */
interface Prepared {
  readonly panel: Panel;
  readonly limits: readonly [number, number];
  readonly ticks: readonly { value: number; label: string }[];
  readonly size: PanelSize;
  readonly scaleBar: ScaleBar | undefined;
  /** Lines below the image and its scale bar. */
  readonly lines: readonly string[];
  /** Whether the note on how the image was drawn stands beside the scale bar: it has a line of its own where it must. */
  readonly noteBeside: boolean;
  /** With colour bar and its labels. */
  readonly fullWidth: number;
}

interface ScaleBar {
  /** Units of the sheet. */
  readonly width: number;
  readonly label: string;
}

function prepare(panel: Panel, { panelSize: side = 384, pixelSizeM, scaleBars = true }: FigureOptions): Prepared {
  if (panel.image.length !== panel.width * panel.height || panel.image.length === 0)
    throw new PtychonautError("shape", `panel "${panel.title}" has another size than its image`, {
      expected: `${panel.height} x ${panel.width} values, at least one`,
      got: `${panel.image.length}`,
    });
  const size = panelSize(panel, side);
  const limits = panel.limits ?? robustLimits(panel.image, panel.mask);
  const marks = ticks(limits[0], limits[1]);
  const labels = Math.max(...marks.map(({ label }) => textWidth(label)), textWidth(panel.unit ?? "") - 12);
  const scaleBar = scaleBars ? scaleBarOf(panel, size, pixelSizeM) : undefined;
  const taken = scaleBar === undefined ? 0 : scaleBar.width + 22 + textWidth(scaleBar.label);
  const noteBeside = taken + textWidth(size.note) <= size.width;
  return {
    panel,
    limits,
    ticks: marks,
    size,
    scaleBar,
    lines: [...(noteBeside ? [] : [size.note]), ...(panel.caption === undefined ? [] : [panel.caption])],
    noteBeside,
    fullWidth: Math.max(
      size.width + barGap + barWidth + 2 * tickLength + labels,
      textWidth(panel.title) + 8,
      textWidth(panel.caption ?? ""),
    ),
  };
}

function panelMarks(prepared: Prepared, left: number, above: number): Mark[] {
  const { panel, size, limits, scaleBar } = prepared;
  const top = above + titleHeight;
  const foot = top + size.height + 12;
  const scale = size.magnify / size.block / PIXELS_PER_UNIT;
  const onSheet = ([y, x]: readonly [number, number]): [number, number] => [
    left + (x + 0.5) * scale,
    top + (y + 0.5) * scale,
  ];
  return [
    textMark(panel.title, left, above),
    { kind: "image", x: left, y: top, width: size.width, height: size.height, raster: drawValues(panel, size, limits) },
    ...(panel.dots === undefined
      ? []
      : [{ kind: "dots", points: panel.dots.map(onSheet), radius: 1.25, colour: dotInk } as const]),
    ...(panel.hatching ?? []).map(
      (stroke): Mark => ({ kind: "line", points: stroke.map(onSheet), thickness: 1.5, colour: hatchInk }),
    ),
    ...colourBarMarks(prepared, left + size.width + barGap, top),
    ...(scaleBar === undefined ? [] : scaleBarMarks(scaleBar, left, foot)),
    ...(prepared.noteBeside ? [textMark(size.note, left + size.width, foot, "right", noteInk)] : []),
    ...prepared.lines.map((line, i) =>
      textMark(line, left, foot + (i + 1) * captionHeight, "left", line === size.note ? noteInk : ink),
    ),
  ];
}

function colourBarMarks({ panel, limits, ticks: marks, size }: Prepared, left: number, top: number): Mark[] {
  const [low, high] = limits;
  const { height } = size;
  return [
    { kind: "image", x: left, y: top, width: barWidth, height, raster: colourBar(panel, Math.ceil(height)) },
    {
      kind: "line",
      points: [
        [left, top],
        [left + barWidth, top],
        [left + barWidth, top + height],
        [left, top + height],
        [left, top],
      ],
      thickness: 1,
      colour: ink,
    },
    ...marks.flatMap(({ value, label }): Mark[] => {
      const y = top + ((high - value) / (high - low)) * height;
      const [from, to] = [left + barWidth, left + barWidth + tickLength];
      return [
        {
          kind: "line",
          points: [
            [from, y],
            [to, y],
          ],
          thickness: 1,
          colour: ink,
        },
        textMark(label, to + tickLength, y - halfCapital),
      ];
    }),
    ...(panel.unit === undefined ? [] : [textMark(panel.unit, left, top - titleHeight)]),
  ];
}

/** One column of colours, the highest value on top. */
function colourBar({ colormap: map }: Panel, height: number): Raster {
  const table = colormap(map ?? "gray");
  const data = new Uint8Array(3 * height);
  for (let y = 0; y < height; y++) {
    const index = 3 * Math.round(255 * (1 - (y + 0.5) / height));
    data.set(table.subarray(index, index + 3), 3 * y);
  }
  return { width: 1, height, channels: 3, data };
}

/** A bar of round length, about a quarter of the image wide. */
function scaleBarOf({ width }: Panel, { magnify, block }: PanelSize, pixelSizeM: number | undefined): ScaleBar {
  const unit = pixelSizeM ?? 1;
  const length = roundDown(Math.max(unit, (width * unit) / 4));
  return {
    width: ((length / unit) * magnify) / block / PIXELS_PER_UNIT,
    label: pixelSizeM === undefined ? `${length} px` : lengthLabel(length),
  };
}

/** Below the image, with the length beside it. */
function scaleBarMarks({ width, label }: ScaleBar, left: number, top: number): readonly Mark[] {
  return [
    { kind: "rectangle", x: left, y: top + 2, width, height: 6, colour: ink },
    textMark(label, left + width + 10, top),
  ];
}

/** (x, y): where the top of capital letters begins. */
function textMark(
  text: string,
  x: number,
  y: number,
  align: "left" | "centre" | "right" = "left",
  colour: Colour = ink,
): Mark {
  return { kind: "text", text, x, y: y + capitalHeight, align, colour };
}

/** Lines no wider than `width`, broken between words. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (lines.length === 0 || textWidth(longer) > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}
