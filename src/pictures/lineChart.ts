import { ticks } from "./axisScale.ts";
import { glyphHeight, textWidth } from "./font.ts";
import { type Colour, drawText, fillRectangle, type Picture } from "./picture.ts";

/** Curves over one pair of axes. */
export interface LineChart {
  readonly title: string;
  readonly curves: readonly Curve[];
  /** Printed below the axis. */
  readonly xLabel: string;
  readonly xLimits: readonly [low: number, high: number];
  readonly yLimits: readonly [low: number, high: number];
  /** Of the area between the axes, sheet pixels. */
  readonly width: number;
  readonly height: number;
}

export interface Curve {
  /** In the legend, in the curve's colour. */
  readonly label: string;
  readonly colour: Colour;
  readonly x: readonly number[];
  /** Values that are not finite break the curve. */
  readonly y: readonly number[];
}

const ink: Colour = [38, 38, 38];
const letter = 2;
const lineHeight = letter * glyphHeight + 8;
const tickLength = 5;
const thickness = 2;
/** Room for the labels of the vertical axis. */
export const chartLeft = 52;

/** Colours of curves, apart for most eyes (after Okabe & Ito), and gray for what is no data. */
export const curveColours: readonly Colour[] = [
  [0, 114, 178],
  [213, 94, 0],
  [0, 158, 115],
  [204, 121, 167],
  [230, 159, 0],
  [86, 180, 233],
];
export const thresholdColour: Colour = [150, 150, 150];

/** Draws a chart; (left, top) is the corner of the area between its axes, whose labels go to the left and below. */
export function drawLineChart(picture: Picture, chart: LineChart, left: number, top: number): void {
  const { width, height, curves, xLimits, yLimits } = chart;
  const toX = (x: number): number => left + Math.round(((x - xLimits[0]) / (xLimits[1] - xLimits[0])) * (width - 1));
  const toY = (y: number): number => top + Math.round(((yLimits[1] - y) / (yLimits[1] - yLimits[0])) * (height - 1));
  drawAxes(picture, chart, left, top, toX, toY);
  for (const { x, y, colour } of curves)
    for (let i = 1; i < x.length; i++) {
      const [from, to] = [i - 1, i].map((k) => [toX(x[k]), toY(clamped(y[k], yLimits))] as const);
      if (Number.isFinite(y[i - 1] + y[i])) drawSegment(picture, from, to, colour);
    }
  curves.forEach(({ label, colour }, i) => {
    drawText(
      picture,
      label,
      { x: left + width - 10, y: top + 10 + i * lineHeight, size: letter, align: "right" },
      colour,
    );
  });
}

function drawAxes(
  picture: Picture,
  { width, height, xLimits, yLimits, xLabel }: LineChart,
  left: number,
  top: number,
  toX: (x: number) => number,
  toY: (y: number) => number,
): void {
  const bottom = top + height;
  fillRectangle(picture, { x: left - 1, y: top, width: 1, height: height + 1 }, ink);
  fillRectangle(picture, { x: left - 1, y: bottom, width: width + 1, height: 1 }, ink);
  for (const { value, label } of ticks(...yLimits)) {
    fillRectangle(picture, { x: left - 1 - tickLength, y: toY(value), width: tickLength, height: 1 }, ink);
    const y = toY(value) - Math.floor((letter * glyphHeight) / 2);
    drawText(picture, label, { x: left - 2 * tickLength, y, size: letter, align: "right" }, ink);
  }
  for (const { value, label } of ticks(...xLimits)) {
    fillRectangle(picture, { x: toX(value), y: bottom, width: 1, height: tickLength }, ink);
    const beyond = toX(value) + (textWidth(label) * letter) / 2 > left + width;
    const align = beyond ? "right" : "centre";
    drawText(picture, label, { x: toX(value), y: bottom + 2 * tickLength, size: letter, align }, ink);
  }
  const middle = left + Math.floor(width / 2);
  drawText(picture, xLabel, { x: middle, y: bottom + 2 * tickLength + lineHeight, size: letter, align: "centre" }, ink);
}

type Point = readonly [x: number, y: number];

function drawSegment(picture: Picture, [x0, y0]: Point, [x1, y1]: Point, colour: Colour): void {
  const steps = Math.max(1, Math.abs(x1 - x0), Math.abs(y1 - y0));
  for (let i = 0; i <= steps; i++) {
    const x = Math.round(x0 + ((x1 - x0) * i) / steps);
    const y = Math.round(y0 + ((y1 - y0) * i) / steps);
    fillRectangle(picture, { x, y, width: thickness, height: thickness }, colour);
  }
}

const clamped = (value: number, [low, high]: readonly [number, number]): number => Math.min(high, Math.max(low, value));
