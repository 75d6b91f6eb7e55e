import { access, constants, open, stat, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { PtychonautError } from "../../errors.ts";
import { subfolders } from "../../runs/outputs.ts";
import { codeOf, reasonOf } from "./failures.ts";
import { makeFolders } from "./folders.ts";
import { removeLeftovers, temporaryName } from "./leftovers.ts";

/**
 * Creates the folder where needed, proves that files can be made in it, before a long run starts, and clears away what
 * killed runs left in it.
 * @throws PtychonautError "usage" when it cannot be written to, or is a file
 */
export async function ensureOutputDir(path: string): Promise<void> {
  const probe = join(path, temporaryName("ptychonaut"));
  try {
    await makeFolders(path);
    await (await open(probe, "wx")).close();
    await unlink(probe);
  } catch (cause) {
    throw notWritable(path, cause);
  }
  for (const folder of ["", ...Object.values(subfolders)]) await removeLeftovers(join(path, folder));
}

/**
 * The same question as far as it can be answered without making anything: the folder, or the first one above it that is
 * there, may be written to.
 * @throws PtychonautError "usage" as `ensureOutputDir`
 */
export async function checkOutputDir(path: string): Promise<void> {
  try {
    for (let folder = resolve(path); ; folder = dirname(folder)) {
      const found = await stat(folder).catch((error) => missing(error, folder));
      if (found === undefined) continue;
      if (!found.isDirectory()) throw new Error(`${folder} is a file`);
      return await access(folder, constants.W_OK);
    }
  } catch (cause) {
    throw notWritable(path, cause);
  }
}

/** Nothing is there, and there is a folder above to look at. @throws any other error */
function missing(error: unknown, folder: string): undefined {
  if (codeOf(error) !== "ENOENT" || dirname(folder) === folder) throw error;
}

function notWritable(path: string, cause: unknown): PtychonautError {
  return new PtychonautError("usage", "the output folder cannot be written to", {
    where: path,
    got: reasonOf(cause),
    fix: "name another folder, or change its permissions",
    cause,
  });
}
