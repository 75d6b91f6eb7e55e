import { resolveReconstructionPayloads } from "../../config/resolve/reconstruct.ts";
import { type Command, type CommandContext, reportOutcome } from "./command.ts";
import { dryFiles, dryRunFlag, isDryRun, sayReconstruction } from "./dryRun.ts";
import { type Flag, type ParsedFlags, requireFlags } from "./flags.ts";
import { configFile, sharedRunFlags, splitSettings } from "./runFlags.ts";
import { refusedSettings, schemaFlags } from "./schemaFlags.ts";

const ownFlags: readonly Flag[] = [
  {
    name: "scan",
    kind: "text",
    section: "Files",
    description: "Scan to reconstruct; also without the flag, and as FILE::ARRAY with the array of its patterns.",
    required: true,
  },
  ...sharedRunFlags,
];

const groupsRead = ["reconstruction", "data", "execution"] as const;

/** `ptychonaut reconstruct`: a scan in, object and probe out, by an iterative engine. */
export const reconstructCommand: Command = {
  usage: "SCAN --output_dir DIR [--engine NAME] [--epochs K] [options]",
  details:
    "Reconstructs object and probe from the patterns by an iterative engine, without a network, and writes reconstruction.npz, probe.npz, pictures, metrics.json, run.json and a log of its epochs to DIR. Of a file that holds several scans (scan_index) each is reconstructed by itself, into DIR/scan_N.",
  examples: [
    "ptychonaut reconstruct scan.npz --engine rpie --epochs 100 --output_dir reconstruction",
    "ptychonaut reconstruct scan.h5 --stage engine=epie,epochs=20 --stage engine=rpie,epochs=50 --output_dir out",
    "ptychonaut reconstruct scan.npz --output_dir reconstruction --epochs 200 --resume last",
  ],
  flags: [...ownFlags, dryRunFlag, ...schemaFlags(groupsRead, "reconstruction")],
  refused: {
    ...refusedSettings(groupsRead),
    ...Object.fromEntries(
      ["numWorkers", "workers", "devices"].map((name) => [name, "an iterative engine has --threads"]),
    ),
  },
  often: [
    ...["scan", "outputDir", "config", "engine", "epochs", "stage", "batchSize", "objectStep", "probeStep", "alpha"],
    ...["subPixel", "heldOutFraction", "patience", "measurement", "dcAt", "accelerator", "threads", "resume"],
    ...["outputFormat", "dryRun", "quiet"],
  ],
  scan: "scan",
  ranksSettings: true,
  overRanks: true,
  run: reconstruct,
};

async function reconstruct({ values }: ParsedFlags, context: CommandContext): Promise<number> {
  requireFlags(values, reconstructCommand.flags, "reconstruct");
  const { scan, ...settings } = values;
  const { overrides, executionConfig } = splitSettings(settings, "reconstruction");
  const dry = dryFiles(context.files);
  const payloads = await resolveReconstructionPayloads(
    {
      scan: String(scan),
      outputDir: String(values["outputDir"]),
      overwrite: values["overwrite"] === true,
      overrides,
      executionConfig,
      file: await configFile(values["config"], "reconstruction"),
    },
    isDryRun(values) ? dry.files : context.files,
  );
  if (isDryRun(values)) return sayReconstruction(payloads, dry, context);
  for (const payload of payloads) {
    const hooks = context.hooks(values["quiet"] === true, payload.execution.enableProgressBar);
    const { scanIndex } = payload.data;
    if (payloads.length > 1) hooks.log(`scan ${scanIndex} of the ${payloads.length} in ${payload.scan}`);
    const code = reportOutcome(await context.workflows.reconstruct(payload, hooks), hooks);
    if (code !== 0) return code;
  }
  return 0;
}
