import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { logTicks, ticks, wholeTicks } from "../../src/pictures/axisScale.ts";

/** What is drawn. */
export interface PlotContent {
  /** Growing. */
  readonly x: readonly number[];
  readonly xTitle: string;
  /** Of the numbers along x; without it they are whole ones alone. */
  readonly xText?: (value: number) => string;
  /** A value a place; what is no number, or not above 0 on a logarithmic scale, leaves a gap. */
  readonly lines: readonly (readonly number[])[];
  /** Pixels of the page that are drawn and left out, for each line. */
  readonly dashes: readonly (readonly number[])[];
  readonly log: boolean;
  /** Of the values, where they do not say it themselves. */
  readonly range?: readonly [low: number, high: number];
}

export interface PlotColours {
  readonly lines: readonly string[];
  readonly text: string;
  readonly grid: string;
}

/** Curves on a canvas by uPlot. */
export interface Plot {
  show(content: PlotContent): void;
  /** Puts the cursor where it is held, or takes it away. */
  follow(): void;
  /** Draws again, in colours that are other now. */
  redraw(): void;
  dispose(): void;
}

/** Of the numbers beside the curves, pixels of the page. */
const FONT = 11;
/** Room for the numbers on the left. */
const LEFT = 56;
/** Between two numbers one below another. */
const APART = 20;
/** Where a cursor is that is not shown, pixels of the page. */
const NOWHERE = -10;
/** With more values than this they are not marked one by one. */
const MARKED = 40;

/** The cursor of a plot, which follows the pointer unless it is held. */
export interface PlotCursor {
  /** The place of x that it is held at now, whatever is drawn; undefined: it is where the pointer is. */
  held(): number | undefined;
  /** Told the place of x that it is at. */
  onMove(index: number | undefined): void;
}

/** @param colours as the page has them now */
export function plotIn(host: HTMLElement, colours: () => PlotColours, cursor: PlotCursor): Plot {
  let content: PlotContent | undefined;
  let plot: uPlot | undefined;
  const observer = new ResizeObserver(() => plot?.setSize(sizeOf(host)));
  observer.observe(host);
  let frame: number | undefined;
  /** What the curves that are there were drawn of. */
  let drawn: PlotContent | undefined;

  /** Once a frame: a run may have more news than the screen has frames. */
  function draw(): void {
    frame = undefined;
    if (content === undefined) return;
    const alike = drawn?.log === content.log && JSON.stringify(drawn.dashes) === JSON.stringify(content.dashes);
    drawn = content;
    const now = (): PlotContent => drawn as PlotContent;
    if (alike && plot !== undefined) plot.setData(dataOf(content));
    else {
      plot?.destroy();
      plot = new uPlot(optionsOf(content, now, host, colours, cursor), dataOf(content), host);
    }
  }

  return {
    show(next) {
      content = next;
      frame ??= requestAnimationFrame(draw);
    },
    follow: () => plot?.setCursor({ left: NOWHERE, top: NOWHERE }),
    redraw: () => plot?.redraw(false, true),
    dispose() {
      if (frame !== undefined) cancelAnimationFrame(frame);
      observer.disconnect();
      plot?.destroy();
    },
  };
}

const sizeOf = ({ clientWidth, clientHeight }: HTMLElement): { width: number; height: number } => ({
  width: Math.max(1, clientWidth),
  height: Math.max(1, clientHeight),
});

const dataOf = ({ x, lines, log }: PlotContent): uPlot.AlignedData => [
  [...x],
  ...lines.map((values) => values.map((value) => (Number.isFinite(value) && (!log || value > 0) ? value : null))),
];

function optionsOf(
  { dashes, log, xTitle }: PlotContent,
  content: () => PlotContent,
  host: HTMLElement,
  colours: () => PlotColours,
  { held, onMove }: PlotCursor,
): uPlot.Options {
  const font = `${FONT}px ${getComputedStyle(host).fontFamily}`;
  const common = {
    stroke: () => colours().text,
    ...{ font, labelFont: font, gap: 6, labelGap: 0, labelSize: 14 },
  } satisfies uPlot.Axis;
  const grid = { stroke: () => colours().grid, width: 1 };
  return {
    ...sizeOf(host),
    padding: [8, 10, 0, 0],
    legend: { show: false },
    select: { show: false, left: 0, top: 0, width: 0, height: 0 },
    cursor: {
      ...{ y: false, drag: { x: false, y: false, setScale: false } },
      // uPlot asks whenever it puts its cursor somewhere: also once it has drawn for the first time, or other numbers.
      move(self, left, top) {
        const place = placeOf(content(), held());
        return place === undefined ? [left, top] : [self.valToPos(content().x[place], "x"), self.over.clientHeight / 2];
      },
      points: { size: 7, width: 0, fill: (_, series) => colours().lines[series - 1] },
    },
    scales: {
      x: { time: false, range: () => xRangeOf(content()) },
      y: { distr: log ? 3 : 1, range: () => yRangeOf(content()) },
    },
    axes: [
      {
        ...{ ...common, size: 22, label: xTitle, grid: { show: false }, ticks: { ...grid, size: 4 } },
        splits: () => xTicks(content()).map(({ value }) => value),
        values: () => xTicks(content()).map(({ label }) => label),
      },
      {
        ...{ ...common, size: LEFT, grid, ticks: { show: false } },
        splits: (self) => yTicks(content(), self.bbox.height / devicePixelRatio).map(({ value }) => value),
        filter: (_, splits) => splits,
        values: (self) => yTicks(content(), self.bbox.height / devicePixelRatio).map(({ label }) => label),
      },
    ],
    series: [
      {},
      ...dashes.map((dash, k) => ({
        ...{ stroke: () => colours().lines[k], width: 1.5, dash: [...dash] },
        points: { show: () => content().x.length <= MARKED, size: 4, width: 0, fill: () => colours().lines[k] },
      })),
    ],
    hooks: { setCursor: [(self) => onMove(placeOf(content(), held()) ?? self.cursor.idx ?? undefined)] },
  };
}

/** The place of x that a cursor held there is at: the last one where there are fewer now. */
const placeOf = ({ x }: PlotContent, held: number | undefined): number | undefined =>
  held === undefined || x.length === 0 ? undefined : Math.min(held, x.length - 1);

interface Tick {
  readonly value: number;
  readonly label: string;
}

function xRangeOf({ x }: PlotContent): [number, number] {
  const first = x[0] ?? 0;
  return [first, Math.max(x.at(-1) ?? first, first + (x.length > 1 ? 0 : 1))];
}

/** With a little air, so that no curve lies on an edge. */
function yRangeOf({ lines, log, range }: PlotContent): [number, number] {
  if (range !== undefined) return [...range];
  const counted = lines.flatMap((values) => values.filter((value) => Number.isFinite(value) && (!log || value > 0)));
  if (counted.length === 0) return log ? [0.1, 1] : [0, 1];
  const [least, most] = counted.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  if (log) return [least * (most / least) ** -0.05 * 0.98, most * (most / least) ** 0.05 * 1.02];
  const room = 0.05 * (most - least) || 0.05 * Math.abs(most) || 0.5;
  return [least - room, most + room];
}

function xTicks(content: PlotContent): readonly Tick[] {
  const [low, high] = xRangeOf(content);
  const { xText, x } = content;
  if (x.length === 0) return [];
  return xText === undefined
    ? wholeTicks(low, high)
    : ticks(low, high).map(({ value }) => ({ value, label: xText(value) }));
}

/** Round numbers, as many as there is room for; also where a logarithmic scale has too few of its own. */
function yTicks(content: PlotContent, height: number): readonly Tick[] {
  if (content.lines.every((values) => values.every((value) => !Number.isFinite(value)))) return [];
  const [low, high] = yRangeOf(content);
  const own = content.log ? logTicks([low, high]) : [];
  const all = own.length < 3 ? ticks(low, high) : own;
  const every = Math.max(1, Math.ceil((all.length * APART) / Math.max(1, height)));
  return all.filter((_, i) => i % every === 0);
}
