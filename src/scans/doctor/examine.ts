import type { ArrayFile } from "../../formats/arrayFile.ts";
import type { Elsewhere } from "../scanFormat.ts";
import type { ScanOptions } from "../scanOptions.ts";
import { hasNeighbours, measured } from "./measurements.ts";
import { examinedOrientation } from "./orientation/examined.ts";
import type { TrialHooks } from "./orientation/trials.ts";
import { POSITION_UNIT } from "./positions.ts";
import { type DoctorRow, flagsOf } from "./row.ts";
import { type Subject, subjectOf } from "./subject.ts";

/** What the doctor says of a scan. */
export interface Examination {
  readonly name: string;
  /** How many of how many frames were looked at pixel by pixel. */
  readonly sample?: { readonly frames: number; readonly of: number };
  readonly rows: readonly DoctorRow[];
}

/**
 * Measures what a scan file does not say, whatever can be read of it.
 * @param stated what is known about the file: taken as true
 * @param orientation given, how the detector lies is measured too, by reconstructions that take a while
 * @throws PtychonautError "data" when nothing of the file can be read
 */
export async function examineScan(
  file: ArrayFile,
  stated: ScanOptions = {},
  name = "scan",
  elsewhere: Elsewhere = {},
  orientation?: TrialHooks,
): Promise<{ readonly examination: Examination; readonly subject: Subject }> {
  const subject = subjectOf(file, stated, name, elsewhere);
  const rows = await measured(subject);
  if (orientation !== undefined && hasNeighbours(subject))
    rows.push(...(await examinedOrientation({ file, stated, rows, name, elsewhere }, orientation)));
  rows.push(...refusals(subject, rows));
  const { sample } = subject;
  return {
    examination: {
      name,
      ...(sample === undefined ? {} : { sample: { frames: sample.frames.length, of: sample.of } }),
      rows,
    },
    subject,
  };
}

/** Why reading refuses the file, where no row says it: by the setting that answers, or in the same words. */
function refusals({ inspection: { findings } }: Subject, rows: readonly DoctorRow[]): DoctorRow[] {
  const names = (text: string): string[] => [...text.matchAll(/`([a-z_]+)/g)].map(([, name]) => name);
  const answered = new Set(rows.flatMap((row) => names(flagsOf(row).join(" "))));
  const said = new Set(rows.map(({ found }) => found));
  // In a unit that is open positions have no place that could be wrong.
  if (rows.some(({ quantity, state }) => quantity === POSITION_UNIT && state === "say"))
    for (const option of ["position_reference", "position_origin"]) answered.add(option);
  if (rows.some(({ quantity, state }) => quantity === "frames with bad numbers" && state === "trouble"))
    for (const { what } of findings) if (/values? in the patterns$|^frames with NaN/.test(what)) said.add(what);
  return findings
    .filter(({ severity, what, flag }) => {
      const options = names(flag ?? "");
      const known = said.has(what) || (options.length > 0 && options.some((option) => answered.has(option)));
      return severity === "error" && !known;
    })
    .map(({ what, evidence, flag }) => ({
      quantity: "reading",
      found: what,
      evidence,
      sure: "sure",
      state: "trouble",
      ...(flag === undefined ? {} : { advice: flag }),
    }));
}
