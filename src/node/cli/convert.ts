import { readingSettings, scanOptions } from "../../config/dataConfig.ts";
import { snakeCase } from "../../config/names.ts";
import { parseSettings } from "../../config/schema.ts";
import { reconstructionWriters } from "../../reconstructions/registry.ts";
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
    choices: [...new Set([...scanWriters, ...reconstructionWriters].map(({ name }) => name))],
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

const readingNames: readonly string[] = [...readingSettings, "skipFrames", "useFrames"];

const listed = (
  formats: readonly { readonly name: string; readonly title: string; readonly endings: readonly string[] }[],
) => formats.map(({ name, title, endings }) => `  ${name}: ${title} (${endings.join(", ")})`).join("\n");

/** `ptychonaut convert`: a scan or a reconstruction in another format. */
export const convertCommand: Command = {
  usage: "FROM TO [options]",
  details: `Writes a scan or a reconstruction in another format, and says first what that cannot hold. Frames that are left out are not written. FROM is a file, a folder of images, or FILE::ARRAY; the ending of TO says the format.\n\nScans:\n${listed(scanWriters)}\n\nReconstructions:\n${listed(reconstructionWriters)}`,
  examples: [
    "ptychonaut convert scan.npz scan.cxi --energy_kev 8.8 --detector_distance_m 1.9 --detector_pixel_m 75e-6",
    "ptychonaut convert scan.npz patterns.tif",
    "ptychonaut convert reconstruction.npz object.cxi",
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
      ...{ input, output, reading: scanOptions(parseSettings("data", said)), stated: Object.keys(said).map(snakeCase) },
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
