import { configJsonSchema } from "../../config/schema.ts";
import { writeAtomic } from "../files.ts";
import { type Command, type CommandContext, commonFlags } from "./command.ts";
import type { ParsedFlags } from "./flags.ts";

/** The JSON schema of config files as the text of a file. */
export const schemaText = (): string => `${JSON.stringify(configJsonSchema(), null, 2)}\n`;

/** `ptychonaut schema`: the JSON schema of config files. */
export const schemaCommand: Command = {
  name: "schema",
  summary: "Print the JSON schema of config files, for editors.",
  usage: "[--output FILE.json]",
  examples: ["ptychonaut schema --output ptychonaut.schema.json"],
  flags: [
    { name: "output", kind: "text", section: "Files", description: "Write it to this file instead." },
    ...commonFlags,
  ],
  run: async ({ values }: ParsedFlags, context: CommandContext) => {
    const path = values["output"];
    if (typeof path !== "string") {
      context.print(schemaText());
      return 0;
    }
    await writeAtomic(path, schemaText());
    context.hooks(values["quiet"] === true).log(`wrote ${path}`);
    return 0;
  },
};
