import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * A folder and those that it lies in, where they are not there. Node's own way does not come back from file systems that
 * take no folders and call them missing, as /proc does.
 * @throws the system's error
 */
export async function makeFolders(path: string): Promise<void> {
  const missing = await makeFolder(path);
  if (missing === undefined) return;
  const parent = dirname(path);
  if (parent === path) throw missing;
  await makeFolders(parent);
  const again = await makeFolder(path);
  if (again !== undefined) throw again;
}

/** @returns the error where the folder's own folder is missing */
async function makeFolder(path: string): Promise<Error | undefined> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return error as Error;
    if (code !== "EEXIST" || !(await stat(path)).isDirectory()) throw error;
  }
  return undefined;
}
