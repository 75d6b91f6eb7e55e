import { PtychonautError } from "../errors.ts";
import type { DataFacts } from "./fingerprint.ts";
import type { Manifest } from "./manifest.ts";

/**
 * Whether a trained model may be used on these data. A network sees patterns of one size in groups of one size; another
 * scan with another probe is legitimate but worth a word.
 * @returns warnings for people
 * @throws PtychonautError "bundle" with the reason
 */
export function checkBundleFitsData(manifest: Manifest, facts: DataFacts): string[] {
  const { trainedOn: trained, scans = [{ facts: trained }] } = manifest;
  if (facts.N !== trained.N)
    throw mismatch(
      "patterns of another size",
      `${trained.N} x ${trained.N} pixels`,
      `${facts.N} x ${facts.N}`,
      facts.name,
      "crop or bin the patterns to the trained size, or train on these data",
    );
  if (facts.gridsize !== trained.gridsize)
    throw mismatch(
      "groups of another size",
      `gridsize ${trained.gridsize}`,
      `gridsize ${facts.gridsize}`,
      facts.name,
      `leave gridsize open or set it to ${trained.gridsize}`,
    );
  if (facts.measurement !== trained.measurement)
    throw mismatch(
      `${trained.measurement}, not ${facts.measurement}`,
      trained.measurement,
      facts.measurement,
      facts.name,
      "state what the file holds, convert it, or train on these data",
    );
  const warnings: string[] = [];
  const names = scans.map((scan) => scan.facts.name).join(", ");
  const modes = [...new Set(scans.map((scan) => scan.facts.probeModes))];
  const known = scans.some((scan) => scan.facts.probeCrc === facts.probeCrc);
  if (!modes.includes(facts.probeModes))
    warnings.push(
      `the model was trained with ${modes.join(" and ")} probe modes, ${facts.name} has ${facts.probeModes}`,
    );
  else if (!known)
    warnings.push(
      `${facts.name} has another probe than the training data (${names}): the network has learned ${scans.length === 1 ? "that probe" : "those probes"}`,
    );
  if (!scans.some((scan) => scan.facts.positionsCrc === facts.positionsCrc))
    warnings.push(`${facts.name} is another scan than the training data (${names})`);
  return warnings;
}

/** What training learned about this very scan, or else about all. */
export const scalesFor = ({ scans = [], scales }: Manifest, facts: DataFacts): Manifest["scales"] =>
  scans.find((scan) => isSame(scan.facts, facts))?.scales ?? scales;

/**
 * The number of the scan whose refined probe is this scan's: of the very scan, or else of the first one with the probe that
 * this scan has; −1 when there is none.
 */
export function probeScanFor({ trainedOn, scans }: Manifest, facts: DataFacts): number {
  const all = scans?.map((scan) => scan.facts) ?? [trainedOn];
  const same = all.findIndex((own) => isSame(own, facts));
  return same >= 0 ? same : all.findIndex((own) => own.probeCrc === facts.probeCrc);
}

const isSame = (a: DataFacts, b: DataFacts): boolean => a.positionsCrc === b.positionsCrc && a.probeCrc === b.probeCrc;

function mismatch(what: string, expected: string, got: string, where: string, fix: string): PtychonautError {
  return new PtychonautError("bundle", `the model was trained on ${what}`, { expected, got, where, fix });
}
