import type { Finding } from "./finding.ts";
import { maskShare } from "./maskShare.ts";
import { measurement } from "./measurement.ts";
import { nearField } from "./nearField.ts";
import { outliers } from "./outliers.ts";
import { patternSize } from "./patternSize.ts";
import { pixels } from "./pixels.ts";
import { positionPlace } from "./positionPlace.ts";
import { inPixels, positionUnit } from "./positionUnit.ts";
import { probeEnergy } from "./probeEnergy.ts";
import { probeField } from "./probeField.ts";
import type { ScanFacts } from "./scanFacts.ts";
import { scanPath } from "./scanPath.ts";
import { scanSpread } from "./scanSpread.ts";
import { topValues } from "./topValues.ts";
import { zeroFrequency } from "./zeroFrequency.ts";

/** One kind of thing that may be wrong with a scan. A check is a file here and a line below. */
export type ScanCheck = (facts: ScanFacts) => readonly Finding[];

/** Of a scan's own numbers, in the order of reading. */
const checks: readonly ScanCheck[] = [
  patternSize,
  measurement,
  zeroFrequency,
  topValues,
  pixels,
  outliers,
  maskShare,
  probeEnergy,
  probeField,
  nearField,
];

/** Of its positions; they say nothing while the unit is wrong. */
const positionChecks: readonly ScanCheck[] = [positionPlace, scanPath];

/** Everything in a scan that needs to be said to read it, or is worth a look. `inspect`, training and inference ask this. */
export function checkScan(facts: ScanFacts): Finding[] {
  const unit = positionUnit(facts);
  const telling = inPixels(facts) && !unit.some(({ severity }) => severity === "error");
  return [
    ...checks.flatMap((check) => check(facts)),
    ...unit,
    // A line is one in any unit.
    ...scanSpread(facts),
    ...(telling ? positionChecks.flatMap((check) => check(facts)) : []),
  ];
}
