import { printableLine } from "../../printable.ts";
import { type Command, type CommandContext, overwriteFlag } from "./command.ts";
import { schemaText } from "./configSections.ts";
import type { ParsedFlags } from "./flags.ts";
import { outputOf } from "./outputFlag.ts";

/** `ptychonaut schema`: the JSON schema of config files. */
export const schemaCommand: Command = {
  usage: "[--output FILE.json]",
  examples: ["ptychonaut schema --output ptychonaut.schema.json"],
  flags: [
    { name: "output", kind: "text", section: "Files", description: "Write it to this file instead." },
    overwriteFlag,
  ],
  run: async ({ values }: ParsedFlags, context: CommandContext) => {
    const file = await outputOf(values, context);
    const text = schemaText(await context.configurable());
    if (file === undefined) {
      context.print(text);
      return 0;
    }
    await file.write(text);
    context.hooks(values["quiet"] === true).log(`wrote ${printableLine(file.path)}`);
    return 0;
  },
};
