import { realpath, stat } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { PtychonautError } from "../../errors.ts";
import { reasonOf } from "../files/failures.ts";

/** A folder or a file that a page may look at: that and nothing else of the disk. */
export interface Shared {
  readonly kind: "folder" | "file";
  /** What it is called in the page: the last part of its path. */
  readonly name: string;
  /** With no link in it. */
  readonly path: string;
}

/** @throws PtychonautError "usage" for what is neither a folder nor a file, or not there */
export async function sharedPath(path: string): Promise<Shared> {
  const wrong = (got: string, cause?: unknown): PtychonautError =>
    new PtychonautError("usage", "there is nothing to look at", {
      ...{ where: path, expected: "the folder of a run, or a file", got, cause },
    });
  try {
    const real = await realpath(path);
    const found = await stat(real);
    if (!found.isDirectory() && !found.isFile()) throw wrong("a device");
    return { kind: found.isDirectory() ? "folder" : "file", name: basename(real), path: real };
  } catch (cause) {
    throw cause instanceof PtychonautError ? cause : wrong(reasonOf(cause), cause);
  }
}

/**
 * Where a name that a page asks for lies on the disk.
 * @param name below a shared folder, with slashes; of a shared file its own name
 * @returns the path below the folder that is served, or undefined for what is not there, hidden or, by links too, elsewhere
 */
export async function nameOnDisk(shared: Shared, name: string): Promise<string | undefined> {
  if (shared.kind === "file") return name === shared.name ? name : undefined;
  const parts = name.split("/");
  // On other systems a part of a name may be a path, or a place beside a file.
  if (parts.some((part) => part === "" || part.startsWith(".") || /[\\:\0]/.test(part))) return undefined;
  try {
    const real = await realpath(join(shared.path, ...parts));
    const below = relative(shared.path, real);
    if (below === "" || below.startsWith("..") || below.startsWith(sep)) return undefined;
    return (await stat(real)).isFile() ? below.split(sep).join("/") : undefined;
  } catch {
    return undefined;
  }
}

/** The folder of what is served of it. */
export const servedFolder = ({ kind, path }: Shared): string => (kind === "file" ? dirname(path) : path);
