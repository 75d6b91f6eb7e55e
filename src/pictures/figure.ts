import { PtychonautError } from "../errors.ts";
import { lengthLabel, robustLimits, roundDown, ticks } from "./axisScale.ts";
import { type ColormapName, colormap } from "./colormap.ts";
import { glyphHeight, textWidth } from "./font.ts";
import { chartLeft, drawLineChart, type LineChart } from "./lineChart.ts";
import { type Colour, createPicture, drawText, fillRectangle, type Picture } from "./picture.ts";
import { encodePng } from "./png.ts";

export interface Panel {
  readonly title: string;
  /** `[y, x]`, drawn with y down. */
  readonly image: Float32Array;
  readonly height: number;
  readonly width: number;
  readonly colormap?: ColormapName;
  /** Values of the colour bar's ends. Default: robust limits of the image where `mask` allows. */
  readonly limits?: readonly [low: number, high: number];
  /** Printed above the colour bar, for example "rad". */
  readonly unit?: string;
  /** `[y, x]`, 0 = not known: drawn as background, as are values that are not finite. */
  readonly mask?: ArrayLike<number>;
}

export interface FigureOptions {
  /** Side of an object pixel in metres; the scale bar is in pixels when it is unknown. */
  readonly pixelSizeM?: number;
  /**
   * Each image's longer side on the sheet is about one to two times this, pixels: small images are magnified by whole
   * numbers, large ones averaged over blocks. Default 512.
   */
  readonly panelSize?: number;
}

const ink: Colour = [38, 38, 38];
const background: Colour = [222, 222, 222];
const letter = 2;
const margin = 20;
const panelGap = 32;
const titleHeight = letter * glyphHeight + 14;
const footHeight = letter * glyphHeight + 26;
const barGap = 14;
const barWidth = 18;
const tickLength = 5;

/** Panels side by side, each an image with title, colour bar and scale bar, as PNG bytes. */
export function renderFigure(panels: readonly Panel[], options: FigureOptions = {}): Uint8Array {
  return renderFigureRows([panels], options);
}

/**
 * Rows of panels and charts, whose columns are as wide as the widest in them; where there is neither the sheet stays
 * empty.
 */
export function renderFigureRows(
  rows: readonly (readonly (Panel | LineChart | undefined)[])[],
  options: FigureOptions = {},
): Uint8Array {
  const drawn = rows.map((row) => row.map((cell) => cell && cellOf(cell, options)));
  const columns = Array.from({ length: Math.max(...rows.map((row) => row.length)) }, (_, column) =>
    Math.max(0, ...drawn.map((row) => row[column]?.width ?? 0)),
  );
  const heights = drawn.map((row) => titleHeight + Math.max(0, ...row.map((cell) => cell?.height ?? 0)) + footHeight);
  const width = 2 * margin - panelGap + columns.reduce((sum, column) => sum + column + panelGap, 0);
  const picture = createPicture(
    width,
    heights.reduce((sum, height) => sum + height, 2 * margin),
  );
  let top = margin;
  for (const [i, row] of drawn.entries()) {
    let left = margin;
    for (const [j, cell] of row.entries()) {
      cell?.draw(picture, left, top);
      left += columns[j] + panelGap;
    }
    top += heights[i];
  }
  return encodePng(picture, { Software: "ptychonaut" });
}

/** What a place of the sheet holds; sizes without title and foot. */
interface Cell {
  readonly width: number;
  readonly height: number;
  draw(picture: Picture, left: number, top: number): void;
}

function cellOf(content: Panel | LineChart, { panelSize = 512, pixelSizeM }: FigureOptions): Cell {
  if ("curves" in content) return chartCell(content);
  const prepared = prepare(content, panelSize);
  return {
    width: prepared.fullWidth,
    height: prepared.height,
    draw: (picture, left, top) => drawPanel(picture, prepared, left, top, pixelSizeM),
  };
}

function chartCell(chart: LineChart): Cell {
  return {
    width: chartLeft + chart.width,
    height: chart.height,
    draw(picture, left, top) {
      drawText(picture, chart.title, { x: left, y: top, size: letter }, ink);
      drawLineChart(picture, chart, left + chartLeft, top + titleHeight);
    },
  };
}

/** A panel with everything that its layout needs. Sizes are sheet pixels. */
interface Prepared {
  readonly panel: Panel;
  readonly limits: readonly [number, number];
  readonly marks: readonly { value: number; label: string }[];
  /** Sheet pixels per image pixel when magnified, else 1. */
  readonly magnify: number;
  /** Image pixels per sheet pixel when averaged, else 1. */
  readonly block: number;
  readonly width: number;
  readonly height: number;
  /** With colour bar and its labels. */
  readonly fullWidth: number;
}

function prepare(panel: Panel, panelSize: number): Prepared {
  if (panel.image.length !== panel.width * panel.height || panel.image.length === 0)
    throw new PtychonautError("shape", `panel "${panel.title}" has another size than its image`, {
      expected: `${panel.height} x ${panel.width} values, at least one`,
      got: `${panel.image.length}`,
    });
  const longer = Math.max(panel.width, panel.height);
  const magnify = Math.max(1, Math.ceil(panelSize / longer));
  const block = Math.max(1, Math.ceil(longer / (2 * panelSize)));
  const limits = panel.limits ?? robustLimits(panel.image, panel.mask);
  const marks = ticks(limits[0], limits[1]);
  const width = Math.ceil(panel.width / block) * magnify;
  const height = Math.ceil(panel.height / block) * magnify;
  const labels = letter * Math.max(...marks.map(({ label }) => textWidth(label)), textWidth(panel.unit ?? "") - 12);
  return {
    panel,
    limits,
    marks,
    magnify,
    block,
    width,
    height,
    fullWidth: Math.max(width + barGap + barWidth + 2 * tickLength + labels, letter * textWidth(panel.title)),
  };
}

function drawPanel(
  picture: Picture,
  prepared: Prepared,
  left: number,
  above: number,
  pixelSizeM: number | undefined,
): void {
  const { panel, width, height } = prepared;
  const top = above + titleHeight;
  drawText(picture, panel.title, { x: left, y: above, size: letter }, ink);
  drawImage(picture, prepared, left, top);
  drawColourBar(picture, prepared, left + width + barGap, top);
  drawScaleBar(picture, prepared, left, top + height + 12, pixelSizeM);
}

function drawImage(picture: Picture, prepared: Prepared, left: number, top: number): void {
  const { panel, limits, magnify, width, height } = prepared;
  const table = colormap(panel.colormap ?? "gray");
  for (let y = 0; y < height; y += magnify)
    for (let x = 0; x < width; x += magnify) {
      const value = blockMean(prepared, y / magnify, x / magnify);
      const colour = Number.isNaN(value) ? background : colourOf(table, value, limits);
      fillRectangle(picture, { x: left + x, y: top + y, width: magnify, height: magnify }, colour);
    }
}

/** Mean of the known values of a block of image pixels; NaN when there are none. */
function blockMean({ panel, block }: Prepared, row: number, column: number): number {
  let sum = 0;
  let count = 0;
  for (let y = row * block; y < Math.min(panel.height, (row + 1) * block); y++)
    for (let x = column * block; x < Math.min(panel.width, (column + 1) * block); x++) {
      const at = y * panel.width + x;
      if (!Number.isFinite(panel.image[at]) || panel.mask?.[at] === 0) continue;
      sum += panel.image[at];
      count++;
    }
  return sum / count;
}

function colourOf(table: Uint8Array, value: number, [low, high]: readonly [number, number]): Colour {
  const index = 3 * Math.round(255 * Math.min(1, Math.max(0, (value - low) / (high - low))));
  return [table[index], table[index + 1], table[index + 2]];
}

function drawColourBar(picture: Picture, { panel, limits, marks, height }: Prepared, left: number, top: number): void {
  const table = colormap(panel.colormap ?? "gray");
  const [low, high] = limits;
  for (let y = 0; y < height; y++) {
    const value = high - ((y + 0.5) / height) * (high - low);
    fillRectangle(picture, { x: left, y: top + y, width: barWidth, height: 1 }, colourOf(table, value, limits));
  }
  frame(picture, left, top, barWidth, height);
  for (const { value, label } of marks) {
    const y = top + Math.round(((high - value) / (high - low)) * (height - 1));
    fillRectangle(picture, { x: left + barWidth, y, width: tickLength, height: 1 }, ink);
    const textTop = y - Math.floor((letter * glyphHeight) / 2);
    drawText(picture, label, { x: left + barWidth + 2 * tickLength, y: textTop, size: letter }, ink);
  }
  if (panel.unit !== undefined) drawText(picture, panel.unit, { x: left, y: top - titleHeight, size: letter }, ink);
}

/** A bar of round length, about a quarter of the image wide, below it, with the length beside it. */
function drawScaleBar(
  picture: Picture,
  { panel, magnify, block }: Prepared,
  left: number,
  top: number,
  pixelSizeM: number | undefined,
): void {
  const unit = pixelSizeM ?? 1;
  const length = roundDown(Math.max(unit, (panel.width * unit) / 4));
  const width = Math.round(((length / unit) * magnify) / block);
  fillRectangle(picture, { x: left, y: top + 4, width, height: 6 }, ink);
  const label = pixelSizeM === undefined ? `${length} px` : lengthLabel(length);
  drawText(picture, label, { x: left + width + 10, y: top, size: letter }, ink);
}

function frame(picture: Picture, x: number, y: number, width: number, height: number): void {
  fillRectangle(picture, { x, y, width, height: 1 }, ink);
  fillRectangle(picture, { x, y: y + height - 1, width, height: 1 }, ink);
  fillRectangle(picture, { x, y, width: 1, height }, ink);
  fillRectangle(picture, { x: x + width - 1, y, width: 1, height }, ink);
}
