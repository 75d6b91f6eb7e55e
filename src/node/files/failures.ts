import type { Stats } from "node:fs";
import { PtychonautError } from "../../errors.ts";

/** What kept a file from being read. */
export function readFailure(cause: unknown, path: string): PtychonautError {
  if (cause instanceof PtychonautError) return cause;
  const missing = codeOf(cause) === "ENOENT";
  if (codeOf(cause) === "EISDIR") return folderFailure(path);
  return new PtychonautError("data", missing ? "no such file" : "the file cannot be read", {
    where: path,
    ...(missing ? { fix: "check the path" } : { got: reasonOf(cause) }),
    cause,
  });
}

/**
 * Archives are read from any place in them, which pipes, terminals and devices do not give.
 * @throws PtychonautError "data" for what is no regular file
 */
export function checkRegular(found: Stats, path: string): void {
  if (found.isFile()) return;
  if (found.isDirectory()) throw folderFailure(path);
  throw new PtychonautError("data", "this is not a regular file", {
    where: path,
    got: found.isFIFO() ? "a pipe" : "a device",
    fix: "save it to a file first, and name that",
  });
}

const folderFailure = (path: string): PtychonautError =>
  new PtychonautError("data", "this is a folder, not a file", { where: path, fix: "name a file in it" });

/** What kept a file from being written: "usage" where that was found before anything was done. */
export function writeFailure(cause: unknown, path: string, kind: "output" | "usage" = "output"): PtychonautError {
  if (cause instanceof PtychonautError) return cause;
  const fixes: Readonly<Record<string, string>> = {
    ENOSPC: "free space on this disk, or write to another",
    EDQUOT: "free space within your quota, or write to another disk",
    EACCES: "write to a folder that you may write to",
    EROFS: "write to a folder that you may write to",
    ENOENT: "create the folder first",
    ENAMETOOLONG: "give it a shorter name",
  };
  const fix = fixes[codeOf(cause) ?? ""];
  return new PtychonautError(kind, "the file cannot be written", {
    where: path,
    got: reasonOf(cause),
    ...(fix === undefined ? {} : { fix }),
    cause,
  });
}

/** The system's name for an error, such as ENOENT. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Node's messages repeat the path after a comma; the first part says it all. */
export const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message.split(",")[0] : String(error);
