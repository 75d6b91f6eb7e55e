import { z } from "zod";
import type { Dataset } from "../../data/dataset.ts";
import { PtychonautError, setting } from "../../errors.ts";
import { parseAddress } from "../../scans/addresses.ts";
import { type ScanOptions, settingOf } from "../../scans/scanOptions.ts";
import { outputs } from "../outputs.ts";
import { baseName, folderOf, joinPath } from "../paths.ts";
import { isThere, type RunStore, readJson } from "../store.ts";

/** The part of a run's record that says what it read. */
const recordSchema = z.object({
  inputs: z.array(z.object({ path: z.string(), sha256: z.string().nullable() })).min(1),
});

/** The scan, with a warning where its positions are those that a run found for other files: as many frames prove nothing. */
export async function doubtingPositions(scan: Dataset, options: ScanOptions, store: RunStore): Promise<Dataset> {
  const { provenance } = scan;
  const folder = runOfPositions(options);
  if (folder === undefined || provenance.sha256 === undefined) return scan;
  const file = joinPath(folder, outputs.run);
  if (!(await isThere(file, store)) || !(await isThere(joinPath(folder, outputs.positions), store))) return scan;
  const record = await readJson(file, store).catch((error: unknown) => {
    // What lies beside the positions is no input.
    if (error instanceof PtychonautError) return undefined;
    throw error;
  });
  const inputs = recordSchema.safeParse(record).data?.inputs.filter(({ sha256 }) => sha256 !== null) ?? [];
  if (inputs.length === 0 || inputs.some(({ sha256 }) => sha256 === provenance.sha256)) return scan;
  const warning = `the positions are those that ${folder} found for another file, ${inputs.map(({ path }) => path).join(", ")}: they belong to this scan only if it is the same one`;
  return { ...scan, provenance: { ...provenance, warnings: [...provenance.warnings, warning] } };
}

/** What settings say of positions that a run's table has in its numbers already: they would be applied a second time. */
const applied: Readonly<Partial<Record<keyof ScanOptions, (value: unknown) => boolean>>> = {
  positionReference: (value) => value !== "center",
  positionOrigin: (value) => value !== "absolute",
  positionUnit: (value) => value !== "px",
  positionsAre: (value) => value !== "probe",
  positionSwap: (value) => value === true,
  positionFlip: () => true,
  positionScale: () => true,
  positionRotation: (value) => value !== 0,
};

/** @throws PtychonautError "usage" for settings that would move the positions of a run once more */
export async function checkWordsOfPositions(options: ScanOptions, store: RunStore): Promise<void> {
  const folder = runOfPositions(options);
  if (folder === undefined) return;
  const twice = (Object.keys(applied) as (keyof ScanOptions)[]).filter(
    (name) => options[name] !== undefined && applied[name]?.(options[name]),
  );
  if (twice.length === 0) return;
  for (const name of [outputs.positions, outputs.run]) if (!(await isThere(joinPath(folder, name), store))) return;
  throw new PtychonautError("usage", "the positions of a run have this in them already", {
    where: joinPath(folder, outputs.positions),
    expected: "nothing said of them: they are those of the probe's centre, in object pixels",
    got: twice.map((name) => setting(settingOf(name), `${options[name]}`)).join(", "),
    fix: `leave ${twice.length === 1 ? "it" : "them"} out`,
  });
}

/** The folder that positions are from, named itself or by its table. */
function runOfPositions({ positions }: ScanOptions): string | undefined {
  if (positions === undefined) return undefined;
  const { path, keys } = parseAddress(positions);
  if (baseName(path) === outputs.positions) return folderOf(path);
  return keys.length === 0 ? path : undefined;
}
