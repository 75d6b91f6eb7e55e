import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type Bundle, readBundle } from "../../bundle/bundle.ts";
import { PtychonautError } from "../../errors.ts";
import { exists, readBytes } from "./files.ts";

/** Name of the model bundle in the output folder of a training. */
export const bundleName = "model.zip";
/** What the reference system calls its own; found so that the reader can say what to do about it. */
const referenceBundleName = "wts.h5.zip";

/**
 * The bundle that a path means: the file itself, or the one in an output folder.
 * @throws PtychonautError "bundle" when there is none
 */
export async function locateBundle(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) {
    throw new PtychonautError("bundle", "no such model", { where: path, fix: "check the path" });
  }
  if (!found.isDirectory()) return path;
  for (const name of [bundleName, referenceBundleName]) {
    const candidate = join(path, name);
    if (await exists(candidate)) return candidate;
  }
  throw new PtychonautError("bundle", "no model in this folder", {
    where: path,
    expected: bundleName,
    fix: "name the output folder of a finished training, or the bundle itself",
  });
}

/** Reads the bundle that a path means. @throws PtychonautError "bundle" or "data" with the reason */
export async function readBundleFile(path: string): Promise<Bundle> {
  const file = await locateBundle(path);
  return readBundle(await readBytes(file), file);
}
