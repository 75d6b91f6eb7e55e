import { open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { PtychonautError } from "../../errors.ts";
import { subfolders } from "../../runs/outputs.ts";
import { reasonOf } from "./failures.ts";
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
    throw new PtychonautError("usage", "the output folder cannot be written to", {
      where: path,
      got: reasonOf(cause),
      fix: "name another folder, or change its permissions",
      cause,
    });
  }
  for (const folder of ["", ...Object.values(subfolders)]) await removeLeftovers(join(path, folder));
}
