import { arch, cpus, platform } from "node:os";
import { join } from "node:path";
import type { Dataset } from "../data/dataset.ts";
import { writeAtomic } from "../node/files/files.ts";
import { packageVersion } from "../node/version.ts";

/** A file that was read. */
export interface RunInput {
  readonly path: string;
  readonly sha256: string | null;
  /** What reading did to a scan, in order: axes, zero frequency, positions. */
  readonly conversions?: readonly string[];
}

/** A scan as an input of a run. */
export function scanInput({ name, provenance }: Dataset): RunInput {
  const { path = name, sha256 = null, conversions } = provenance;
  return { path, sha256, conversions };
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

/** Writes `run.json` into the output folder and returns its path. */
export async function writeRunRecord(outputDir: string, record: RunRecord): Promise<string> {
  const path = join(outputDir, "run.json");
  await writeAtomic(path, `${JSON.stringify(await withCircumstances(record), null, 2)}\n`);
  return path;
}

/** The record with what only the running program knows: where it ran, versions and machine. */
export async function withCircumstances(record: RunRecord): Promise<RunRecord & Readonly<Record<string, unknown>>> {
  const versions = { ptychonaut: await packageVersion(), node: process.version };
  const machine = { platform: platform(), arch: arch(), cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length };
  // The paths of inputs are as they were given.
  return { ...record, workingFolder: process.cwd(), versions, machine };
}
