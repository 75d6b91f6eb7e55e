import { PtychonautError, setting } from "../../errors.ts";
import { addressOptions } from "../../scans/addresses.ts";
import { type ReadingSettings, readingSettings, usualReading } from "../dataConfig.ts";
import type { BundleHeader, FileProbe, ScanHeader } from "../fileProbe.ts";
import type { Settings } from "../group.ts";
import { type Merged, sameValue } from "../merge.ts";
import { snakeCase } from "../names.ts";
import { parseSettings } from "../schema.ts";

/** A scan to reconstruct, as it was looked at. */
export interface TrainedReading {
  readonly header: ScanHeader;
  /** Settings that were taken from the training. */
  readonly taken: Settings;
  /** What was assumed, or may have been forgotten. */
  readonly notes: readonly string[];
}

/**
 * Looks at a scan as it was said to be read. A file that cannot be read so or does not fit the model, but can and does when
 * it is read as the training's scan was, is taken to be of that kind, and that is said; of one that can be read either way it is said that the training's was read otherwise.
 * @param given what was said for this run: it is never replaced
 * @throws PtychonautError as reading without the training does
 */
export async function readAsTrained(
  path: string,
  reading: ReadingSettings,
  given: Merged,
  bundle: BundleHeader,
  files: FileProbe,
): Promise<TrainedReading> {
  const trained = trainedReading(bundle, given);
  const names = Object.entries(trained).map(([name, value]) => setting(snakeCase(name), String(value)));
  if (names.length === 0) return { header: await files.scanHeader(path, reading), taken: {}, notes: [] };
  const fits = (found: Found): found is ScanHeader =>
    !(found instanceof PtychonautError) && found.width === bundle.model.N && found.height === bundle.model.N;
  const asSaid = await lookedAt(path, reading, files);
  if (fits(asSaid)) {
    const note = `the training's scan was read with ${names.join(" ")}, this one is not: say so if it is of that kind`;
    return { header: asSaid, taken: {}, notes: [note] };
  }
  const asTrained = await lookedAt(path, parseSettings("data", { ...reading, ...trained }), files);
  if (fits(asTrained)) {
    const note = `the file is read as the training's scan was, with ${names.join(" ")}: say otherwise if it is of another kind`;
    return { header: asTrained, taken: trained, notes: [note] };
  }
  if (asSaid instanceof PtychonautError) throw asSaid;
  return { header: asSaid, taken: {}, notes: [] };
}

type Found = ScanHeader | PtychonautError;

async function lookedAt(path: string, reading: ReadingSettings, files: FileProbe): Promise<Found> {
  try {
    return await files.scanHeader(path, reading);
  } catch (error) {
    if (error instanceof PtychonautError) return error;
    throw error;
  }
}

/** How the training's scan was read, where nobody has said it for this one and it is not the default. */
function trainedReading({ data }: BundleHeader, given: Merged): Settings {
  const defaults = parseSettings("data");
  const entries = readingSettings
    // Which scan of a file was taken, and what lay in which other file, says nothing about another scan.
    .filter((name) => name !== "scanIndex" && !(addressOptions as readonly string[]).includes(name))
    .filter((name) => data[name] !== undefined && !given.has(name))
    .filter((name) => !sameValue(data[name], defaults[name]) && data[name] !== usualReading[name])
    .map((name) => [name, data[name]] as const);
  return Object.fromEntries(entries);
}
