import type { Dataset, Provenance } from "../data/dataset.ts";
import type { Geometry } from "../optics/geometry.ts";
import { version } from "../version.ts";
import type { Home } from "./machine.ts";
import { outputs } from "./outputs.ts";
import { joinPath } from "./paths.ts";
import { isThere, type RunStore, readJson, writeJson } from "./store.ts";

/** A file that was read. */
export interface RunInput {
  readonly path: string;
  readonly sha256: string | null;
  /** What reading did to a scan, in order: axes, zero frequency, positions. */
  readonly conversions?: readonly string[];
  /** The scan format that read it, and what told so. */
  readonly format?: Provenance["format"];
  /** Every convention that reading applied, by the settings that would say it. */
  readonly conventions?: Provenance["conventions"];
  /** What was known of the experiment's geometry. */
  readonly geometry?: Geometry;
  /** Parts of the pixels and of the counts that a scan's mask takes away, 0 to 1. */
  readonly masked?: Provenance["masked"];
}

/** A scan as an input of a run. */
export function scanInput({ name, provenance, geometry }: Dataset): RunInput {
  const { path = name, sha256 = null, conversions, format, conventions, masked } = provenance;
  return {
    ...{ path, sha256, conversions },
    ...(format === undefined ? {} : { format }),
    ...(conventions === undefined ? {} : { conventions }),
    ...(geometry === undefined ? {} : { geometry }),
    ...(masked === undefined ? {} : { masked }),
  };
}

/** What a run leaves behind about itself, so that it can be understood and repeated. */
export interface RunRecord {
  readonly command: string;
  /** Files read, with their SHA-256 and what was done to them. */
  readonly inputs: readonly RunInput[];
  /** Every resolved setting, and those that are not defaults with where they came from. */
  readonly settings: unknown;
  readonly overridden: unknown;
  readonly seeds: Readonly<Record<string, number>>;
  /** Which provider computed, in one line. */
  readonly runtime: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly seconds: Readonly<Record<string, number>>;
  readonly warnings: readonly string[];
  readonly outcome: Readonly<Record<string, unknown>>;
  readonly files: readonly string[];
}

/**
 * Takes away the record of an earlier run: its presence says that the files beside it belong to it. Called before the
 * first of a run's results is written.
 * @returns files in this folder that the record says an earlier run of the same command left
 */
export async function removeRunRecord(outputDir: string, command: string, store: RunStore): Promise<readonly string[]> {
  const path = joinPath(outputDir, outputs.run);
  if (!(await isThere(path, store))) return [];
  const record = (await readJson(path, store).catch(() => null)) as EarlierRecord | null;
  await store.remove(path);
  if (record?.command !== command || !Array.isArray(record.files)) return [];
  const folder = `${store.absolute(outputDir)}/`;
  return record.files
    .map((file) => store.absolute(String(file), record.workingFolder))
    .flatMap((file) => (file.startsWith(folder) ? [joinPath(outputDir, file.slice(folder.length))] : []));
}

/** What is read of it; nobody knows what else somebody has made of it. */
interface EarlierRecord {
  readonly command?: unknown;
  readonly files?: unknown;
  readonly workingFolder?: string;
}

/** What of it is known before the run has done anything. */
export type AskedRecord = Omit<RunRecord, "seconds" | "warnings" | "outcome" | "files">;

/** Leaves in the output folder, as `run-settings.json`, what a run was asked, as soon as that is known. */
export async function writeSettings(outputDir: string, record: AskedRecord, home: Home): Promise<void> {
  await writeJson(joinPath(outputDir, outputs.settings), withCircumstances(record, home), home.store);
}

/** Writes `run.json` into the output folder and returns its path. */
export async function writeRunRecord(outputDir: string, record: RunRecord, home: Home): Promise<string> {
  const path = joinPath(outputDir, outputs.run);
  await writeJson(path, withCircumstances(record, home), home.store);
  return path;
}

/** The record with what only the home knows: where it ran, versions and machine. */
export function withCircumstances<R extends object>(
  record: R,
  { machine: { about }, store }: Home,
): R & Readonly<Record<string, unknown>> {
  const { platform, arch, cpu, cores } = about;
  return {
    ...record,
    // The paths of inputs are as they were given.
    workingFolder: store.absolute("."),
    versions: { ptychonaut: version, ...about.versions },
    machine: { platform, arch, cpu, cores },
  };
}
