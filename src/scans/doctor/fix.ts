import type { Dataset } from "../../data/dataset.ts";
import { energyOf } from "../../data/normalisation.ts";
import type { ScanOptions } from "../scanOptions.ts";
import { type DoctorRow, settingsOf } from "./row.ts";

/** What the doctor would do to a file, and what it leaves. */
export interface Fix {
  /** What was said, and what rows are sure of. */
  readonly options: ScanOptions;
  /** What was added to what was said: quantity and settings, a line each. */
  readonly applied: readonly string[];
  /** What has to be said or looked at, and is not sure enough or not to be mended by reading: a line each. */
  readonly left: readonly string[];
}

/** @param stated what is known of the file, which is not changed */
export function fixOf(rows: readonly DoctorRow[], stated: ScanOptions): Fix {
  const sure = rows.filter(({ sure, says }) => sure === "sure" && says !== undefined);
  const added: ScanOptions = Object.assign({}, ...sure.map(({ says }) => says));
  const skipped = [stated, ...sure.map(({ says = {} }) => says)].flatMap(({ skipFrames = [] }) => skipFrames).join(",");
  const options = {
    ...added,
    ...stated,
    ...geometryOf(added, stated),
    // Frames of several rows are left out together.
    ...(skipped === "" ? {} : { skipFrames: skipped, someLeftOut: true }),
  };
  const left = rows.filter((row) => (row.state === "say" || row.state === "trouble") && !sure.includes(row));
  return {
    options,
    applied: sure.map(({ quantity, found, says = {} }) => `${quantity}: ${found} (${settingsOf(says).join(" ")})`),
    left: left.map(({ quantity, found, sure }) => `${quantity}: ${found} (${sure})`),
  };
}

/** What was said, with what a finding says beside it: frames of several are left out together. */
export function alsoStated(stated: ScanOptions, says: ScanOptions): ScanOptions {
  const skipped = [stated, says].flatMap(({ skipFrames = [] }) => skipFrames).join(",");
  return {
    ...{ ...stated, ...says },
    ...geometryOf(stated, says),
    ...(skipped === "" ? {} : { skipFrames: skipped, someLeftOut: true }),
  };
}

const geometryOf = (added: ScanOptions, stated: ScanOptions): Pick<ScanOptions, "geometry"> =>
  added.geometry === undefined && stated.geometry === undefined
    ? {}
    : { geometry: { ...added.geometry, ...stated.geometry } };

/**
 * The probe scaled so that Σ|P|² over all modes is the mean of the patterns' counts, where it is far from it; else the scan
 * itself. Reading would scale it too: a file that has it right can be used by programs that do not.
 * @returns the scan, and what was done
 */
export function withScaledProbe(dataset: Dataset, counts: number): Dataset {
  const energy = energyOf(dataset.probe);
  const factor = Math.sqrt(counts / energy);
  if (!(energy > 0 && counts > 0) || (factor ** 2 >= 0.2 && factor ** 2 <= 5)) return dataset;
  const { shape, data } = dataset.probe;
  return {
    ...dataset,
    probe: { shape, data: data.map((value) => factor * value) },
    provenance: {
      ...dataset.provenance,
      conversions: [
        ...dataset.provenance.conversions,
        `probe scaled by ${factor.toPrecision(6)}: Σ|P|² = ${counts.toPrecision(6)}, the mean counts of a pattern`,
      ],
    },
  };
}
