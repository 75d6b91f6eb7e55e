import { PtychonautError, setting } from "../errors.ts";
import type { Dataset } from "./dataset.ts";
import { selectFrames } from "./selectFrames.ts";

/** The numbers of the scans that a file holds, ascending; none where it does not number them. */
export function scanNumbers(scanIndex: ArrayLike<number> | undefined): number[] {
  return [...new Set(Array.from(scanIndex ?? []))].sort((a, b) => a - b);
}

/** "2 scans (0, 1)". */
export function describeScans(numbers: readonly number[]): string {
  const more = numbers.length > SHOWN ? ", …" : "";
  return `${numbers.length} scans (${numbers.slice(0, SHOWN).join(", ")}${more})`;
}

const SHOWN = 8;

/**
 * The patterns of one of a file's scans.
 * @param where names the file
 * @throws PtychonautError "usage" when the file does not number its scans, or has none of this number
 */
export function scanOfNumber(dataset: Dataset, number: number, where: string): Dataset {
  const { scanIndex } = dataset;
  const frames = framesOf(scanIndex, number);
  if (frames.length > 0) return named(dataset, number, frames);
  throw new PtychonautError("usage", "the file holds no scan of this number", {
    where,
    expected: scanIndex === undefined ? "an array scan_index" : `one of its ${describeScans(scanNumbers(scanIndex))}`,
    got: setting("scan_index", number),
    ...(scanIndex === undefined ? { fix: `the file holds one scan: leave out ${setting("scan_index")}` } : {}),
  });
}

/** A file's scans as Datasets of their own, by their numbers: what one learns of one says nothing of another. */
export function separateScans(dataset: Dataset): Dataset[] {
  const numbers = scanNumbers(dataset.scanIndex);
  if (numbers.length < 2) return [dataset];
  return numbers.map((number) => named(dataset, number, framesOf(dataset.scanIndex, number)));
}

/** @throws PtychonautError "usage" when a file holds several scans, of which only one can be used here */
export function onlyScan(numbers: readonly number[], where: string): void {
  if (numbers.length < 2) return;
  throw new PtychonautError("usage", "the file holds several scans", {
    where,
    expected: "one, or to be told which",
    got: describeScans(numbers),
    fix: `take one of them: ${setting("scan_index", numbers[0])}`,
  });
}

function framesOf(scanIndex: ArrayLike<number> | undefined, number: number): number[] {
  return Array.from(scanIndex ?? []).flatMap((own, frame) => (own === number ? [frame] : []));
}

function named(dataset: Dataset, number: number, frames: readonly number[]): Dataset {
  const { provenance, object, patterns, name } = dataset;
  const shared = object !== undefined && frames.length < patterns.count;
  return {
    ...selectFrames(dataset, frames),
    name: `${name} scan ${number}`,
    provenance: {
      ...provenance,
      conversions: [...provenance.conversions, `the ${frames.length} patterns of scan ${number} alone`],
      warnings: [
        ...provenance.warnings,
        ...(shared ? [`${name} holds several scans and one object, which is taken as the reference of each`] : []),
      ],
    },
  };
}
