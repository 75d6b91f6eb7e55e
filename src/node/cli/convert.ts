import { readingSettings, scanOptions } from "../../config/dataConfig.ts";
import { parseSettings } from "../../config/schema.ts";
import { runConversion } from "../../runs/convert.ts";
import { scanWriters } from "../../scans/writers/registry.ts";
import { type Command, type CommandContext, overwriteFlag, reportOutcome } from "./command.ts";
import type { Flag, ParsedFlags } from "./flags.ts";
import { schemaFlags } from "./schemaFlags.ts";

const ownFlags: readonly Flag[] = [
  {
    name: "to",
    kind: "text",
    section: "Files",
    description: "Format of the output; by the ending of its name when left open.",
    choices: scanWriters.map(({ name }) => name),
  },
  {
    name: "strict",
    kind: "boolean",
    section: "Files",
    description: "What the format cannot hold is an error, not a warning.",
  },
  {
    name: "compress",
    kind: "boolean",
    section: "Files",
    description:
      "Patterns take less room and more time. Large scans are trained on faster from a file that is not compressed.",
  },
  overwriteFlag,
];

const readingNames: readonly string[] = [...readingSettings, "skipFrames"];

/** `ptychonaut convert`: a scan in another format. */
export const convertCommand: Command = {
  usage: "FROM TO [options]",
  details: `Writes a scan in another format: ${scanWriters
    .map(({ name, title, endings }) => `${name}, ${title}${endings.length === 0 ? "" : ` (${endings.join(", ")})`}`)
    .join("; ")}. What it cannot hold is said first. Frames that are left out are not written.`,
  examples: [
    "ptychonaut convert scan.npz scan.cxi --energy_kev 8.8 --detector_distance_m 1.9 --detector_pixel_m 75e-6",
    "ptychonaut convert scan.npz patterns.tif",
  ],
  flags: [...ownFlags, ...schemaFlags(["data"], "inference").filter(({ name }) => readingNames.includes(name))],
  positionals: ["FROM", "TO"],
  run: convert,
};

async function convert({ values, positionals }: ParsedFlags, context: CommandContext): Promise<number> {
  const hooks = context.hooks(values["quiet"] === true);
  const said = Object.fromEntries(Object.entries(values).filter(([name]) => readingNames.includes(name)));
  const [input, output] = positionals;
  const { to, config } = values;
  const outcome = await runConversion(
    {
      ...{ input, output, reading: scanOptions(parseSettings("data", said)) },
      ...(typeof to === "string" ? { to } : {}),
      overwrite: values["overwrite"] === true,
      strict: values["strict"] === true,
      compress: values["compress"] === true,
      ...(typeof config === "string" ? { alsoRead: [config] } : {}),
    },
    hooks,
    context.home,
  );
  return reportOutcome(outcome, hooks);
}
