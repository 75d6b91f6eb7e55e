import type { JSX } from "preact";
import type { MetricRow } from "../../../src/runs/loggers/metricsLogger.ts";
import { Curve } from "../../curves/curve.tsx";

/** What of a run's numbers is drawn: on what it was fitted to first, then on what was held out. */
export function curveOf(row: MetricRow | undefined): { readonly title: string; readonly columns: readonly string[] } {
  const names = Object.keys(row ?? {});
  if (names.includes("r_factor")) return { title: "R factor", columns: ["r_factor", "held_out_r_factor"] };
  return {
    title: "loss",
    columns: ["_train_loss", "_val_loss"].map((end) => names.find((name) => name.endsWith(end)) ?? end),
  };
}

export const numberOr = (value: string | number | undefined): number =>
  typeof value === "number" ? value : Number.NaN;

/** The curves of a run over its epochs. */
export function runCurve(rows: readonly MetricRow[]): JSX.Element {
  const { title, columns } = curveOf(rows.at(-1));
  return (
    <Curve
      label={`${title} over epochs`}
      x={{ values: rows.map(({ epoch }) => epoch), title: "epochs", one: "epoch" }}
      scale="log"
      lines={columns.map((name) => ({ name, values: rows.map((row) => numberOr(row[name])) }))}
    />
  );
}
