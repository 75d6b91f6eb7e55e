import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { configTemplate } from "../../config/configTemplate.ts";
import { PtychonautError } from "../../errors.ts";
import { writeAtomic } from "../files/writeAtomic.ts";
import type { Command, CommandContext } from "./command.ts";
import { schemaText, templateSection } from "./configSections.ts";
import type { Flag, ParsedFlags } from "./flags.ts";

const SCHEMA_FILE = "ptychonaut.schema.json";

const ownFlags: readonly Flag[] = [
  { name: "output", kind: "text", section: "Files", description: "The file to write.", default: "config.yaml" },
  {
    name: "overwrite",
    kind: "boolean",
    section: "Files",
    description: "Replace a file of that name.",
  },
];

/** `ptychonaut init`: a config file to start from. */
export const initCommand: Command = {
  usage: "[--output config.yaml]",
  details: `Every setting and every command's options with their meaning, values and defaults, commented out: as written, the file changes nothing. Beside it goes ${SCHEMA_FILE}, by which an editor completes and checks it.`,
  examples: ["ptychonaut init", "ptychonaut train --train_data_file scan.npz --output_dir run --config config.yaml"],
  flags: ownFlags,
  run: async ({ values }: ParsedFlags, context: CommandContext) => {
    const path = String(values["output"] ?? "config.yaml");
    if (existsSync(path) && values["overwrite"] !== true) {
      throw new PtychonautError("usage", "the file exists", {
        where: path,
        fix: "name another with --output, or say --overwrite",
      });
    }
    const schemaPath = join(dirname(path), SCHEMA_FILE);
    const commands = await context.configurable();
    await writeAtomic(path, configTemplate(SCHEMA_FILE, commands.map(templateSection)));
    await writeAtomic(schemaPath, schemaText(commands));
    const hooks = context.hooks(values["quiet"] === true);
    for (const file of [path, schemaPath]) hooks.log(`wrote ${file}`);
    return 0;
  },
};
