import { type Bundle, readBundle } from "../../bundle/bundle.ts";
import { PtychonautError } from "../../errors.ts";
import { outputs } from "../outputs.ts";
import { joinPath } from "../paths.ts";
import { isThere, type RunStore } from "../store.ts";

/** What the reference system calls its own; found so that the reader can say what to do about it. */
const referenceBundleName = "wts.h5.zip";

/**
 * The bundle that a path means: the file itself, or the one in an output folder.
 * @throws PtychonautError "bundle" when there is none
 */
export async function locateBundle(path: string, store: RunStore): Promise<string> {
  const kind = await store.kindOf(path);
  if (kind === undefined) {
    throw new PtychonautError("bundle", "no such model", {
      where: path,
      expected: `a trained model's ${outputs.model}, or the output folder of its training`,
      got: "nothing of that name",
      fix: "check the path",
    });
  }
  if (kind !== "folder") return path;
  for (const name of [outputs.model, referenceBundleName]) {
    const candidate = joinPath(path, name);
    if (await isThere(candidate, store)) return candidate;
  }
  throw new PtychonautError("bundle", "no model in this folder", {
    where: path,
    expected: outputs.model,
    got: contentsInWords(await store.list(path)),
    fix: "name the output folder of a finished training, or the bundle itself",
  });
}

/** Names in a folder, as far as they help to see which it is. */
export function contentsInWords(names: readonly string[]): string {
  if (names.length === 0) return "an empty folder";
  const shown = [...names].sort().slice(0, 4).join(", ");
  return names.length > 4 ? `${shown} and ${names.length - 4} more` : shown;
}

/** Reads the bundle that a path means. @throws PtychonautError "bundle" or "data" with the reason */
export async function readBundleFile(path: string, store: RunStore): Promise<Bundle> {
  const file = await locateBundle(path, store);
  return readBundle(await store.read(file), file);
}
