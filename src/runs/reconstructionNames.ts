import type { ReconstructionWriter } from "../reconstructions/registry.ts";
import { outputs } from "./outputs.ts";
import { extensionOf } from "./paths.ts";

/** The names that a run's reconstruction has in a format. */
export function filesOf({ endings, files }: ReconstructionWriter): readonly string[] {
  const { reconstruction } = outputs;
  const name = reconstruction.slice(0, -extensionOf(reconstruction).length) + endings[0];
  return files?.(name) ?? [name];
}
