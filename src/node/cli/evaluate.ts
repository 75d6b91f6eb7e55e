import { PtychonautError } from "../../errors.ts";
import type { ImageMetrics, Metrics } from "../../metrics/evaluate.ts";
import { lengthLabel } from "../../optics/units.ts";
import { printableLine } from "../../printable.ts";
import type { Lengths, SplitData } from "../../runs/evaluate.ts";
import { runEvaluation } from "../../runs/evaluation.ts";
import { type Command, type CommandContext, overwriteFlag } from "./command.ts";
import { comparisonFlags, comparisonOptions, orientationFlags } from "./comparisonFlags.ts";
import type { Flag, ParsedFlags } from "./flags.ts";
import { refuseIdleOverwrite } from "./outputFlag.ts";

const ownFlags: readonly Flag[] = [
  {
    name: "reference",
    kind: "text",
    section: "Files",
    description: "npz with the reference: a scan's objectGuess, another reconstruction.npz, or FILE.npz::ARRAY.",
  },
  {
    name: "split",
    kind: "text",
    section: "Files",
    description:
      "Instead of a reference: a reconstruction of the other half of the data. The FRC is then the resolution.",
  },
  {
    name: "objectKey",
    kind: "text",
    section: "Files",
    description: "Name of the reference's array, where it has another.",
  },
  { name: "output", kind: "text", section: "Files", description: "Also write the metrics to this JSON file." },
  overwriteFlag,
  { name: "json", kind: "boolean", section: "Files", description: "Print JSON, the schema of metrics.json." },
  ...comparisonFlags,
  ...orientationFlags(false),
];

/** `ptychonaut evaluate`: how far a reconstruction is from a reference. */
export const evaluateCommand: Command = {
  usage: "RECONSTRUCTION --reference FILE.npz | --split RECONSTRUCTION [options]",
  details:
    "RECONSTRUCTION is a reconstruction.npz, the folder of `ptychonaut infer` that has it, or FILE.npz::ARRAY. A flat object has a complex correlation near 0.95 with a weak phase object: judge by the phase correlation, the complex error and the FRC.",
  examples: [
    "ptychonaut evaluate run/reconstruction.npz --reference scan.npz --json",
    "ptychonaut evaluate even/reconstruction.npz --split odd/reconstruction.npz",
  ],
  flags: ownFlags,
  positionals: ["RECONSTRUCTION"],
  run: evaluate,
};

async function evaluate({ values, positionals }: ParsedFlags, context: CommandContext): Promise<number> {
  const options = comparisonOptions(values, false);
  const { path, split } = otherOf(values);
  const { objectKey, output, overwrite, config } = values;
  refuseIdleOverwrite(values);
  const { metrics, lengths, halves, report, warnings } = await runEvaluation(
    {
      ...{ reconstruction: positionals[0], reference: path, split, options },
      ...(typeof objectKey === "string" ? { objectKey } : {}),
      ...(typeof output === "string" ? { output, overwrite: overwrite === true } : {}),
      ...(typeof config === "string" ? { alsoRead: [config] } : {}),
    },
    context.home,
  );
  for (const line of warnings) context.warn(`warning: ${line}`);
  if (typeof output === "string") context.hooks(values["quiet"] === true).log(`wrote ${printableLine(output)}`);
  const json = values["json"] === true;
  context.print(json ? `${JSON.stringify(report, null, 2)}\n` : metricsTable(metrics, lengths, halves));
  return 0;
}

/** What to compare with: a reference, or the other half of the data. */
function otherOf({ reference, split }: ParsedFlags["values"]): { readonly path: string; readonly split: boolean } {
  if (reference !== undefined && split !== undefined)
    throw new PtychonautError("usage", "--reference and --split exclude each other", {
      fix: "a truth is a --reference, another reconstruction of the same object from other data a --split",
    });
  if (reference === undefined && split === undefined)
    throw new PtychonautError("usage", "missing --reference or --split", { fix: "see ptychonaut evaluate --help" });
  return { path: String(reference ?? split), split: split !== undefined };
}

/** The numbers that one looks at first. */
export function metricsTable(metrics: Metrics, { resolutionM }: Lengths, halves?: SplitData): string {
  const { complexError, amplitude, phase, frc, gauge, coverage } = metrics;
  const cell = (value: number) => (Number.isFinite(value) ? value.toPrecision(4) : String(value)).padStart(11);
  const row = (name: string, key: keyof ImageMetrics) =>
    `  ${name.padEnd(12)}${cell(amplitude[key])}${cell(phase[key])}`;
  return [
    ...(halves === undefined ? [] : [splitLine(halves)]),
    `complex error      ${complexError.toPrecision(4)}`,
    `FRC resolution     ${pixels(frc.halfBit, resolutionM)} (half-bit), ${pixels(frc.oneBit, null)} (one-bit)`,
    "",
    `  ${"".padEnd(12)}${"amplitude".padStart(11)}${"phase".padStart(11)}`,
    row("MAE", "mae"),
    row("MSE", "mse"),
    row("PSNR (dB)", "psnr"),
    row("  of a peak", "peak"),
    row("SSIM", "ssim"),
    row("MS-SSIM", "msSsim"),
    row("correlation", "correlation"),
    "",
    `over ${(100 * coverage.fraction).toFixed(1)}% of the canvas (${coverage.pixels} pixels); moved by (${gauge.shift
      .map((value) => value.toFixed(2))
      .join(", ")}) px`,
    "",
  ].join("\n");
}

function splitLine({ resolution, resolutionM }: SplitData): string {
  return `resolution         ${pixels(resolution, resolutionM)} (split data, half-bit)`;
}

/** A resolution in pixels, and in metres where a pixel's size is known. */
function pixels(resolution: number | null, metres: number | null): string {
  if (resolution === null) return "none";
  return `${resolution.toPrecision(4)} px${metres === null ? "" : ` = ${lengthLabel(metres)}`}`;
}
