import { figureOfRows } from "./figure.ts";
import { type Curve, chartRange, curveColours, type LineChart } from "./lineChart.ts";
import type { Sheet } from "./sheet.ts";

/** An epoch of a reconstruction, as its curves need it. */
export interface ErrorPoint {
  readonly epoch: number;
  /** R. */
  readonly error: number;
  readonly deviance: number;
  readonly heldOut: { readonly error: number; readonly deviance: number } | null;
}

const size = { width: 420, height: 300 } as const;

/** R and deviance of a reconstruction over its epochs, of the patterns that it explains and of those held out. */
export function errorFigure(history: readonly ErrorPoint[], warning?: string): Sheet {
  const charts = [chart("R", history, "error"), chart("Deviance of a pixel", history, "deviance")];
  return figureOfRows([charts], warning === undefined ? {} : { warning });
}

function chart(title: string, history: readonly ErrorPoint[], value: "error" | "deviance"): LineChart {
  const x = history.map(({ epoch }) => epoch);
  const held = history.map(({ heldOut }) => heldOut?.[value] ?? Number.NaN);
  const curves: Curve[] = [
    { label: "patterns", colour: curveColours[0], x, y: history.map((point) => point[value]) },
    ...(held.some(Number.isFinite) ? [{ label: "held out", colour: curveColours[1], x, y: held }] : []),
  ];
  const [first, last] = [x[0] ?? 0, x.at(-1) ?? 1];
  return {
    ...{ title, curves, xLabel: "epoch", xWhole: true },
    xLimits: first === last ? [first - 1, last + 1] : [first, last],
    ...chartRange(curves.flatMap(({ y }) => y)),
    ...size,
  };
}
