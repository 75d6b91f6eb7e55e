import type { ImageMetrics, Metrics } from "../../metrics/evaluate.ts";
import { compareWithReference, readReconstructionFile, readReference } from "../evaluate.ts";
import { writeAtomic } from "../files.ts";
import { type Command, type CommandContext, commonFlags } from "./command.ts";
import { type Flag, type ParsedFlags, requireFlags } from "./flags.ts";

const section = "Comparison";

const ownFlags: readonly Flag[] = [
  {
    name: "reference",
    kind: "text",
    section: "Files",
    description: "npz with the reference: a scan's objectGuess, or another reconstruction.npz.",
    required: true,
  },
  {
    name: "objectKey",
    kind: "text",
    section: "Files",
    description: "Name of the reference's array, where it has another.",
  },
  { name: "output", kind: "text", section: "Files", description: "Also write the metrics to this JSON file." },
  { name: "json", kind: "boolean", section, description: "Print JSON, the schema of metrics.json." },
  {
    name: "coverage",
    kind: "number",
    section,
    description: "Compare pixels whose coverage is above this fraction of its median.",
    default: 0.1,
  },
  {
    name: "register",
    kind: "boolean",
    section,
    description: "Find and remove a shift that is left between the two.",
    default: true,
  },
  { name: "maxShift", kind: "number", section, description: "Largest such shift.", default: 10, unit: "pixels" },
  { name: "ramp", kind: "boolean", section, description: "Fit and remove a phase ramp.", default: true },
  { name: "scale", kind: "boolean", section, description: "Fit and remove an amplitude scale.", default: true },
  { name: "conjugate", kind: "boolean", section, description: "Also try the complex conjugate.", default: false },
];

/** `ptychonaut evaluate`: how far a reconstruction is from a reference. */
export const evaluateCommand: Command = {
  name: "evaluate",
  summary: "Compare a reconstruction with a reference, after removing what diffraction cannot determine.",
  usage: "RECONSTRUCTION.npz --reference FILE.npz [options]",
  details:
    "A flat object has a complex correlation near 0.95 with a weak phase object: judge by the phase correlation, the complex error and the FRC.",
  examples: ["ptychonaut evaluate run/reconstruction.npz --reference scan.npz --json"],
  flags: [...ownFlags, ...commonFlags],
  positionals: ["RECONSTRUCTION.npz"],
  run: evaluate,
};

async function evaluate({ values, positionals }: ParsedFlags, context: CommandContext): Promise<number> {
  requireFlags(values, ownFlags, "evaluate");
  const objectKey = values["objectKey"];
  const reference = await readReference(
    String(values["reference"]),
    typeof objectKey === "string" ? objectKey : undefined,
  );
  const metrics = compareWithReference(await readReconstructionFile(positionals[0]!), reference, {
    coverage: Number(values["coverage"] ?? 0.1),
    register: values["register"] !== false,
    maxShift: Number(values["maxShift"] ?? 10),
    gauge: {
      ramp: values["ramp"] !== false,
      scale: values["scale"] !== false,
      conjugate: values["conjugate"] === true,
    },
  });
  const json = `${JSON.stringify(metrics, null, 2)}\n`;
  if (typeof values["output"] === "string") await writeAtomic(values["output"], json);
  context.print(values["json"] === true ? json : metricsTable(metrics));
  return 0;
}

/** The numbers that one looks at first. */
export function metricsTable({ complexError, amplitude, phase, frc, gauge, coverage }: Metrics): string {
  const cell = (value: number) => (Number.isFinite(value) ? value.toPrecision(4) : String(value)).padStart(11);
  const row = (name: string, key: keyof ImageMetrics) =>
    `  ${name.padEnd(12)}${cell(amplitude[key])}${cell(phase[key])}`;
  return [
    `complex error      ${complexError.toPrecision(4)}`,
    `FRC resolution     ${frc.halfBit.toPrecision(4)} px (half-bit), ${frc.oneBit.toPrecision(4)} px (one-bit)`,
    "",
    `  ${"".padEnd(12)}${"amplitude".padStart(11)}${"phase".padStart(11)}`,
    row("MAE", "mae"),
    row("PSNR (dB)", "psnr"),
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
