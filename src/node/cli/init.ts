import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { configTemplate } from "../../config/configTemplate.ts";
import { PtychonautError } from "../../errors.ts";
import { printableLine } from "../../printable.ts";
import { claimOutputFile } from "../../runs/outputFile.ts";
import { type Command, type CommandContext, overwriteFlag } from "./command.ts";
import { schemaText, templateSection } from "./configSections.ts";
import type { Flag, ParsedFlags } from "./flags.ts";

const SCHEMA_FILE = "ptychonaut.schema.json";

const ownFlags: readonly Flag[] = [
  { name: "output", kind: "text", section: "Files", description: "The file to write.", default: "config.yaml" },
  overwriteFlag,
];

/** `ptychonaut init`: a config file to start from. */
export const initCommand: Command = {
  usage: "[--output config.yaml]",
  details: `Every setting and every command's options with their meaning, values and defaults, commented out: as written, the file changes nothing. Beside it goes ${SCHEMA_FILE}, by which an editor completes and checks it.`,
  examples: ["ptychonaut init", "ptychonaut train --train_data_file scan.npz --output_dir run --config config.yaml"],
  flags: ownFlags,
  run: async ({ values }: ParsedFlags, context: CommandContext) => {
    const path = String(values["output"] ?? "config.yaml");
    if (basename(path).toLowerCase() === SCHEMA_FILE)
      throw new PtychonautError("usage", "the config file cannot have the name of the schema beside it", {
        where: path,
        fix: "name another, such as config.yaml",
      });
    const overwrite = values["overwrite"] === true;
    const { store } = context.home;
    const config = await claimOutputFile(path, { overwrite }, store);
    const schemaPath = join(dirname(path), SCHEMA_FILE);
    const ours = await isOurSchema(schemaPath);
    const schema = await claimOutputFile(schemaPath, { overwrite: overwrite || ours }, store);
    const commands = await context.configurable();
    await config.write(configTemplate(SCHEMA_FILE, commands.map(templateSection)));
    await schema.write(schemaText(commands));
    const hooks = context.hooks(values["quiet"] === true);
    for (const file of [path, schemaPath]) hooks.log(`wrote ${printableLine(file)}`);
    return 0;
  },
};

/** What an earlier call wrote beside another config file: nobody's work. */
async function isOurSchema(path: string): Promise<boolean> {
  try {
    const schema = JSON.parse(await readFile(path, "utf8")) as { readonly properties?: Record<string, unknown> };
    return ["model", "training", "execution"].every((group) => schema.properties?.[group] !== undefined);
  } catch {
    return false;
  }
}
