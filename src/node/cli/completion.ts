import { lookUp } from "../../config/lookUp.ts";
import { unknownName } from "../../errors.ts";
import type { Command, CommandContext } from "./command.ts";
import { completionScripts } from "./completionScripts.ts";
import type { ParsedFlags } from "./flags.ts";

/** `ptychonaut completion`: what a shell needs to complete commands, options and their values. */
export const completionCommand: Command = {
  usage: Object.keys(completionScripts).join("|"),
  details: "Put the line of your shell into its start-up file (fish: a file in ~/.config/fish/completions).",
  examples: [
    "source <(ptychonaut completion bash)",
    "source <(ptychonaut completion zsh)",
    "ptychonaut completion fish | source",
  ],
  flags: [],
  positionals: ["SHELL"],
  run: async ({ positionals }: ParsedFlags, context: CommandContext) => {
    const script = lookUp(completionScripts, positionals[0]);
    if (script === undefined) throw unknownName("shell", positionals[0], Object.keys(completionScripts));
    context.print(script(await context.commands()));
    return 0;
  },
};
