import type { Metrics } from "../../metrics/evaluate.ts";
import { bitsToSnr } from "../../metrics/frc.ts";
import { type CompatRings, compatFrcThreshold } from "../../reference/compat.ts";

/** Comparisons as tables: comma-separated files, and lines for people. */

export interface Measured {
  readonly label: string;
  readonly metrics: Metrics;
}

/**
 * One line a number: `model,metric,amplitude,phase,value`. Metrics of images fill `amplitude` and `phase`, those of the whole
 * `value`; rows that begin with `compat_` are the reference system's variants. Numbers in full precision, `inf` and `nan`.
 */
export function metricsCsv(entries: readonly Measured[]): string {
  return table(
    ["model", "metric", "amplitude", "phase", "value"],
    entries.flatMap(({ label, metrics }) => metricRows(metrics).map((row) => [label, ...row])),
  );
}

type Cell = string | number | null | undefined;

function metricRows(metrics: Metrics): Cell[][] {
  const { amplitude, phase, compat, frc, coverage, gauge } = metrics;
  const images = [
    ["mae", "mae"],
    ["mse", "mse"],
    ["psnr", "psnr"],
    ["psnr_peak", "peak"],
    ["ssim", "ssim"],
    ["ms_ssim", "msSsim"],
    ["correlation", "correlation"],
  ] as const;
  const variants = [
    ["mae", "mae"],
    ["mse", "mse"],
    ["psnr", "psnr"],
    ["ssim", "ssim"],
    ["ms_ssim", "msSsim"],
  ] as const;
  return [
    ["complex_error", null, null, metrics.complexError],
    ...images.map(([name, key]) => [name, amplitude[key], phase[key]]),
    ["frc_half_bit_px", null, null, frc.halfBit],
    ["frc_one_bit_px", null, null, frc.oneBit],
    ["deviance", null, null, metrics.deviance],
    ["compared_pixels", null, null, coverage.pixels],
    ["scale", null, null, gauge.scale],
    ...variants.map(([name, key]) => [`compat_${name}`, compat.amplitude[key], compat.phase[key]]),
    ["compat_frc50", compat.amplitude.frc50, compat.phase.frc50, compat.rings.complex.frc50],
    ["compat_frc17", compat.amplitude.frc17, compat.phase.frc17, compat.rings.complex.frc17],
  ];
}

/**
 * Ring correlations, one line a ring: `model,curve,ring,frequency,correlation,half_bit,one_bit`. Frequencies in cycles per
 * pixel. The curves `compat_…` are the reference system's; they go on to the corners, their thresholds to the edge.
 */
export function frcCsv(entries: readonly Measured[]): string {
  return table(
    ["model", "curve", "ring", "frequency", "correlation", "half_bit", "one_bit"],
    entries.flatMap(({ label, metrics }) => curveRows(metrics).map((row) => [label, ...row])),
  );
}

function curveRows({ frc: { curve }, compat }: Metrics): Cell[][] {
  const { frequency, correlation, halfBit, oneBit } = curve;
  const own = frequency.map((f, ring) => ["complex", ring, f, correlation[ring], halfBit[ring], oneBit[ring]]);
  const variants = (["amplitude", "phase", "complex"] as const).flatMap((name) =>
    ringRows(`compat_${name}`, compat.rings[name]),
  );
  return [...own, ...variants];
}

function ringRows(name: string, { curve, side }: CompatRings): Cell[][] {
  const [halfBit, oneBit] = [0.5, 1].map((bits) => compatFrcThreshold(side, bitsToSnr(bits)));
  return curve.map((value, ring) => [name, ring, ring / side, value, halfBit[ring], oneBit[ring]]);
}

function table(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly Cell[]): string => header.map((_, column) => cellText(cells[column])).join(",");
  return `${[line(header), ...rows.map(line)].join("\n")}\n`;
}

function cellText(cell: Cell): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell === "string") return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
  return Number.isFinite(cell) ? String(cell) : String(cell).toLowerCase().replace("infinity", "inf");
}

/** The numbers that one looks at first, an entry a line. */
export function comparisonTable(entries: readonly Measured[]): string {
  const columns: readonly [title: string, value: (metrics: Metrics) => number | null][] = [
    ["complex error", (m) => m.complexError],
    ["phase corr.", (m) => m.phase.correlation],
    ["phase SSIM", (m) => m.phase.ssim],
    ["phase MAE", (m) => m.phase.mae],
    ["ampl. SSIM", (m) => m.amplitude.ssim],
    ["ampl. MAE", (m) => m.amplitude.mae],
    ["FRC 1/2-bit px", (m) => m.frc.halfBit],
  ];
  const first = Math.max(5, ...entries.map(({ label }) => label.length));
  const line = (label: string, cells: readonly string[]): string =>
    [label.padEnd(first), ...cells.map((cell, i) => cell.padStart(columns[i][0].length))].join("  ");
  return [
    line(
      "model",
      columns.map(([title]) => title),
    ),
    ...entries.map(({ label, metrics }) =>
      line(
        label,
        columns.map(([, value]) => value(metrics)?.toPrecision(4) ?? "none"),
      ),
    ),
    "",
  ].join("\n");
}
