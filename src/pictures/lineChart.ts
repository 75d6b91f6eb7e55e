import { logTicks, ticks, wholeTicks } from "./axisScale.ts";
import { type Colour, capitalHeight, ink, letter, type Mark } from "./sheet.ts";

/** Curves over one pair of axes. */
export interface LineChart {
  readonly title: string;
  readonly curves: readonly Curve[];
  /** Printed below the axis. */
  readonly xLabel: string;
  readonly xLimits: readonly [low: number, high: number];
  readonly yLimits: readonly [low: number, high: number];
  /** Ticks of the horizontal axis at whole numbers only. Default false. */
  readonly xWhole?: boolean;
  /** Default linear; a logarithmic axis needs limits above zero. */
  readonly yScale?: "linear" | "log";
  /** Of the area between the axes, units of the sheet. */
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
  /** A line through the points, or dots at them. Default line. */
  readonly style?: "line" | "dots";
}

const lineHeight = letter + 6;
const tickLength = 5;
/** Room for the labels of the vertical axis. */
export const chartLeft = 60;

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

/** Limits with a little air around values, on a logarithmic axis where they span more than two powers of ten. */
export function chartRange(values: readonly number[]): Pick<LineChart, "yLimits" | "yScale"> {
  const finite = values.filter(Number.isFinite);
  const [low, high] = finite.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  if (finite.length === 0) return { yLimits: [0, 1] };
  if (low > 0 && high > 100 * low) return { yLimits: [low / 1.3, high * 1.3], yScale: "log" };
  const air = 0.05 * (high - low) || 0.5 * Math.abs(high) || 0.5;
  return { yLimits: [low - air, high + air] };
}

/** A chart's marks; (left, top) is the corner of the area between its axes, whose labels go to the left and below. */
export function lineChartMarks(chart: LineChart, left: number, top: number): Mark[] {
  const { width, height, curves, xLimits, yLimits, yScale } = chart;
  const along = yScale === "log" ? Math.log10 : (value: number): number => value;
  const [low, high] = yLimits.map(along);
  const toX = (x: number): number => left + ((x - xLimits[0]) / (xLimits[1] - xLimits[0])) * width;
  const toY = (y: number): number =>
    top + ((high - along(Math.min(yLimits[1], Math.max(yLimits[0], y)))) / (high - low)) * height;
  return [
    ...axisMarks(chart, left, top, toX, toY),
    // Dots first: a line's own points stay visible on them.
    ...curves.filter(({ style }) => style === "dots").flatMap((curve) => curveMarks(curve, toX, toY)),
    ...curves.filter(({ style }) => style !== "dots").flatMap((curve) => curveMarks(curve, toX, toY)),
    ...curves.map(
      ({ label, colour }, i): Mark => ({
        kind: "text",
        text: label,
        x: left + width - 10,
        y: top + 10 + capitalHeight + i * lineHeight,
        align: "right",
        colour,
      }),
    ),
  ];
}

function curveMarks(
  { x, y, colour, style = "line" }: Curve,
  toX: (x: number) => number,
  toY: (y: number) => number,
): Mark[] {
  const pieces: [number, number][][] = [[]];
  for (let i = 0; i < x.length; i++) {
    if (Number.isFinite(y[i])) pieces.at(-1)?.push([toX(x[i]), toY(y[i])]);
    else if (pieces.at(-1)?.length !== 0) pieces.push([]);
  }
  const drawn = pieces.filter((points) => points.length > 0);
  if (style === "dots") return [{ kind: "dots", points: drawn.flat(), radius: 3.5, colour }];
  return drawn.map(
    (points): Mark =>
      points.length === 1
        ? { kind: "dots", points, radius: 1.5, colour }
        : { kind: "line", points, thickness: 2, colour },
  );
}

function axisMarks(
  { width, height, xLimits, yLimits, yScale, xLabel, xWhole = false }: LineChart,
  left: number,
  top: number,
  toX: (x: number) => number,
  toY: (y: number) => number,
): Mark[] {
  const bottom = top + height;
  const line = (...points: [number, number][]): Mark => ({ kind: "line", points, thickness: 1, colour: ink });
  const text = (label: string, x: number, y: number, align: "centre" | "right"): Mark => ({
    kind: "text",
    text: label,
    x,
    y,
    align,
    colour: ink,
  });
  const below = bottom + 2 * tickLength + capitalHeight;
  return [
    line([left, top], [left, bottom], [left + width, bottom]),
    ...(yScale === "log" ? logTicks(yLimits) : ticks(...yLimits)).flatMap(({ value, label }) => [
      line([left - tickLength, toY(value)], [left, toY(value)]),
      text(label, left - 2 * tickLength, toY(value) + capitalHeight / 2, "right"),
    ]),
    ...(xWhole ? wholeTicks(...xLimits) : ticks(...xLimits)).flatMap(({ value, label }) => [
      line([toX(value), bottom], [toX(value), bottom + tickLength]),
      text(label, toX(value), below, "centre"),
    ]),
    text(xLabel, left + width / 2, below + lineHeight, "centre"),
  ];
}
