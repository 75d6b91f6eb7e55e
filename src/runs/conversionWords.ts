import { PtychonautError, setting } from "../errors.ts";
import { printableLine } from "../printable.ts";
import type { ReconstructionWriter } from "../reconstructions/registry.ts";
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

/** @throws PtychonautError "usage" for a format in metres where the pixel's size is not known */
export function checkPixel(
  { name, inMetres }: ReconstructionWriter,
  pixelSizeM: number | undefined,
  where: string,
): void {
  if (!inMetres || pixelSizeM !== undefined) return;
  throw new PtychonautError("usage", `${name} is in metres, and the reconstruction does not say the size of a pixel`, {
    where,
    expected: setting("object_pixel_m"),
    fix: "say it, or write a format in pixels: npz, hdf5",
  });
}
