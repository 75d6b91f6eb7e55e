import { PtychonautError } from "../../errors.ts";
import type { ScanOptions } from "../scanOptions.ts";

/** Something about a scan worth saying. */
export interface Finding {
  /** `error`: the scan cannot be read, or reads wrongly, unless this is dealt with; training and inference refuse it. */
  readonly severity: "error" | "warning" | "note";
  readonly what: string;
  /** The numbers that say so. */
  readonly evidence: string;
  /** The setting that deals with it, where one does, as `setting` of errors.ts writes it. */
  readonly flag?: string;
  /** Where reading the file needs it said: the options that do, as far as the numbers tell them. */
  readonly says?: ScanOptions;
}

/** A refusal as a finding, in the same words. */
export function refusalFinding({ message, details }: PtychonautError): Finding {
  const { where, expected, got, fix } = details;
  const [what] = message.split(/; (?:in|expected|got) |\. (?=[A-Z])/);
  const evidence = [
    ...(where === undefined ? [] : [where]),
    ...(expected === undefined ? [] : [`expected ${expected}`]),
    ...(got === undefined ? [] : [`got ${got}`]),
  ].join("; ");
  return { severity: "error", what, evidence, ...(fix === undefined ? {} : { flag: fix }) };
}

/** A finding as the refusal of a run. */
export function findingError({ what, evidence, flag }: Finding, where: string): PtychonautError {
  return new PtychonautError("data", what, {
    where,
    got: evidence,
    ...(flag === undefined ? {} : { fix: `say ${flag}` }),
  });
}

/** A finding as a warning of a run, in one line. */
export function findingLine({ what, evidence, flag }: Finding): string {
  return `${what}: ${evidence}${flag === undefined ? "" : `; ${flag}`}`;
}

/** What a function gives, or its refusal as a finding. @throws whatever is no refusal */
export function attempted<T>(run: () => T): { readonly value?: T; readonly refusal?: Finding } {
  try {
    return { value: run() };
  } catch (error) {
    if (error instanceof PtychonautError) return { refusal: refusalFinding(error) };
    throw error;
  }
}

/** A number for people, four digits. */
export const short = (value: number): string => String(Number(value.toPrecision(4)));

export const percent = (part: number): string => `${(100 * part).toFixed(part > 0.99 && part < 1 ? 2 : 0)} %`;

/** How many frames of how many, and the first of them. */
export function frameList(frames: readonly number[], count: number): string {
  return `${frames.length} of ${count}: ${frames.slice(0, 5).join(", ")}${frames.length > 5 ? " …" : ""}`;
}
