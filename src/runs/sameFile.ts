import { PtychonautError } from "../errors.ts";
import type { RunStore } from "./store.ts";

/**
 * An output is never an input, by whatever names they go: links of both kinds, letters of another case, other ways to the
 * same place.
 * @throws PtychonautError "usage"
 */
export async function checkNoInput(
  written: readonly string[],
  inputs: readonly string[],
  store: RunStore,
): Promise<void> {
  const read = new Map<string, string>();
  for (const input of inputs) {
    const identity = await store.identity(input);
    if (identity !== undefined) read.set(identity, input);
  }
  for (const output of written) {
    const identity = await store.identity(output);
    const input = identity === undefined ? undefined : read.get(identity);
    if (input === undefined) continue;
    throw new PtychonautError("usage", "the output would overwrite an input", {
      where: output,
      ...(input === output ? {} : { got: `the same file as ${input}` }),
      fix: "write to another file or folder",
    });
  }
}
