import { PtychonautError, setting } from "../errors.ts";
import { printableLine } from "../printable.ts";
import { version } from "../version.ts";
import type { RunHooks } from "./hooks.ts";
import { baseName } from "./paths.ts";

/** Says what a format cannot hold. @throws PtychonautError "usage" for anything where that is an error */
export function sayLost(
  lost: readonly string[],
  format: string,
  strict: boolean,
  { warn }: Pick<RunHooks, "warn">,
): void {
  if (lost.length === 0) return;
  if (strict)
    throw new PtychonautError("usage", `${format} cannot hold all that is there`, {
      got: lost.join("; "),
      fix: `write another format, or leave ${setting("strict")} out: all else is then written`,
    });
  for (const line of lost) warn(`warning: ${format} cannot hold ${line}`);
}

/** What was written by what, and from what, for a file's own record. */
export function sourceLines(path: string | undefined, sha256: string | undefined): readonly string[] {
  const from = path === undefined ? "" : ` from ${printableLine(baseName(path))}`;
  return [`written by ptychonaut ${version}${from}${sha256 === undefined ? "" : `, SHA-256 ${sha256}`}`];
}
