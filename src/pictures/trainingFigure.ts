import { figureOfRows } from "./figure.ts";
import { type Curve, chartRange, curveColours } from "./lineChart.ts";
import type { Sheet } from "./sheet.ts";

/** An epoch, as its curves need it. */
export interface EpochPoint {
  readonly epoch: number;
  readonly trainLoss: number;
  readonly validationLoss: number | null;
}

const size = { width: 560, height: 340 } as const;

/**
 * The losses of a training over its epochs, with the epoch whose weights were kept.
 * @param best that epoch; null when there is none yet
 */
export function trainingFigure(history: readonly EpochPoint[], best: number | null, warning?: string): Sheet {
  const x = history.map(({ epoch }) => epoch);
  const validation = history.map(({ validationLoss }) => validationLoss ?? Number.NaN);
  const held = validation.some(Number.isFinite);
  const curves: Curve[] = [
    { label: "training", colour: curveColours[0], x, y: history.map(({ trainLoss }) => trainLoss) },
    ...(held ? [{ label: "patterns held back", colour: curveColours[1], x, y: validation }] : []),
  ];
  const kept = history.find(({ epoch }) => epoch === best);
  if (kept !== undefined)
    curves.push({
      label: `weights kept: epoch ${kept.epoch}`,
      colour: curveColours[2],
      x: [kept.epoch],
      y: [kept.validationLoss ?? kept.trainLoss],
      style: "dots",
    });
  const [first, last] = [x[0] ?? 0, x.at(-1) ?? 1];
  const chart = {
    title: "Loss",
    curves,
    xLabel: "epoch",
    xWhole: true,
    xLimits: first === last ? ([first - 1, last + 1] as const) : ([first, last] as const),
    ...chartRange(curves.flatMap(({ y }) => y)),
    ...size,
  };
  return figureOfRows([[chart]], warning === undefined ? {} : { warning });
}
