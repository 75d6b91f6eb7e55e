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
  const trained = manifest.trainedOn;
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
  if (facts.probeModes !== trained.probeModes)
    warnings.push(
      `the model was trained with ${trained.probeModes} probe modes, ${facts.name} has ${facts.probeModes}`,
    );
  else if (facts.probeCrc !== trained.probeCrc)
    warnings.push(
      `${facts.name} has another probe than the training data (${trained.name}): the network has learned that probe`,
    );
  if (facts.positionsCrc !== trained.positionsCrc)
    warnings.push(`${facts.name} is another scan than the training data (${trained.name})`);
  return warnings;
}

function mismatch(what: string, expected: string, got: string, where: string, fix: string): PtychonautError {
  return new PtychonautError("bundle", `the model was trained on ${what}`, { expected, got, where, fix });
}
