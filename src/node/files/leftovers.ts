import { randomBytes } from "node:crypto";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { isAlive } from "./processes.ts";

/** Hidden, and with the process in it, so that what a killed one leaves behind can be told from what is being written. */
export const temporaryName = (name: string): string => `.${name}.${process.pid}.${randomBytes(6).toString("hex")}.tmp`;

/** Deletes the temporary files in a folder whose writers were killed. A folder that is not there has none. */
export async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const writer = /^\..+\.(\d+)\.[0-9a-f]{12}\.tmp$/.exec(name)?.[1];
    if (writer === undefined) continue;
    const path = join(folder, name);
    if (!(await isBeingWritten(path, Number(writer)))) await rm(path, { force: true });
  }
}

/** A killed process may have had this one's number: in containers they repeat. */
async function isBeingWritten(path: string, writer: number): Promise<boolean> {
  if (writer !== process.pid) return isAlive(writer);
  const started = Date.now() - 1000 * process.uptime();
  return ((await stat(path).catch(() => undefined))?.mtimeMs ?? 0) >= started;
}
