import { PtychonautError } from "../../errors.ts";
import { claimOutputFile, type OutputFile } from "../../runs/outputFile.ts";
import type { CommandContext } from "./command.ts";
import type { ParsedFlags } from "./flags.ts";

/**
 * The file that --output names, if it does, claimed before anything is computed.
 * @param inputs files that the command reads
 * @throws PtychonautError "usage" when it must not be written
 */
export async function outputOf(
  values: ParsedFlags["values"],
  { home }: CommandContext,
  inputs: readonly string[] = [],
): Promise<OutputFile | undefined> {
  refuseIdleOverwrite(values);
  const { output, overwrite, config } = values;
  if (typeof output !== "string") return undefined;
  const read = [...inputs, ...(typeof config === "string" ? [config] : [])];
  return claimOutputFile(output, { inputs: read, overwrite: overwrite === true }, home.store);
}

/** @throws PtychonautError "usage" for --overwrite where nothing is written */
export function refuseIdleOverwrite({ output, overwrite }: ParsedFlags["values"]): void {
  if (overwrite !== true || typeof output === "string") return;
  throw new PtychonautError("usage", "--overwrite would have no effect", {
    got: "no --output",
    fix: "name the file to write, or leave it out",
  });
}
