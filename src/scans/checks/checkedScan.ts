import type { Communicator } from "../../communicator.ts";
import type { Dataset } from "../../data/dataset.ts";
import { frameRanges } from "../../data/frameRanges.ts";
import type { ScanOptions } from "../scanOptions.ts";
import { findingError, findingLine } from "./finding.ts";
import { framesToSkip, type Skipping } from "./framesToSkip.ts";
import { checkScan } from "./scanChecks.ts";
import { type ScanFacts, scanFacts, scanFactsTogether } from "./scanFacts.ts";

/**
 * A scan as a run may work with it: without the frames that are to be left out, with what the checks warn of in its
 * warnings, and what a mask takes away in its provenance.
 * @param stated what was said about the file by name; a check that it, or the file's format, answers is silent
 * @param forEngines whether it is for iterative engines, not for networks
 * @throws PtychonautError "data" for what `inspect` calls an error; "usage" for frames that are not there
 */
export function checkedScan(
  dataset: Dataset,
  stated: ScanOptions,
  skipping: Skipping,
  forEngines: boolean = false,
): Dataset {
  return judged(dataset, scanFacts(dataset, answered(dataset, stated)), skipping, forEngines);
}

/**
 * The same in several processes, which look at a share of the frames each and find the same. How bright each frame is they
 * then know.
 * @throws PtychonautError as {@link checkedScan}, in all of them
 */
export async function checkedScanTogether(
  ranks: Communicator,
  dataset: Dataset,
  stated: ScanOptions,
  skipping: Skipping,
  forEngines: boolean = false,
): Promise<Dataset> {
  const looked = await scanFactsTogether(ranks, dataset, answered(dataset, stated));
  const { sums, energies } = looked.frames;
  return {
    ...judged(dataset, looked, skipping, forEngines),
    energies: dataset.measurement === "counts" ? sums : energies,
  };
}

/** What the file's format and what was said about it answer. */
const answered = ({ provenance }: Dataset, stated: ScanOptions): ScanOptions => ({
  ...(provenance.format?.says as ScanOptions | undefined),
  ...stated,
});

function judged(dataset: Dataset, looked: ScanFacts, skipping: Skipping, forEngines: boolean): Dataset {
  const { provenance } = dataset;
  const skipped = framesToSkip(looked, dataset.name, skipping);
  const facts = { ...looked, skipped, forEngines };
  const findings = checkScan(facts);
  const [first, ...others] = findings.filter(({ severity }) => severity === "error");
  if (first !== undefined) {
    const more = others.length === 0 ? "" : ` (and ${others.map(({ what }) => what).join("; ")})`;
    throw findingError({ ...first, evidence: `${first.evidence}${more}` }, provenance.path ?? dataset.name);
  }
  const warnings = findings.filter(({ severity }) => severity === "warning").map(findingLine);
  const leftOut = `${skipped.length} of ${dataset.patterns.count} frames left out, as asked: ${frameRanges(skipped)}`;
  return {
    ...dataset,
    ...(skipped.length === 0 ? {} : { skipped }),
    provenance: {
      ...provenance,
      conversions: [...provenance.conversions, ...(skipped.length === 0 ? [] : [leftOut])],
      warnings: [...provenance.warnings, ...warnings],
      ...(facts.mask === undefined ? {} : { masked: facts.mask }),
    },
  };
}
