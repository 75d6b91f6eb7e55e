import { createHash, randomBytes } from "node:crypto";
import { readdir, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { isAlive, processesSeen } from "./processes.ts";

/**
 * Hidden, and with the process in it, so that what a killed one leaves behind can be told from what is being written; and
 * with a mark of the processes that see one another, since a folder may be written to from several hosts.
 */
export const temporaryName = (name: string): string =>
  `.${name}.${process.pid}.${among()}${randomBytes(6).toString("hex")}.tmp`;

let mark: string | undefined;
function among(): string {
  mark ??= createHash("sha256").update(`${hostname()} ${processesSeen()}`).digest("hex").slice(0, 4);
  return mark;
}

/** Nobody here can ask whether a process elsewhere still writes. */
const FOREIGN_MS = 30 * 86_400_000;

/** Deletes the temporary files in a folder whose writers were killed. A folder that is not there has none. */
export async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const [, writer, elsewhere = among()] = /^\..+\.(\d+)\.([0-9a-f]{4})?[0-9a-f]{12}\.tmp$/.exec(name) ?? [];
    if (writer === undefined) continue;
    const path = join(folder, name);
    const alive = elsewhere === among() ? await isBeingWritten(path, Number(writer)) : await isYoung(path, FOREIGN_MS);
    if (!alive) await rm(path, { force: true });
  }
}

async function isYoung(path: string, ms: number): Promise<boolean> {
  return Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? 0) < ms;
}

/** A killed process may have had this one's number: in containers they repeat. */
async function isBeingWritten(path: string, writer: number): Promise<boolean> {
  if (writer !== process.pid) return isAlive(writer);
  const started = Date.now() - 1000 * process.uptime();
  return ((await stat(path).catch(() => undefined))?.mtimeMs ?? 0) >= started;
}
