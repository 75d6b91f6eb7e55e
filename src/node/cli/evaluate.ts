import { PtychonautError } from "../../errors.ts";
import type { ImageMetrics, Metrics } from "../../metrics/evaluate.ts";
import { lengthLabel } from "../../pictures/axisScale.ts";
import {
  compareWithReference,
  evaluationWarnings,
  type Lengths,
  lengthsOf,
  pixelWarnings,
  readReference,
  type SplitData,
  splitData,
} from "../../runs/evaluate.ts";
import { readObjectFile } from "../../runs/objectFile.ts";
import { outputs } from "../../runs/outputs.ts";
import { joinPath } from "../../runs/paths.ts";
import { isThere, type RunStore } from "../../runs/store.ts";
import { type Command, type CommandContext, overwriteFlag } from "./command.ts";
import { comparisonFlags, comparisonOptions, orientationFlags } from "./comparisonFlags.ts";
import type { Flag, ParsedFlags } from "./flags.ts";
import { outputOf } from "./outputFlag.ts";

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
  const objectKey = values["objectKey"];
  const { store } = context.home;
  const key = typeof objectKey === "string" ? objectKey : undefined;
  const reference = await readReference(await objectAddress(path, store), context.home, key);
  const reconstruction = await readObjectFile(await objectAddress(positionals[0], store), context.home);
  const file = await outputOf(values, context, [reference.path, reconstruction.path]);
  const metrics = compareWithReference(reconstruction, reference, options);
  const halves = split ? splitData(metrics, reconstruction, reference) : undefined;
  const warnings = [...evaluationWarnings(metrics, halves), ...pixelWarnings(reconstruction, reference)];
  for (const line of warnings) context.warn(`warning: ${line}`);
  const lengths = lengthsOf(metrics, reconstruction.pixelSizeM ?? reference.pixelSizeM);
  const said = { ...metrics, ...lengths, ...(halves === undefined ? {} : { split: halves }) };
  const json = `${JSON.stringify(said, null, 2)}\n`;
  await file?.write(json);
  context.print(values["json"] === true ? json : metricsTable(metrics, lengths, halves));
  return 0;
}

/** Of a folder, the reconstruction that `infer` left in it. @throws PtychonautError "data" when there is none */
async function objectAddress(address: string, store: RunStore): Promise<string> {
  if ((await store.kindOf(address)) !== "folder") return address;
  const path = joinPath(address, outputs.reconstruction);
  if (await isThere(path, store)) return path;
  throw new PtychonautError("data", "the folder holds no reconstruction", {
    where: address,
    expected: `${outputs.reconstruction}, which \`ptychonaut infer\` writes`,
    fix: "name a file in it",
  });
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
