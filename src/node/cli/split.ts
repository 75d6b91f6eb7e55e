import { readingSettings, scanOptions } from "../../config/dataConfig.ts";
import { parseSettings } from "../../config/schema.ts";
import { runSplit } from "../../runs/split.ts";
import { scanWriters } from "../../scans/writers/registry.ts";
import { type Command, type CommandContext, overwriteFlag, reportOutcome } from "./command.ts";
import { type Flag, type ParsedFlags, requireFlags } from "./flags.ts";
import { schemaFlags } from "./schemaFlags.ts";

const ownFlags: readonly Flag[] = [
  {
    name: "outputDir",
    kind: "text",
    section: "Files",
    description: "Folder for the two files; created with its parents.",
    required: true,
  },
  {
    name: "outputFormat",
    kind: "texts",
    section: "Files",
    description: "Format of the two files, or several, of which each has two; npz when left open.",
    choices: scanWriters.map(({ name }) => name),
  },
  overwriteFlag,
];

const readingNames: readonly string[] = readingSettings;

/** `ptychonaut split`: a scan as two halves, for the resolution of two independent reconstructions. */
export const splitCommand: Command = {
  usage: "SCAN.npz --output_dir DIR [options]",
  details:
    "DIR/even.npz and DIR/odd.npz have the scan's probe and object, and positions in one frame. Train and reconstruct each on its own; `evaluate A --split B` then gives the resolution.",
  examples: [
    "ptychonaut split scan.npz --output_dir halves",
    "ptychonaut evaluate even/reconstruction.npz --split odd/reconstruction.npz",
  ],
  flags: [...ownFlags, ...schemaFlags(["data"], "inference").filter(({ name }) => readingNames.includes(name))],
  positionals: ["SCAN.npz"],
  scan: "positional",
  run: split,
};

async function split({ values, positionals }: ParsedFlags, context: CommandContext): Promise<number> {
  requireFlags(values, ownFlags, "split");
  const hooks = context.hooks(values["quiet"] === true);
  const said = Object.fromEntries(Object.entries(values).filter(([name]) => readingNames.includes(name)));
  const reading = scanOptions(parseSettings("data", said));
  const outputDir = String(values["outputDir"]);
  const overwrite = values["overwrite"] === true;
  const { outputFormat } = values;
  const format = Array.isArray(outputFormat) ? { outputFormats: outputFormat.map(String) } : {};
  const request = { scan: positionals[0], reading, outputDir, overwrite, ...format };
  return reportOutcome(await runSplit(request, hooks, context.home), hooks);
}
