import { resolveInferencePayloads } from "../../config/resolve/infer.ts";
import { type Command, type CommandContext, reportOutcome } from "./command.ts";
import { dryFiles, dryRunFlag, isDryRun, sayInference } from "./dryRun.ts";
import { type Flag, type ParsedFlags, requireFlags } from "./flags.ts";
import { configFile, sharedRunFlags, splitSettings } from "./runFlags.ts";
import { refusedSettings, schemaFlags } from "./schemaFlags.ts";

const ownFlags: readonly Flag[] = [
  {
    name: "modelPath",
    kind: "text",
    section: "Files",
    description: "Model bundle, or the output folder of the training that wrote it.",
    required: true,
  },
  {
    name: "testDataFile",
    aliases: ["testData", "testFile"],
    kind: "text",
    section: "Files",
    description: "Scan to reconstruct, as npz (--test_data is the same).",
    required: true,
  },
  ...sharedRunFlags,
];

/** Model settings come from the bundle; the probe mask's may be repeated, as in the reference's command line. */
const repeatable = new Set(["probeMask", "probeMaskSigma", "probeMaskDiameter"]);

/** `ptychonaut infer`: a model bundle and a scan in, the object out. */
export const inferCommand: Command = {
  usage: "--model_path RUN --test_data SCAN.npz --output_dir DIR [options]",
  details:
    "Predicts a patch for every pattern, stitches them by their positions and writes reconstruction.npz, pictures (the object, the scan, patterns measured and modelled, the probe), metrics.json and run.json to DIR. Of a file that holds several scans (scan_index) each is reconstructed by itself, into DIR/scan_N.",
  examples: ["ptychonaut infer --model_path run --test_data scan.npz --output_dir reconstruction"],
  flags: [
    ...ownFlags,
    dryRunFlag,
    ...schemaFlags(["inference", "data", "execution"], "inference"),
    ...schemaFlags(["model"], "inference").filter((flag) => repeatable.has(flag.name)),
  ],
  refused: refusedSettings(["inference", "data", "model", "execution"]),
  often: [
    ...["modelPath", "testDataFile", "outputDir", "config", "measurement", "dcAt", "positionOrder", "middleTrim"],
    ...["phaseAlignment", "nPatterns", "accelerator", "dryRun", "quiet"],
  ],
  scan: "testDataFile",
  ranksSettings: true,
  overRanks: true,
  run: infer,
};

async function infer({ values }: ParsedFlags, context: CommandContext): Promise<number> {
  requireFlags(values, inferCommand.flags, "infer");
  const { testDataFile, ...settings } = values;
  const { overrides, executionConfig } = splitSettings(settings);
  const dry = dryFiles(context.files);
  const payloads = await resolveInferencePayloads(
    {
      modelPath: String(values["modelPath"]),
      testDataFile: String(testDataFile),
      outputDir: String(values["outputDir"]),
      overwrite: values["overwrite"] === true,
      overrides,
      executionConfig,
      file: await configFile(values["config"], "inference"),
    },
    isDryRun(values) ? dry.files : context.files,
  );
  if (isDryRun(values)) return sayInference(payloads, dry, context);
  for (const payload of payloads) {
    const hooks = context.hooks(values["quiet"] === true, payload.execution.enableProgressBar);
    const { scanIndex } = payload.data;
    if (payloads.length > 1) hooks.log(`scan ${scanIndex} of the ${payloads.length} in ${payload.testDataFile}`);
    const code = reportOutcome(await context.workflows.infer(payload, hooks), hooks);
    if (code !== 0) return code;
  }
  return 0;
}
