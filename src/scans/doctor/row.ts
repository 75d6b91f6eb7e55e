import { optionAdvice, type ScanOptions } from "../scanOptions.ts";

/**
 * How sure a row is of what it found, by the chance that a scan without it would look the same (the row's `falseAlarm`):
 * `sure` below one in ten thousand, `likely` below one in a hundred, else `unsure`. What has no statistic is sure only where
 * it is a fact of the file (a name, a shape, a dtype, a number that is stated).
 */
export type Certainty = "sure" | "likely" | "unsure";

/**
 * What follows from a row. `fine`: nothing. `say`: reading needs it said, by the flags. `trouble`: something in the data is
 * wrong or weak. `open`: it could not be measured, and the evidence says why.
 */
export type RowState = "fine" | "say" | "trouble" | "open";

/** One line of the doctor's table. */
export interface DoctorRow {
  /** What was looked at, one name a quantity: programs look rows up by it. */
  readonly quantity: string;
  /** What was found, in words. */
  readonly found: string;
  /** The same as a number, a word or a list, where it is one. */
  readonly value?: number | string | boolean | readonly number[];
  /** The numbers that say so, and what cannot be seen below them. */
  readonly evidence: string;
  readonly sure: Certainty;
  /** Chance that a scan without this looks like it at least once, where there is a statistic. */
  readonly falseAlarm?: number;
  readonly state: RowState;
  /** What is weaker than this is not seen, in the unit of the value, where a row finds nothing. */
  readonly limit?: number;
  /** What `--fix` states when it reads the file, if the row is sure; its flags follow from it. */
  readonly says?: ScanOptions;
  /** Other settings that answer, as `setting` of errors.ts writes them, with words around them. */
  readonly advice?: string;
}

/** At most so often does a row claim something of scans that do not have it. */
export const SURE = 1e-4;
export const LIKELY = 1e-2;

export const certaintyOf = (falseAlarm: number): Certainty =>
  falseAlarm < SURE ? "sure" : falseAlarm < LIKELY ? "likely" : "unsure";

/** What a statistic tells: certainty and its false alarm rate. */
export const by = (falseAlarm: number): Pick<DoctorRow, "sure" | "falseAlarm"> => ({
  sure: certaintyOf(falseAlarm),
  falseAlarm,
});

/** What could not be measured, and why. */
export const openRow = (quantity: string, why: string, advice?: string): DoctorRow => ({
  quantity,
  found: "not measured",
  evidence: why,
  sure: "unsure",
  state: "open",
  ...(advice === undefined ? {} : { advice }),
});

/** The settings that answer a row, for a column of a table or a program. */
export function flagsOf({ says = {}, advice }: DoctorRow): string[] {
  return [...settingsOf(says), ...(advice === undefined ? [] : [advice])];
}

/** Options as settings. */
export function settingsOf({ geometry = {}, ...options }: ScanOptions): string[] {
  return Object.entries({ ...options, ...geometry }).map(([name, value]) =>
    optionAdvice(name as keyof ScanOptions, String(value)),
  );
}
