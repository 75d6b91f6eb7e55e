import { writeAtomic } from "../files/writeAtomic.ts";
import type { Command, CommandContext } from "./command.ts";
import { schemaText } from "./configSections.ts";
import type { ParsedFlags } from "./flags.ts";

/** `ptychonaut schema`: the JSON schema of config files. */
export const schemaCommand: Command = {
  usage: "[--output FILE.json]",
  examples: ["ptychonaut schema --output ptychonaut.schema.json"],
  flags: [{ name: "output", kind: "text", section: "Files", description: "Write it to this file instead." }],
  run: async ({ values }: ParsedFlags, context: CommandContext) => {
    const path = values["output"];
    const text = schemaText(await context.configurable());
    if (typeof path !== "string") {
      context.print(text);
      return 0;
    }
    await writeAtomic(path, text);
    context.hooks(values["quiet"] === true).log(`wrote ${path}`);
    return 0;
  },
};
