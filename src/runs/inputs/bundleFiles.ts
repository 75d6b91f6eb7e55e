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
    throw new PtychonautError("bundle", "no such model", { where: path, fix: "check the path" });
  }
  if (kind !== "folder") return path;
  for (const name of [outputs.model, referenceBundleName]) {
    const candidate = joinPath(path, name);
    if (await isThere(candidate, store)) return candidate;
  }
  throw new PtychonautError("bundle", "no model in this folder", {
    where: path,
    expected: outputs.model,
    fix: "name the output folder of a finished training, or the bundle itself",
  });
}

/** Reads the bundle that a path means. @throws PtychonautError "bundle" or "data" with the reason */
export async function readBundleFile(path: string, store: RunStore): Promise<Bundle> {
  const file = await locateBundle(path, store);
  return readBundle(await store.read(file), file);
}
