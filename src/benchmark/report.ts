import type { CompatMetrics } from "../reference/compat.ts";
import type { PublishedNumbers } from "./rows.ts";

const metrics = [
  ["mae", "MAE", 4],
  ["psnr", "PSNR (dB, peak 255)", 2],
  ["ssim", "SSIM", 4],
  ["msSsim", "MS-SSIM", 3],
  ["frc50", "FRC50 (rings)", 1],
] as const;

type Part = "amplitude" | "phase";

/** The numbers of a run beside published ones, for a terminal. */
export function comparisonTable(
  mean: CompatMetrics,
  spread: CompatMetrics | undefined,
  published: PublishedNumbers = {},
): string {
  const cell = (text: string): string => text.padStart(17);
  const own = (key: (typeof metrics)[number][0], part: Part, digits: number): string => {
    return cell(withSpread(mean[part][key], spread?.[part][key], digits));
  };
  const lines = metrics.map(([key, name, digits]) => {
    const cells = (["amplitude", "phase"] as const).map((part) => own(key, part, digits));
    const said = publishedPair(published, key).map((value) => cell(value?.toFixed(digits) ?? "-"));
    return `  ${name.padEnd(20)}${cells.join("")}${said.join("")}`;
  });
  const heads = ["amplitude", "phase", "amplitude", "phase"].map(cell).join("");
  const over = `${"here".padStart(34)}${"published".padStart(34)}`;
  return [`  ${"".padEnd(20)}${over}`, `  ${"".padEnd(20)}${heads}`].concat(lines, "").join("\n");
}

/** A flat true phase has no ring correlation. */
function withSpread(value: number, spread: number | undefined, digits: number): string {
  if (!Number.isFinite(value)) return "-";
  return spread === undefined ? value.toFixed(digits) : `${value.toFixed(digits)} ± ${spread.toFixed(digits)}`;
}

/** One row of the table in docs/results.md: numbers as amplitude / phase. */
export interface RowFacts {
  readonly name: string;
  readonly mean: CompatMetrics;
  readonly spread?: CompatMetrics;
  readonly seeds: readonly number[];
  /** Epochs trained. */
  readonly epochs: number;
  readonly secondsPerEpoch: number;
  readonly machine: string;
}

export const markdownHead: string = [
  "| row | epochs | MAE | PSNR | SSIM | MS-SSIM | FRC50 | seeds | s an epoch | machine |",
  "|---|---|---|---|---|---|---|---|---|---|",
].join("\n");

export function markdownRow({ name, mean, spread, seeds, epochs, secondsPerEpoch, machine }: RowFacts): string {
  const cells = metrics.map(([key, , digits]) => {
    const one = (part: Part): string => withSpread(mean[part][key], spread?.[part][key], digits);
    return `${one("amplitude")} / ${one("phase")}`;
  });
  const rest = [seeds.join(", "), secondsPerEpoch.toFixed(0), machine];
  return `| ${[`\`${name}\``, String(epochs), ...cells, ...rest].join(" | ")} |`;
}

function publishedPair(
  published: PublishedNumbers,
  key: (typeof metrics)[number][0],
): [number | undefined, number | undefined] {
  if (key === "frc50") return [published.frc50, undefined];
  const pair = published[key];
  return [pair?.[0], pair?.[1]];
}
